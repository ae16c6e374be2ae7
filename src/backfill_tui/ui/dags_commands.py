"""The commands of the list of Dags."""

from __future__ import annotations

from backfill_tui.ui.declaration import Command
from backfill_tui.ui.mark_commands import DAGS_DATES, DAGS_UNDO

DAGS = (
    Command(
        id="dags.unfilter", keys="escape", action="unfilter", label="show all",
        help="Show all Dags again",
    ),
    Command(
        id="dags.plan", keys="enter", action="plan", label="plan",
        help="Plan a backfill of this Dag, or read why its file does not import",
    ),
    Command(
        id="dags.holes", keys="h", action="holes", label="holes",
        help="Plan what is missing or failed since the start of this Dag",
    ),
    Command(
        id="dags.watch", keys="w", action="watch", label="watch",
        help="Watch the active backfill of this Dag, else its newest",
    ),
    Command(
        id="dags.backfills", keys="b", action="backfills", label="backfills",
        help="List the backfills, at the newest of this Dag",
    ),
    Command(
        id="dags.pause", keys="u", action="pause", label="pause",
        help="Pause this Dag, or unpause it; asks first",
    ),
    Command(
        id="dags.filter", keys="slash", action="filter", label="filter", priority=True,
        help="Show only the Dags that fit some letters of a name, or a tag or an owner",
    ),
    Command(
        id="dags.parse", keys="ctrl+r", action="parse", label="parse again",
        help="Parse the Dag files again; of your own Airflow this Dag's file, by its Dag processor",
    ),
    *DAGS_DATES,
    *DAGS_UNDO,
)  # fmt: skip
