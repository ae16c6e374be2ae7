"""The commands `pause`, `resume`, `cancel`, `reopen` and `remove`, each on one backfill."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import click

from backfill_tui.commands.names import BACKFILL_ID
from backfill_tui.commands.options import as_json, yes
from backfill_tui.commands.sessions import session
from backfill_tui.program import Invocation

F = TypeVar("F", bound=Callable[..., object])


def _on_a_backfill(command: F) -> F:
    return click.argument("backfill_id", type=BACKFILL_ID)(yes(as_json(command)))


@click.command("pause")
@_on_a_backfill
@click.pass_obj
def pause(invocation: Invocation, /, *, as_json: bool, yes: bool, backfill_id: int) -> int:
    """Pause a backfill: no further run of it starts.

    What is running goes on to its end, and its Dag stays as it is.
    """
    return _control(invocation, backfill_id, "pause", yes=yes, as_json=as_json)


@click.command("resume")
@_on_a_backfill
@click.pass_obj
def resume(invocation: Invocation, /, *, as_json: bool, yes: bool, backfill_id: int) -> int:
    """Resume a paused backfill: its queued runs start."""
    return _control(invocation, backfill_id, "resume", yes=yes, as_json=as_json)


@click.command("cancel")
@click.option("--running", is_flag=True, help="Its running runs too: they are marked failed and end.")
@_on_a_backfill
@click.pass_obj
def cancel(invocation: Invocation, /, *, as_json: bool, yes: bool, running: bool, backfill_id: int) -> int:
    """Cancel a backfill: its queued runs never run.

    What is running goes on to its end, unless --running ends that too.
    """
    deed = "cancel_running" if running else "cancel"
    return _control(invocation, backfill_id, deed, yes=yes, as_json=as_json)


@click.command("reopen")
@_on_a_backfill
@click.pass_obj
def reopen(invocation: Invocation, /, *, as_json: bool, yes: bool, backfill_id: int) -> int:
    """Reopen a backfill that was completed too early.

    Airflow then counts it as active, and it can be paused and cancelled again.
    """
    return _control(invocation, backfill_id, "reopen", yes=yes, as_json=as_json)


@click.command("remove")
@_on_a_backfill
@click.pass_obj
def remove(invocation: Invocation, /, *, as_json: bool, yes: bool, backfill_id: int) -> int:
    """Remove a backfill without runs, left by a dead launch.

    Airflow counts it as active and refuses another one of its Dag. No run is touched.
    """
    return _control(invocation, backfill_id, "remove", yes=yes, as_json=as_json)


def _control(invocation: Invocation, backfill_id: int, deed: str, *, yes: bool, as_json: bool) -> int:
    with session(invocation, as_json=as_json) as opened:
        from backfill_tui.domain.control import Deed
        from backfill_tui.headless.controlling import control

        return control(opened, backfill_id, Deed(deed), yes=yes)
