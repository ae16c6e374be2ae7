"""The commands `dags` and `list`."""

from __future__ import annotations

import click

from backfill_tui.commands.options import as_json
from backfill_tui.commands.sessions import session
from backfill_tui.program import Invocation


@click.command("dags")
@as_json
@click.pass_obj
def dags(invocation: Invocation, /, *, as_json: bool) -> int:
    """List the Dags, and the files that do not import."""
    with session(invocation, as_json=as_json) as opened:
        from backfill_tui.headless.listing import show_dags

        return show_dags(opened)


@click.command("list")
@click.argument("dag_id", required=False)
@as_json
@click.pass_obj
def list_(invocation: Invocation, /, *, as_json: bool, dag_id: str | None) -> int:
    """List the backfills of one Dag or of all, newest first, each with its status."""
    with session(invocation, as_json=as_json) as opened:
        from backfill_tui.headless.listing import show_backfills

        return show_backfills(opened, dag_id)
