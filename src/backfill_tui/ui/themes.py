"""Two calm themes: one accent, and the colours of the states; every other theme gets the dark states."""

from __future__ import annotations

from typing import Final

from textual.theme import Theme

STATE_COLOURS_DARK: Final = {
    "state-success": "#4fae6d",
    "state-failed": "#f4615c",
    "state-upstream-failed": "#f0a052",
    "state-running": "#b5e853",
    "state-queued": "#98a4b0",
    "state-scheduled": "#c8ab84",
    "state-none": "#56626e",
    "state-up-for-retry": "#e6c74c",
    "state-restarting": "#cf93e0",
    "state-up-for-reschedule": "#56cdc3",
    "state-deferred": "#a78bfa",
    "state-awaiting-input": "#6fc1ff",
    "state-skipped": "#ee8db8",
    "state-removed": "#828c96",
    "verdict-create": "#4fae6d",
    "verdict-reprocess": "#e6c74c",
    "verdict-skip": "#7d8995",
    "verdict-not-yet": "#7d8995",
    "muted": "#7d8995",
    "hairline": "#2b343d",
    "cursor-background": "#20394a",
    "cursor-background-blurred": "#1d252d",
}
"""Airflow's own state colours, quietened for a dark background. Values are plain `#rrggbb`."""

STATE_COLOURS_LIGHT: Final = {
    "state-success": "#1f7a3d",
    "state-failed": "#c62828",
    "state-upstream-failed": "#b35900",
    "state-running": "#4d7c0f",
    "state-queued": "#66717c",
    "state-scheduled": "#8a6a3c",
    "state-none": "#a4adb6",
    "state-up-for-retry": "#8f7200",
    "state-restarting": "#8e3aa8",
    "state-up-for-reschedule": "#0b7f76",
    "state-deferred": "#6d47c9",
    "state-awaiting-input": "#0b6fb8",
    "state-skipped": "#b83273",
    "state-removed": "#7a838c",
    "verdict-create": "#1f7a3d",
    "verdict-reprocess": "#8f7200",
    "verdict-skip": "#707b86",
    "verdict-not-yet": "#707b86",
    "muted": "#66717c",
    "hairline": "#d3d9df",
    "cursor-background": "#cfe3f3",
    "cursor-background-blurred": "#e4e9ee",
}

DARK: Final = Theme(
    name="backfill-dark",
    primary="#58b4d9",
    secondary="#58b4d9",
    accent="#58b4d9",
    foreground="#d5dce3",
    background="#11161b",
    surface="#171d23",
    panel="#1d252d",
    success="#4fae6d",
    warning="#f0a052",
    error="#f4615c",
    dark=True,
    variables={**STATE_COLOURS_DARK, "footer-key-foreground": "#58b4d9"},
)

LIGHT: Final = Theme(
    name="backfill-light",
    primary="#0b6fa4",
    secondary="#0b6fa4",
    accent="#0b6fa4",
    foreground="#1d252d",
    background="#fafbfc",
    surface="#f1f4f6",
    panel="#e4e9ee",
    success="#1f7a3d",
    warning="#b35900",
    error="#c62828",
    dark=False,
    variables={**STATE_COLOURS_LIGHT, "footer-key-foreground": "#0b6fa4"},
)

THEMES: Final = (DARK, LIGHT)
