"""What bounds how many runs work at once, and how long their creation takes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from backfill_tui.bridge.environment import dialect_of
from backfill_tui.bridge.plan_warnings.situation import Situation, warning
from backfill_tui.domain.environment import Mode
from backfill_tui.domain.estimates import Limits
from backfill_tui.domain.instants import SECOND
from backfill_tui.domain.numbers import counted
from backfill_tui.domain.outcomes import Verdict
from backfill_tui.domain.planning import PlanWarning
from backfill_tui.domain.text import one_line
from backfill_tui.domain.time_ranges import in_words

LONG_CREATION: Final = 120 * SECOND
"""After so long the scheduler takes a backfill without visible runs for a finished one (Airflow 3.3
jobs/scheduler_job_runner.py, `_mark_backfills_complete`)."""

STOCK_WAIT: Final = 5 * SECOND
"""How long Airflow's processes wait for SQLite's one writer unless told otherwise: what Python's driver does.
Those of the embedded engine are told to wait for a minute or more."""


def above_the_scheduler(it: Situation) -> Iterator[PlanWarning]:
    """More active runs than one loop looks at: it takes those of a backfill in their order, so the same ones.

    Airflow 3.3 models/dagrun.py, `get_running_dag_runs_to_examine`.
    """
    examined, wanted = it.limits.examined, it.request.max_active_runs
    if wanted > examined:
        yield warning(
            "above_scheduler_limit",
            f"The scheduler looks at {examined} running backfill runs at most, "
            f"so max active runs {wanted} gains nothing over {examined}",
            f"give {examined}, or raise [scheduler] max_dagruns_per_loop_to_schedule",
        )


def stuck_in_pool(it: Situation) -> Iterator[PlanWarning]:
    """A task that no pool has room for is passed over in every loop of the scheduler.

    Airflow 3.3 jobs/scheduler_job_runner.py, `_executable_task_instances_to_queued`.
    """
    pool = it.limits.stuck_in
    if pool is None:
        return
    name = one_line(pool.name)
    if pool.missing:
        yield warning(
            "stuck_in_pool",
            f'There is no pool "{name}", so a task of every run waits for ever',
            "create it, or change the task",
        )
        return
    yield warning(
        "stuck_in_pool",
        f'Pool "{name}" has {counted(pool.slots or 0, "slot")}, '
        f"and a task that takes {pool.heaviest} waits for ever",
        f"give the pool {counted(max(1, pool.heaviest), 'slot')} or more",
    )


def runs_at_once(it: Situation) -> Iterator[PlanWarning]:
    """Fewer runs than max active runs have a task that works: each needs a slot that no other run has."""
    if it.limits.stuck_in is not None:
        return
    bounds = _bounds(it.limits)
    wanted = min(it.request.max_active_runs, it.run_count)
    if not bounds:
        return
    number, why, remedy = min(bounds)
    if 0 < number < wanted:
        yield warning(
            "runs_at_once",
            f"At most {number} of {it.request.max_active_runs} active runs work at once: {why}",
            f"give {number}, or {remedy}",
        )


def _bounds(limits: Limits) -> list[tuple[int, str, str]]:
    """How many runs can work at once, why, and what to do about it."""
    found = []
    if limits.parallelism:
        why = f"[core] parallelism allows {limits.parallelism} tasks of all Dags"
        found.append((limits.parallelism, why, "raise [core] parallelism"))
    slots = [pool.slots for pool in limits.pools]
    if slots and None not in slots:
        runs = sum((pool.slots or 0) // max(1, pool.lightest) for pool in limits.pools)
        found.append((runs, _of_pools(limits), "give the pool more slots"))
    return found


def _of_pools(limits: Limits) -> str:
    if len(limits.pools) > 1:
        slots = sum(pool.slots or 0 for pool in limits.pools)
        return f"its {len(limits.pools)} pools have {counted(slots, 'slot')}"
    (pool,) = limits.pools
    takes = f", and one run takes up to {pool.wanted}" if pool.wanted > 1 else ""
    return f'pool "{one_line(pool.name)}" has {counted(pool.slots or 0, "slot")}{takes}'


def creation_time(it: Situation) -> Iterator[PlanWarning]:
    """The runs are created in one transaction, whose locks others wait for."""
    longest = STOCK_WAIT if _others_give_up(it) else LONG_CREATION
    if it.estimate is None or it.estimate.creation.high <= longest:
        return
    creation = it.estimate.creation
    yield warning(
        "creation_time",
        f"Creating {it.run_count:,} runs takes {in_words(creation)}, {_meanwhile(it)}",
        _in_parts(it, it.run_count * longest * 9 // (creation.high * 10)),
    )


def _others_give_up(it: Situation) -> bool:
    """Whether processes that are not ours may end with an error when they can not write for a while."""
    return it.airflow.mode is Mode.ATTACHED and dialect_of(it.session) == "sqlite"


def _meanwhile(it: Situation) -> str:
    if _others_give_up(it):
        return (
            "and nothing else can write to the database meanwhile: a scheduler that has to may end itself "
            "after Airflow's usual 5 s"
        )
    if dialect_of(it.session) == "sqlite":
        return "and nothing else can write to the database meanwhile"
    if it.judged.count(Verdict.REPROCESS):
        return "and the runs it takes again are locked meanwhile"
    return "and none of them is seen before"


def _in_parts(it: Situation, fitting: int) -> str:
    """Where a first part that is surely created in time ends; backwards it has the latest dates."""
    places = it.running_places()
    fitting = min(max(1, fitting), len(places))
    if it.request.run_backwards:
        return f"launch it in parts: begin the first at {it.said(it.bound_at(places[-fitting]))}"
    return f"launch it in parts: end the first at {it.said(it.bound_at(places[fitting - 1]))}"
