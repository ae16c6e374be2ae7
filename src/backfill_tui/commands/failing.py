"""The command `failures`."""

from __future__ import annotations

import click

from backfill_tui.commands.options import as_json
from backfill_tui.commands.sessions import session
from backfill_tui.program import Invocation


@click.command("failures")
@click.argument("dag_id", required=False)
@click.option(
    "--backfill",
    "backfill_id",
    type=click.IntRange(min=1),
    metavar="ID",
    help="This backfill; without it the newest, of the Dag if one is named.",
)
@as_json
@click.pass_obj
def failures(invocation: Invocation, /, *, as_json: bool, dag_id: str | None, backfill_id: int | None) -> int:
    """List what failed in a backfill, in groups of one task and one error."""
    with session(invocation, as_json=as_json) as opened:
        from backfill_tui.headless.failures import FailuresWish
        from backfill_tui.headless.failures import failures as run

        return run(opened, FailuresWish(dag_id=dag_id, backfill_id=backfill_id))
