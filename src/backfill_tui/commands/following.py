"""The commands `watch` and `rerun`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import click

from backfill_tui.commands.names import BACKFILL_OR_DAG, DAG_ID
from backfill_tui.commands.options import (
    as_json,
    choice_of,
    from_date,
    of_backfill,
    on_dates,
    quiet,
    range_of,
    to_date,
    wait,
    yes,
)
from backfill_tui.commands.sessions import session
from backfill_tui.commands.words import WORDS
from backfill_tui.domain.problems import BadRequest
from backfill_tui.program import Invocation

if TYPE_CHECKING:
    from backfill_tui.domain.repairing import RerunScope
    from backfill_tui.headless.attempts import Attempts
    from backfill_tui.headless.repairing import RerunWish

_REST: Final = "5m"


@click.command("watch", short_help="Follow a backfill, or the dates of a Dag, to its end.")
@click.argument("what", type=BACKFILL_OR_DAG, metavar="[BACKFILL_ID|DAG_ID]", required=False)
@from_date
@to_date
@click.option(
    "--stop-after-failures",
    type=click.IntRange(min=0),
    metavar="N",
    help="Pause it once N runs have failed, 0 for never.  [default: what its launch asked for]",
)
@quiet
@click.option("--json", "as_json", is_flag=True, help="Each change as a JSON object on a line of stdout.")
@click.pass_obj
def watch(
    invocation: Invocation,
    /,
    *,
    as_json: bool,
    quiet: bool,
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
        with session(invocation, as_json=as_json, quiet=quiet) as opened:
            from backfill_tui.headless.watching import watch as run

            return run(opened, number, stop_after_failures=stop_after_failures)
    if what is None:
        raise click.UsageError("Missing argument 'DAG_ID'", click.get_current_context())
    if stop_after_failures is not None:
        raise BadRequest(
            "--stop-after-failures is of a backfill, and with --from there is none", remedy="leave it out"
        )
    with session(invocation, as_json=as_json, quiet=quiet) as opened:
        from backfill_tui.headless.range_watching import watch_range

        return watch_range(opened, dates)


def _backfill_id(text: str) -> int:
    context = click.get_current_context()
    parameter = next(each for each in context.command.params if each.name == "what")
    number: int = click.IntRange(min=1)(text, parameter, context)
    return number


@click.command("rerun", short_help="Run again what failed, on all failed dates or on some.")
@click.argument("dag_id", type=DAG_ID)
@of_backfill
@from_date
@to_date
@click.option("--failed", is_flag=True, help="Of each run only the tasks that failed; the default.")
@click.option(
    "--task", "task_id", type=WORDS, metavar="TASK_ID", help="Of each run only this task, whatever its state."
)
@click.option("--downstream", is_flag=True, help="Those, and all tasks downstream of them.")
@click.option("--whole-run", is_flag=True, help="All tasks of each run.")
@on_dates
@click.option(
    "--note", type=WORDS, metavar="TEXT", help="A note on each run, in the place of the one it has."
)
@click.option("--original-version", is_flag=True, help="On the version of the Dag that each run had.")
@click.option("--dry-run", is_flag=True, help="Only show what would run again.")
@click.option(
    "--max-attempts",
    type=click.IntRange(min=1),
    metavar="N",
    help="Rerun what failed until nothing does, each run N times at most; follows them.",
)
@click.option(
    "--every",
    type=WORDS,
    metavar="TIME",
    help="How long a run rests after an attempt failed.  [default: 5m]",
)
@yes
@wait
@quiet
@as_json
@click.pass_obj
def rerun(invocation: Invocation, /, *, as_json: bool, quiet: bool, **options: object) -> int:
    """Run again what failed in a backfill of a Dag, on all its failed dates or on some.

    With --from the runs of the Dag on these dates are meant, whatever made them.
    """
    scope = _scope(options)
    attempts = _attempts(options)
    wish = _rerun_wish(options, scope)
    with session(invocation, as_json=as_json, quiet=quiet) as opened:
        from backfill_tui.headless.attempts import rerun_until_green
        from backfill_tui.headless.repairing import rerun as run

        return run(opened, wish) if attempts is None else rerun_until_green(opened, wish, attempts)


def _scope(options: Mapping[str, object]) -> RerunScope:
    from backfill_tui.domain.repairing import RerunScope

    for one, other in (("whole_run", "failed"), ("whole_run", "downstream"), ("whole_run", "task_id"),
                       ("task_id", "failed")):  # fmt: skip
        if _is_given(options[one]) and _is_given(options[other]):
            first, second = (f"--{name.removesuffix('_id').replace('_', '-')}" for name in (one, other))
            raise BadRequest(f"{first} and {second} exclude each other", remedy="leave one of them out")
    if options["whole_run"]:
        return RerunScope.WHOLE_RUN
    if options["task_id"] is not None:
        return RerunScope.TASK_AND_DOWNSTREAM if options["downstream"] else RerunScope.TASK
    return RerunScope.FAILED_AND_DOWNSTREAM if options["downstream"] else RerunScope.FAILED


def _is_given(value: object) -> bool:
    return value is not None and value is not False


def _attempts(options: Mapping[str, object]) -> Attempts | None:
    """What `--max-attempts` and `--every` say; None without them."""
    most, every = options["max_attempts"], options["every"]
    if not isinstance(most, int):
        if every is not None:
            raise BadRequest("--every is of a rerun with --max-attempts", remedy="give both, or neither")
        return None
    for name in ("dry_run", "whole_run", "task_id"):
        if _is_given(options[name]):
            other = f"--{name.removesuffix('_id').replace('_', '-')}"
            raise BadRequest(f"--max-attempts and {other} exclude each other", remedy="leave one of them out")
    from backfill_tui.domain.rests import parse_rest
    from backfill_tui.headless.attempts import Attempts

    return Attempts(
        most=most,
        rest_seconds=parse_rest(_REST if every is None else str(every)),
    )


def _rerun_wish(options: Mapping[str, object], scope: RerunScope) -> RerunWish:
    from backfill_tui.headless.repairing import RerunWish

    task_id = options["task_id"]
    return RerunWish(
        choice=choice_of(options, "rerun"),
        scope=scope,
        task_id=None if task_id is None else str(task_id),
        to_latest=not options["original_version"],
        note=str(options["note"] or "").strip(),
        dry_run=bool(options["dry_run"]),
        yes=bool(options["yes"]),
        wait=bool(options["wait"]),
    )
