"""Options that several commands have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from backfill_tui.headless.chosen_runs import Choice

as_json = click.option("--json", "as_json", is_flag=True, help="Data as JSON on stdout.")
yes = click.option("--yes", is_flag=True, help="Do not ask.")
wait = click.option("--wait", is_flag=True, help="Follow it to its end; the exit code tells the outcome.")
of_backfill = click.option(
    "--backfill",
    "backfill_id",
    type=click.IntRange(min=1),
    metavar="ID",
    help="This backfill of the Dag; without it the newest.",
)
on_dates = click.option(
    "--date",
    "dates",
    multiple=True,
    metavar="DATE",
    help="Only the dates of this day, month or other expression; may be repeated.",
)


def choice_of(options: Mapping[str, object], *again: str) -> Choice:
    """The runs that are meant by the options above; `again` are the words of the command."""
    from backfill_tui.headless.chosen_runs import Choice

    number, dates = options["backfill_id"], options["dates"]
    return Choice(
        dag_id=str(options["dag_id"]),
        backfill_id=number if isinstance(number, int) else None,
        dates=tuple(map(str, dates)) if isinstance(dates, tuple) else (),
        again=again,
    )
