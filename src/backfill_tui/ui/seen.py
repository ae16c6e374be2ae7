"""What of the program is seen: only that reads from Airflow again and again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.dom import DOMNode

if TYPE_CHECKING:
    from textual.app import App
    from textual.screen import Screen


def seen_screen(app: App[Any]) -> Screen[Any]:
    """The screen that a person sees: the uppermost one that is no dialog, for a dialog hides nothing."""
    stack = app.screen_stack
    return next((screen for screen in reversed(stack) if not screen.is_modal), stack[0])


def is_seen(node: DOMNode) -> bool:
    """Whether a screen, or the one that a widget is on, is seen; the uppermost dialog is too.

    A terminal that has lost the focus is seen all the same, for it may stand beside another.
    """
    return node.screen in {node.app.screen, seen_screen(node.app)}
