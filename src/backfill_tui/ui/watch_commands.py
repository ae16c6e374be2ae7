"""The commands of the watch, rerun and backfills screens."""

from __future__ import annotations

from backfill_tui.ui.command import Command

WATCH = (
    Command(
        id="watch.back", keys="escape", action="back", label="back", help="Go back; the backfill goes on"
    ),
)

RERUN = (
    Command(id="rerun.back", keys="escape", action="back", label="back", help="Go back and rerun nothing"),
)

BACKFILLS = (Command(id="backfills.back", keys="escape", action="back", label="back", help="Go back"),)
