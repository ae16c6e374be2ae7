"""The commands of the embedded Airflow."""

from __future__ import annotations

import click

from backfill_tui.commands.names import COMPONENT
from backfill_tui.commands.options import as_json
from backfill_tui.commands.sessions import engine_room
from backfill_tui.program import Invocation


@click.group("engine", short_help="The embedded Airflow: how it is, stop it, read its logs.")
def engine() -> None:
    """The Airflow that runs a folder's backfills: how it is, stop it, read its logs."""


@engine.command("status")
@as_json
@click.pass_obj
def engine_status(invocation: Invocation, /, *, as_json: bool) -> int:
    """Say how the engine is; exit code 3 when it does not run."""
    from backfill_tui.headless.engine import show_status

    return show_status(engine_room(invocation, as_json=as_json))


@engine.command("stop", short_help="End the engine; what runs goes on at its next start.")
@as_json
@click.pass_obj
def engine_stop(invocation: Invocation, /, *, as_json: bool) -> int:
    """End the engine and its processes; what runs goes on at its next start."""
    from backfill_tui.headless.engine import stop

    return stop(engine_room(invocation, as_json=as_json))


@engine.command("logs", short_help="Print the end of one of its logs.")
@click.argument("component", type=COMPONENT, required=False)
@click.option(
    "--lines",
    type=click.IntRange(min=0),
    default=200,
    show_default=True,
    metavar="N",
    help="How many of the last lines.",
)
@click.option("--follow/--no-follow", default=False, help="Go on with what is written, until ctrl+c.")
@click.option(
    "--json", "as_json", is_flag=True, help="Data as JSON on stdout; with --follow an object a line."
)
@click.pass_obj
def engine_logs(
    invocation: Invocation, /, *, as_json: bool, component: str | None, lines: int, follow: bool
) -> int:
    """Print the end of a log: of the engine, or of its scheduler, api-server, triggerer or bridge."""
    from backfill_tui.headless.engine import show_logs

    return show_logs(engine_room(invocation, as_json=as_json), component, lines=lines, follow=follow)
