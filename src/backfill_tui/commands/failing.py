"""The command `failures`."""

from __future__ import annotations

import click

from backfill_tui.commands.names import BACKFILL_ID, DAG_ID
from backfill_tui.commands.options import as_json, from_date, range_of, to_date
from backfill_tui.commands.sessions import session
from backfill_tui.domain.problems import BadRequest
from backfill_tui.program import Invocation


@click.command("failures", short_help="List what failed, in groups of one task and one error.")
@click.argument("dag_id", type=DAG_ID, required=False)
@click.option(
    "--backfill",
    "backfill_id",
    type=BACKFILL_ID,
    metavar="ID",
    help="This backfill; without it the newest, of the Dag if one is named.",
)
@from_date
@to_date
@as_json
@click.pass_obj
def failures(
    invocation: Invocation,
    /,
    *,
    as_json: bool,
    dag_id: str | None,
    backfill_id: int | None,
    **bounds: str | None,
) -> int:
    """List what failed in a backfill or a range, in groups of one task and one error.

    With --from it is whatever ran on these dates of the Dag.
    """
    within = range_of({"dag_id": dag_id, **bounds})
    if within is not None and dag_id is None:
        raise click.UsageError("Missing argument 'DAG_ID'", click.get_current_context())
    if within is not None and backfill_id is not None:
        raise BadRequest("--backfill and --from exclude each other", remedy="leave one of them out")
    with session(invocation, as_json=as_json) as opened:
        from backfill_tui.headless.failures import FailuresWish
        from backfill_tui.headless.failures import failures as run

        return run(opened, FailuresWish(dag_id=dag_id, backfill_id=backfill_id, within=within))
