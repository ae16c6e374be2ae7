"""Words that can be clicked: they carry the action that a click on them is."""

from __future__ import annotations

from textual import events
from textual.content import Content
from textual.style import Style

_DOES = "does"
"""Not what Textual itself looks for, which draws links."""


def clickable(words: Content, action: str) -> Content:
    """The words with the action of the dialog that they stand in."""
    return words.stylize(Style.from_meta({_DOES: action}))


def action_under(event: events.Click) -> str:
    """The action of the words that were clicked; empty where there is none."""
    return str(event.style.meta.get(_DOES, ""))
