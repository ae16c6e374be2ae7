"""The commands `watch` and `rerun`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from backfill_tui.commands.options import (
    as_json,
    choice_of,
    from_date,
    of_backfill,
    on_dates,
    range_of,
    to_date,
    wait,
    yes,
)
from backfill_tui.commands.sessions import session
from backfill_tui.domain.problems import BadRequest
from backfill_tui.program import Invocation

if TYPE_CHECKING:
    from backfill_tui.domain.repairing import RerunScope
    from backfill_tui.headless.repairing import RerunWish


@click.command("watch")
@click.argument("what", metavar="[BACKFILL_ID|DAG_ID]", required=False)
@from_date
@to_date
@click.option(
    "--stop-after-failures",
    type=click.IntRange(min=0),
    metavar="N",
    help="Pause it once N runs have failed, 0 for never.  [default: what its launch asked for]",
)
@click.option("--json", "as_json", is_flag=True, help="Each change as a JSON object on a line of stdout.")
@click.pass_obj
def watch(
    invocation: Invocation,
    /,
    *,
    as_json: bool,
    what: str | None,
    stop_after_failures: int | None,
    **bounds: str | None,
) -> int:
    """Follow a backfill to its end: the given one, else the newest active, else the newest.

    With --from the runs of a Dag on these dates are followed, whatever made them.
    """
    dates = range_of({"dag_id": what, **bounds})
    if dates is None:
        number = None if what is None else _backfill_id(what)
        with session(invocation, as_json=as_json) as opened:
            from backfill_tui.headless.watching import watch as run

            return run(opened, number, stop_after_failures=stop_after_failures)
    if what is None:
        raise click.UsageError("Missing argument 'DAG_ID'", click.get_current_context())
    if stop_after_failures is not None:
        raise BadRequest(
            "--stop-after-failures is of a backfill, and with --from there is none", remedy="leave it out"
        )
    with session(invocation, as_json=as_json) as opened:
        from backfill_tui.headless.range_watching import watch_range

        return watch_range(opened, dates)


def _backfill_id(text: str) -> int:
    context = click.get_current_context()
    parameter = next(each for each in context.command.params if each.name == "what")
    number: int = click.IntRange(min=1)(text, parameter, context)
    return number


@click.command("rerun")
@click.argument("dag_id")
@of_backfill
@click.option("--failed", is_flag=True, help="Of each run only the tasks that failed; the default.")
@click.option("--downstream", is_flag=True, help="Those, and all tasks downstream of them.")
@click.option("--whole-run", is_flag=True, help="All tasks of each run.")
@on_dates
@click.option("--dry-run", is_flag=True, help="Only show what would run again.")
@yes
@wait
@as_json
@click.pass_obj
def rerun(invocation: Invocation, /, *, as_json: bool, **options: object) -> int:
    """Run again what failed in a backfill of a Dag, on all its failed dates or on some."""
    scope = _scope(options)
    with session(invocation, as_json=as_json) as opened:
        from backfill_tui.headless.repairing import rerun as run

        return run(opened, _rerun_wish(options, scope))


def _scope(options: Mapping[str, object]) -> RerunScope:
    from backfill_tui.domain.repairing import RerunScope

    if not options["whole_run"]:
        return RerunScope.FAILED_AND_DOWNSTREAM if options["downstream"] else RerunScope.FAILED
    for other in ("failed", "downstream"):
        if options[other]:
            raise BadRequest(f"--whole-run and --{other} exclude each other", remedy="leave one of them out")
    return RerunScope.WHOLE_RUN


def _rerun_wish(options: Mapping[str, object], scope: RerunScope) -> RerunWish:
    from backfill_tui.headless.repairing import RerunWish

    return RerunWish(
        choice=choice_of(options, "rerun"),
        scope=scope,
        dry_run=bool(options["dry_run"]),
        yes=bool(options["yes"]),
        wait=bool(options["wait"]),
    )
