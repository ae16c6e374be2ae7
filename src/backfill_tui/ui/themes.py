"""Four themes: one accent and the colours of the states in each, readable on every ground they stand on.

Every state has Airflow's own colour, fitted to the ground; a test computes the contrast of all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from textual.theme import Theme

from backfill_tui.domain.looks import ThemeChoice

STATE_COLOURS_DARK: Final = {
    "state-success": "#57b876",
    "state-failed": "#ff6f69",
    "state-upstream-failed": "#f0a052",
    "state-running": "#b5e853",
    "state-queued": "#98a4b0",
    "state-scheduled": "#c8ab84",
    "state-none": "#707c89",
    "state-up-for-retry": "#e6c74c",
    "state-restarting": "#cf93e0",
    "state-up-for-reschedule": "#56cdc3",
    "state-deferred": "#ad94fb",
    "state-awaiting-input": "#6fc1ff",
    "state-skipped": "#ee8db8",
    "state-removed": "#939da7",
    "verdict-create": "#57b876",
    "verdict-reprocess": "#e6c74c",
    "verdict-skip": "#8f9ba7",
    "verdict-not-yet": "#8f9ba7",
    "muted": "#8f9ba7",
    "hairline": "#2b343d",
    "cursor-background": "#1b3040",
    "cursor-background-blurred": "#1d252d",
    "field": "#1e262e",
}
"""Airflow's own state colours, quietened for a dark background. Values are plain `#rrggbb`."""

STATE_COLOURS_LIGHT: Final = {
    "state-success": "#196b34",
    "state-failed": "#ba1f1f",
    "state-upstream-failed": "#954900",
    "state-running": "#41690c",
    "state-queued": "#55606b",
    "state-scheduled": "#765a31",
    "state-none": "#76818b",
    "state-up-for-retry": "#735b00",
    "state-restarting": "#8e3aa8",
    "state-up-for-reschedule": "#086962",
    "state-deferred": "#6440bf",
    "state-awaiting-input": "#085f9e",
    "state-skipped": "#a82a67",
    "state-removed": "#5d6771",
    "verdict-create": "#196b34",
    "verdict-reprocess": "#735b00",
    "verdict-skip": "#586470",
    "verdict-not-yet": "#586470",
    "muted": "#586470",
    "hairline": "#d3d9df",
    "cursor-background": "#d3e6f5",
    "cursor-background-blurred": "#e4e9ee",
    "field": "#e3e8ed",
}

STATE_COLOURS_HIGH_CONTRAST: Final = {
    "state-success": "#3ddc5f",
    "state-failed": "#ff8078",
    "state-upstream-failed": "#ffa53d",
    "state-running": "#c6ff4d",
    "state-queued": "#d0d7de",
    "state-scheduled": "#e8c896",
    "state-none": "#c4ccd4",
    "state-up-for-retry": "#ffe14d",
    "state-restarting": "#eaa6ff",
    "state-up-for-reschedule": "#4deee0",
    "state-deferred": "#c3b0ff",
    "state-awaiting-input": "#7fcaff",
    "state-skipped": "#ff9fca",
    "state-removed": "#c4ccd4",
    "verdict-create": "#3ddc5f",
    "verdict-reprocess": "#ffe14d",
    "verdict-skip": "#d0d7de",
    "verdict-not-yet": "#d0d7de",
    "muted": "#d0d7de",
    "hairline": "#8b949e",
    "cursor-background": "#003a70",
    "cursor-background-blurred": "#262c33",
    "field": "#1f252b",
}

