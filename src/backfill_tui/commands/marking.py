"""The commands `mark` and `undo`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

import click

from backfill_tui.commands.names import DAG_ID
from backfill_tui.commands.options import (
    as_json,
    choice_of,
    from_date,
    of_backfill,
    on_dates,
    to_date,
    yes,
)
from backfill_tui.commands.sessions import session
from backfill_tui.commands.words import WORDS
from backfill_tui.domain.problems import BadRequest
from backfill_tui.program import Invocation

if TYPE_CHECKING:
    from backfill_tui.headless.marking import MarkWish


@click.command("mark", short_help="Mark runs, or tasks of them, as succeeded or failed.")
@click.argument("mark_as", type=click.Choice(["success", "failed"]))
@click.argument("dag_id", type=DAG_ID)
@of_backfill
@from_date
@to_date
@on_dates
@click.option(
    "--task", "task_id", type=WORDS, metavar="TASK_ID", help="Of each run only the instances of this task."
)
@click.option(
    "--map-index", type=click.IntRange(min=0), metavar="N", help="Of a mapped task only this instance."
)
@click.option("--failed", is_flag=True, help="Of each run only the tasks that failed.")
@click.option("--dry-run", is_flag=True, help="Only show what would be marked.")
@yes
@as_json
@click.pass_obj
def mark(invocation: Invocation, /, *, as_json: bool, **options: object) -> int:
    """Mark runs of a backfill or of a range, or tasks of them, as succeeded or failed.

    A task that is running is ended. Without dates all failed ones are meant, of which `mark failed` has none.
    """
    _check_usage(options)
    with session(invocation, as_json=as_json) as opened:
        from backfill_tui.headless.marking import mark as run

        return run(opened, _wish(options))


@click.command("undo")
@click.argument("entry", type=WORDS, required=False)
@click.option("--dag", "dag_id", type=DAG_ID, metavar="DAG_ID", help="The last deed on this Dag.")
@click.option("--dry-run", is_flag=True, help="Only show what would be put back.")
@yes
@as_json
@click.pass_obj
def undo(
    invocation: Invocation,
    /,
    *,
    as_json: bool,
    entry: str | None,
    dag_id: str | None,
    dry_run: bool,
    yes: bool,
) -> int:
    """Take back a mark or a pause that was done from here.

    ENTRY is what the journal has under Undo; without it the last deed is meant.
    """
    if entry is not None and dag_id is not None:
        raise BadRequest("ENTRY and --dag exclude each other", remedy="leave one of them out")
    with session(invocation, as_json=as_json) as opened:
        from backfill_tui.headless.undoing import UndoWish
        from backfill_tui.headless.undoing import undo as run

        return run(opened, UndoWish(number=entry or "", dag_id=dag_id, dry_run=dry_run, yes=yes))


def _check_usage(options: Mapping[str, object]) -> None:
    if options["failed"] and options["task_id"] is not None:
        raise BadRequest("--failed and --task exclude each other", remedy="leave one of them out")
    if options["failed"] and options["mark_as"] == "failed":
        raise BadRequest("--failed marks what has failed already", remedy="mark it success, or leave it out")
    if options["map_index"] is not None and options["task_id"] is None:
        raise BadRequest("--map-index is of one task", remedy="name that with --task")


def _wish(options: Mapping[str, object]) -> MarkWish:
    from backfill_tui.domain.marking import MarkAs, MarkScope
    from backfill_tui.headless.marking import MarkWish

    mark_as, task_id = MarkAs(options["mark_as"]), cast("str | None", options["task_id"])
    scope = MarkScope.WHOLE_RUN if task_id is None else MarkScope.TASK
    return MarkWish(
        choice=choice_of(options, "mark", str(mark_as)),
        mark_as=mark_as,
        scope=MarkScope.FAILED if options["failed"] else scope,
        task_id=task_id,
        map_index=cast("int | None", options["map_index"]),
        dry_run=bool(options["dry_run"]),
        yes=bool(options["yes"]),
    )
