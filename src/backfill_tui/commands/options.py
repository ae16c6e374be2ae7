"""Options that several commands have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from backfill_tui.commands.names import BACKFILL_ID
from backfill_tui.commands.words import WORDS
from backfill_tui.domain.problems import BadRequest

if TYPE_CHECKING:
    from backfill_tui.headless.chosen_runs import Choice
    from backfill_tui.headless.ranges import RangeWish


as_json = click.option("--json", "as_json", is_flag=True, help="Data as JSON on stdout.")
yes = click.option("--yes", is_flag=True, help="Do not ask.")
wait = click.option("--wait", is_flag=True, help="Follow it to its end; the exit code tells the outcome.")
quiet = click.option("--quiet", "-q", is_flag=True, help="Say only errors and the outcome.")
of_backfill = click.option(
    "--backfill",
    "backfill_id",
    type=BACKFILL_ID,
    metavar="ID",
    help="This backfill of the Dag; without it the newest.",
)
on_dates = click.option(
    "--date",
    "dates",
    type=WORDS,
    multiple=True,
    metavar="DATE",
    help="Only the dates of this day, month or other expression; may be repeated.",
)
from_date = click.option(
    "--from",
    "from_text",
    type=WORDS,
    metavar="DATE",
    help="No backfill, but all runs of the Dag from this date.",
)
to_date = click.option("--to", "to_text", type=WORDS, metavar="DATE", help="The last date.  [default: now]")


def range_of(options: Mapping[str, object]) -> RangeWish | None:
    """The range of dates that is meant by the options above; None where no range is."""
    from_text, to_text = options["from_text"], options["to_text"]
    if from_text is None and to_text is not None:
        raise click.UsageError("Missing option '--from'", click.get_current_context())
    if from_text is None:
        return None
    from backfill_tui.headless.ranges import RangeWish

    last = None if to_text is None else str(to_text)
    return RangeWish(dag_id=str(options["dag_id"]), from_text=str(from_text), to_text=last)


def choice_of(options: Mapping[str, object], *again: str) -> Choice:
    """The runs that are meant by the options above; `again` are the words of the command."""
    from backfill_tui.headless.chosen_runs import Choice

    number, dates = options["backfill_id"], options["dates"]
    within = range_of(options) if "from_text" in options else None
    if within is not None and number is not None:
        raise BadRequest("--backfill and --from exclude each other", remedy="leave one of them out")
    return Choice(
        dag_id=str(options["dag_id"]),
        backfill_id=number if isinstance(number, int) else None,
        dates=tuple(map(str, dates)) if isinstance(dates, tuple) else (),
        within=within,
        again=again,
    )
