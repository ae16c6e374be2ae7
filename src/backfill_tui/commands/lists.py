"""The commands `dags`, `list` and `journal`."""

from __future__ import annotations

import click

from backfill_tui.commands.names import BACKFILL_ID, DAG_ID
from backfill_tui.commands.options import as_json
from backfill_tui.commands.sessions import journal_room, session
from backfill_tui.domain.problems import BadRequest
from backfill_tui.program import Invocation


@click.command("dags")
@as_json
@click.pass_obj
def dags(invocation: Invocation, /, *, as_json: bool) -> int:
    """List the Dags, and the files that do not import."""
    with session(invocation, as_json=as_json) as opened:
        from backfill_tui.headless.listing import show_dags

        return show_dags(opened)


@click.command("list", short_help="List the backfills, newest first, each with its status.")
@click.argument("dag_id", type=DAG_ID, required=False)
@click.option("--dag", "named", type=DAG_ID, metavar="DAG_ID", help="Another way to name the Dag.")
@as_json
@click.pass_obj
def list_(invocation: Invocation, /, *, as_json: bool, dag_id: str | None, named: str | None) -> int:
    """List the backfills of one Dag or of all, newest first, each with its status."""
    if dag_id is not None and named not in {None, dag_id}:
        raise BadRequest("Two Dags are named, and one or all can be listed", remedy="leave one of them out")
    dag_id = named if dag_id is None else dag_id
    with session(invocation, as_json=as_json) as opened:
        from backfill_tui.headless.listing import show_backfills

        return show_backfills(opened, dag_id)


@click.command("journal")
@click.option("--dag", "dag_id", type=DAG_ID, metavar="DAG_ID", help="Only what was done to this Dag.")
@click.option(
    "--backfill",
    "backfill_id",
    type=BACKFILL_ID,
    metavar="ID",
    help="Only what was done to this backfill or its runs.",
)
@click.option("--last", type=click.IntRange(min=1), metavar="N", help="Only the last N deeds.")
@click.option("--json", "as_json", is_flag=True, help="Each line of it as a JSON object on a line of stdout.")
@click.pass_obj
def journal(
    invocation: Invocation,
    /,
    *,
    as_json: bool,
    dag_id: str | None,
    backfill_id: int | None,
    last: int | None,
) -> int:
    """Show what was done from here, newest last."""
    from backfill_tui.headless.journal import Search, show_journal

    search = Search(dag_id=dag_id, backfill_id=backfill_id, last=last)
    with journal_room(invocation, as_json=as_json) as room:
        return show_journal(room, search)
