"""The commands `pause-dag` and `unpause-dag`."""

from __future__ import annotations

import click

from backfill_tui.commands.names import DAG_ID
from backfill_tui.commands.options import as_json, yes
from backfill_tui.commands.sessions import session
from backfill_tui.program import Invocation


@click.command("pause-dag")
@click.argument("dag_id", type=DAG_ID)
@yes
@as_json
@click.pass_obj
def pause_dag(invocation: Invocation, /, *, as_json: bool, yes: bool, dag_id: str) -> int:
    """Pause a Dag, so that no further run of it starts."""
    return _change(invocation, dag_id, is_paused=True, yes=yes, as_json=as_json)


@click.command("unpause-dag", short_help="Unpause a Dag, so that its runs start.")
@click.argument("dag_id", type=DAG_ID)
@yes
@as_json
@click.pass_obj
def unpause_dag(invocation: Invocation, /, *, as_json: bool, yes: bool, dag_id: str) -> int:
    """Unpause a Dag, so that its runs start, those of its backfills too."""
    return _change(invocation, dag_id, is_paused=False, yes=yes, as_json=as_json)


def _change(invocation: Invocation, dag_id: str, *, is_paused: bool, yes: bool, as_json: bool) -> int:
    with session(invocation, as_json=as_json) as opened:
        from backfill_tui.headless.pausing import change_pause

        return change_pause(opened, dag_id, is_paused=is_paused, yes=yes)
