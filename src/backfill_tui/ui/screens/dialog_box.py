"""The box in which every dialog stands."""

from __future__ import annotations

from textual.containers import Vertical


class DialogBox(Vertical):
    """A frame with a title, in the middle of the screen, never wider than it.

    Where it is not high enough for its words they scroll, and the keys stay in view.
    """

    DEFAULT_CSS = """
    DialogBox {
        width: 72; max-width: 96%; height: auto; max-height: 92%;
        background: $surface; padding: 1 2 0 2;
        border: round $accent; border-title-color: $accent; border-title-style: bold;
        border-subtitle-color: $muted; overflow-y: auto; scrollbar-size-vertical: 1;
    }
    DialogBox.-grave { border: round $error; border-title-color: $error; }
    DialogBox.-wide { width: 110; }
    DialogBox.-tall { height: 92%; }
    DialogBox.-tall ScrolledText { height: 1fr; max-height: 100%; }
    DialogBox KeyLine { dock: bottom; padding: 0; margin: 1 0 0 0; background: $surface; }
    """