STATE_COLOURS_ANSI: Final = {
    "state-success": "ansi_green",
    "state-failed": "ansi_bright_red",
    "state-upstream-failed": "ansi_yellow",
    "state-running": "ansi_bright_green",
    "state-queued": "ansi_default",
    "state-scheduled": "ansi_default",
    "state-none": "ansi_default",
    "state-up-for-retry": "ansi_yellow",
    "state-restarting": "ansi_bright_magenta",
    "state-up-for-reschedule": "ansi_cyan",
    "state-deferred": "ansi_bright_magenta",
    "state-awaiting-input": "ansi_bright_cyan",
    "state-skipped": "ansi_magenta",
    "state-removed": "ansi_default",
    "verdict-create": "ansi_green",
    "verdict-reprocess": "ansi_yellow",
    "verdict-skip": "ansi_default",
    "verdict-not-yet": "ansi_default",
    "muted": "ansi_default",
    "hairline": "ansi_bright_black",
    "cursor-background": "ansi_blue",
    "cursor-background-blurred": "ansi_black",
    "field": "ansi_white",
}
"""What the user made of the sixteen colours is not known, so that text has the colour of the terminal.

The last three never get there: see `attributes`.
"""

DARK: Final = Theme(
    name="backfill-dark",
    primary="#58b4d9",
    secondary="#58b4d9",
    accent="#58b4d9",
    foreground="#d5dce3",
    background="#11161b",
    surface="#171d23",
    panel="#1d252d",
    success="#57b876",
    warning="#f0a052",
    error="#ff6f69",
    dark=True,
    variables={**STATE_COLOURS_DARK, "footer-key-foreground": "#58b4d9"},
)

LIGHT: Final = Theme(
    name="backfill-light",
    primary="#085f8d",
    secondary="#085f8d",
    accent="#085f8d",
    foreground="#1d252d",
    background="#fafbfc",
    surface="#f1f4f6",
    panel="#e4e9ee",
    success="#196b34",
    warning="#954900",
    error="#ba1f1f",
    dark=False,
    variables={**STATE_COLOURS_LIGHT, "footer-key-foreground": "#085f8d"},
)

HIGH_CONTRAST: Final = Theme(
    name="backfill-high-contrast",
    primary="#6fd3ff",
    secondary="#6fd3ff",
    accent="#6fd3ff",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#1a1f24",
    success="#3ddc5f",
    warning="#ffa53d",
    error="#ff8078",
    dark=True,
    variables={**STATE_COLOURS_HIGH_CONTRAST, "footer-key-foreground": "#6fd3ff"},
)

ANSI: Final = Theme(
    name="backfill-ansi",
    primary="ansi_cyan",
    secondary="ansi_cyan",
    accent="ansi_cyan",
    foreground="ansi_default",
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    success="ansi_green",
    warning="ansi_yellow",
    error="ansi_bright_red",
    ansi=True,
    variables={
        **STATE_COLOURS_ANSI,
        "footer-key-foreground": "ansi_cyan",
        "ansi-background": "ansi_default",
        "ansi-foreground": "ansi_default",
    },
)

THEMES: Final = (DARK, LIGHT, HIGH_CONTRAST, ANSI)
"""In the order in which a key goes through them."""

_BY_CHOICE: Final[Mapping[ThemeChoice, Theme]] = {
    ThemeChoice.AUTO: DARK,
    ThemeChoice.DARK: DARK,
    ThemeChoice.LIGHT: LIGHT,
    ThemeChoice.HIGH_CONTRAST: HIGH_CONTRAST,
    ThemeChoice.ANSI: ANSI,
}

_NAMED: Final = tuple(choice for choice in ThemeChoice if choice is not ThemeChoice.AUTO)


def theme_of(choice: ThemeChoice) -> Theme:
    """The theme of that name."""
    return _BY_CHOICE[choice]


def next_choice(name: str) -> ThemeChoice:
    """The theme that comes after the one of a name, by the name that a user gives it."""
    names = [theme.name for theme in THEMES]
    following = THEMES[(names.index(name) + 1) % len(THEMES)] if name in names else THEMES[0]
    return next(choice for choice in _NAMED if _BY_CHOICE[choice] is following)


def state_colours(*, dark: bool, ansi: bool) -> dict[str, str]:
    """The colours of the states for a theme that knows nothing of them."""
    if ansi:
        return dict(STATE_COLOURS_ANSI)
    return dict(STATE_COLOURS_DARK if dark else STATE_COLOURS_LIGHT)
