"""The program a widget or screen belongs to, with its type."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual.dom import DOMNode

if TYPE_CHECKING:
    from backfill_tui.ui.app import BackfillApp


def program_of(node: DOMNode) -> BackfillApp:
    """The program: its gateway, its engine, and what it last read of them."""
    return cast("BackfillApp", node.app)
