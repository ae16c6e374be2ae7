"""Parsing again: all Dag files where that is ours to do, else Airflow is asked to take one of them first."""

from __future__ import annotations

from backfill_tui.domain.environment import Mode
from backfill_tui.ui.listing import Row
from backfill_tui.ui.screens.base import PlaceScreen


def parse_again(screen: PlaceScreen[None], row: Row | None) -> None:
    """Do that; of an Airflow that is not ours the file is that of the row, None where there is no row."""
    program = screen.program
    if program.environment is None or program.environment.mode is Mode.EMBEDDED:
        program.parse(None)
    elif program.read_only:
        screen.say_read_only("no file is parsed again")
    elif row is not None:
        program.parse(row.dag_file)
