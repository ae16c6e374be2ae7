"""How long a plan will take: always a range, from what past runs took and from what lets them run at once.

It holds when the runs are like the past ones and nothing else takes their slots.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from backfill_tui.domain.instants import SECOND, Microseconds
from backfill_tui.domain.text import one_line
from backfill_tui.domain.time_ranges import TimeRange, in_words

_HANDOVER: Final = 2 * SECOND
"""The longest that a free place waits for its next run: a loop of the scheduler and its idle sleep of 1 s."""
_LEAST_SPREAD: Final = 10
"""Runs repeat themselves to a tenth at best, as far as ten samples or more tell; two of them tell a half."""


@dataclass(frozen=True, slots=True)
class _Cost:
    """What Airflow's creation takes for one run, in microseconds: `low` to `high`, and more for each task.

    `statements` are the SQL statements it waits for, each a round trip to the database.
    """

    low: int
    low_per_task: int
    high: int
    high_per_task: int
    statements: int
    statements_per_task: int

    def of(self, tasks: int, delay: int) -> tuple[int, int]:
        """The range for a run of so many tasks when each statement takes `delay` more than on loopback."""
        waiting = delay * (self.statements + self.statements_per_task * tasks)
        return (
            self.low + self.low_per_task * tasks + waiting,
            self.high + self.high_per_task * tasks + waiting * 3 // 2,
        )


# Measured with Airflow 3.3.2 on two shared cores, 200 runs of 1, 5 and 20 tasks: creating takes 2.8 to 5.8 ms
# a run on SQLite (8 on a busy machine), 4.1 to 7.5 on PostgreSQL (20); reprocessing 6.8 to 67 and 11 to 96.
# With 2.3 ms to the server, 28 to 35 for creating and 69 to 434 for reprocessing; statements were counted.
_CREATE: Final = {
    "sqlite": _Cost(2_000, 100, 6_000, 300, statements=0, statements_per_task=0),
    "postgresql": _Cost(3_000, 120, 10_000, 600, statements=10, statements_per_task=0),
}
_REPROCESS: Final = {
    "sqlite": _Cost(3_000, 1_500, 8_000, 4_000, statements=0, statements_per_task=0),
    "postgresql": _Cost(6_000, 2_000, 12_000, 5_500, statements=18, statements_per_task=5),
}
_CREATION_START: Final = 300_000
"""The most it takes to begin and to commit: reading the Dag, taking the lock, writing to the disk."""
_LOOPBACK: Final = 100
"""A round trip that the measured times contain already; 30 to 80 microseconds were measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDurations:
    """What past successful runs of a Dag took, from start to end; nine of ten took no longer than `p90`."""

    median: Microseconds
    p90: Microseconds
    samples: int


def durations_of(taken: Iterable[Microseconds]) -> RunDurations | None:
    """The durations of past runs, summed up; None when there are none.

    The ninth tenth is a duration that occurred: of fewer than ten it is the longest.
    """
    ordered = sorted(taken)
    if not ordered:
        return None
    count = len(ordered)
    middle = (ordered[(count - 1) // 2] + ordered[count // 2]) // 2
    return RunDurations(median=Microseconds(middle), p90=ordered[-(-count * 9 // 10) - 1], samples=count)


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolUse:
    """A pool as one Dag uses it, in slots.

    `slots` is None for a pool without a limit; `lightest` and `heaviest` are what one task of the Dag takes
    there; `wanted` is what one run takes when all its tasks run that can do so at the same time.
    """

    name: str
    slots: int | None
    lightest: int = 1
    heaviest: int = 1
    wanted: int = 1
    missing: bool = False

    @property
    def impossible(self) -> bool:
        """Whether a task waits here for ever: there is no such pool, or it is smaller than the task."""
        return self.missing or (self.slots is not None and self.slots < max(1, self.heaviest))


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What bounds how many runs of one Dag work at once, besides max active runs of the backfill.

    `examined` is [scheduler] max_dagruns_per_loop_to_schedule, shared with the runs of other Dags (Airflow
    3.3 models/dagrun.py, `get_running_dag_runs_to_examine`). `parallelism` counts the tasks of all Dags under
    one scheduler. `max_active_tasks` counts the tasks of one run, not of the Dag (Airflow 3.3
    jobs/scheduler_job_runner.py, `dag_run_active_tasks_map`): it makes a run longer, and bounds no number of
    runs. `width` is how many tasks of one run can run at once, never above that. `task_limits` has the
    max_active_tis_per_dag of every task that has one, of `tasks` in all. Max active runs of the Dag itself
    counts for no backfill.
    """

    examined: int
    parallelism: int | None = None
    max_active_tasks: int | None = None
    width: int = 1
    tasks: int = 1
    pools: tuple[PoolUse, ...] = ()
    task_limits: tuple[int, ...] = ()

    @property
    def stuck_in(self) -> PoolUse | None:
        """The first pool in which a task waits for ever."""
        return next((pool for pool in self.pools if pool.impossible), None)

    def at_most(self, max_active_runs: int) -> int:
        """The most runs that can work at once: each has a task in a place that no other run can have."""
        bounds = [max_active_runs, self.examined]
        if self.parallelism:
            bounds.append(self.parallelism)
        if self.pools:
            places = [pool.slots // max(1, pool.lightest) for pool in self.pools if pool.slots is not None]
            bounds += [sum(places)] if len(places) == len(self.pools) else []
        if self.task_limits and len(self.task_limits) == self.tasks:
            bounds.append(sum(self.task_limits))
        return max(1, min(bounds))

    def at_least(self, max_active_runs: int) -> int:
        """How many runs work at once when each takes all that it can, and all pass the narrowest place."""
        bounds = [self.at_most(max_active_runs), *self.task_limits]
        if self.parallelism:
            bounds.append(self.parallelism // self.width)
        bounds += [pool.slots // max(1, pool.wanted) for pool in self.pools if pool.slots is not None]
        return max(1, min(bounds))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long the runs take with so many at a time; `time` is None when that is not known.

    `capped` when fewer at a time would be as fast: the limits, or the number of runs, allow no more.
    """

    max_active_runs: int
    time: TimeRange | None
    capped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a plan of `runs` runs takes: `at` has the chosen max active runs, its double and four times it.

    `durations` is None when the Dag has no successful run; `stuck_in` names a pool in which a task of the Dag
    would wait for ever. `useful` is the greatest max active runs that can gain anything.
    """

    runs: int
    durations: RunDurations | None
    creation: TimeRange
    at: tuple[Pace, ...]
    useful: int
    stuck_in: str = ""


def run_time(runs: int, durations: RunDurations, at_most: int, at_least: int | None = None) -> TimeRange:
    """How long `runs` runs take with `at_most` at a time, or as few as `at_least` (both 1 or more).

    At best every place takes its next run the moment the last one ends, and runs take the median, less what
    the samples leave open. At worst the runs go in waves, each as long as the slow ones (the ninth tenth) and
    a pause of the scheduler. Either way it takes no less than one run does.
    """
    if runs == 0:
        return TimeRange(low=Microseconds(0), high=Microseconds(0))
    spread = min(_LEAST_SPREAD, durations.samples)
    quick = durations.median - durations.median // max(2, spread)
    slow = max(durations.p90, durations.median + -(-durations.median // max(1, spread)))
    waves = -(-runs // (at_least or at_most))
    low = max(quick, quick * runs // at_most)
    return TimeRange(low=Microseconds(low), high=Microseconds(max(low, waves * (slow + _HANDOVER))))


def creation_time(
    creates: int, reprocesses: int, tasks_per_run: int, database: str, round_trip: Microseconds
) -> TimeRange:
    """How long Airflow's own creation of the runs takes, all in one transaction, before the first one starts.

    `database` is SQLAlchemy's name of it; whatever is not SQLite is taken for PostgreSQL. `round_trip` is how
    long it takes to answer nothing: each run waits for ten answers or more, one after the other.
    """
    kind = "sqlite" if database == "sqlite" else "postgresql"
    delay = max(0, round_trip - _LOOPBACK)
    new, again = (costs[kind].of(tasks_per_run, delay) for costs in (_CREATE, _REPROCESS))
    low = creates * new[0] + reprocesses * again[0]
    high = creates * new[1] + reprocesses * again[1]
    start = _CREATION_START if high else 0
    return TimeRange(low=Microseconds(low), high=Microseconds(high + start))


def estimate(
    *,
    creates: int,
    reprocesses: int,
    tasks_per_run: int,
    max_active_runs: int,
    durations: RunDurations | None,
    limits: Limits,
    database: str,
    round_trip: Microseconds,
) -> Estimate:
    """The estimate of a plan, for its max active runs, the double and four times that."""
    runs = creates + reprocesses
    useful = limits.at_most(max(1, runs))
    stuck = limits.stuck_in
    known = None if stuck else durations
    return Estimate(
        runs=runs,
        durations=durations,
        creation=creation_time(creates, reprocesses, tasks_per_run, database, round_trip),
        at=tuple(_pace(runs, max_active_runs * times, useful, known, limits) for times in (1, 2, 4)),
        useful=useful,
        stuck_in=stuck.name if stuck else "",
    )


def _pace(
    runs: int, max_active_runs: int, useful: int, durations: RunDurations | None, limits: Limits
) -> Pace:
    at_once = max(1, min(max_active_runs, useful))
    time = None if durations is None else run_time(runs, durations, at_once, limits.at_least(at_once))
    return Pace(max_active_runs=max_active_runs, time=time, capped=max_active_runs > useful)


def sentence(estimate: Estimate) -> str:
    """The estimate as a person reads it, on one line; what gains nothing is said instead of repeated."""
    if estimate.runs == 0:
        return "No run would start"
    created = "the run" if estimate.runs == 1 else "the runs"
    return f"{_words_of_running(estimate)}; creating {created} takes {in_words(estimate.creation)}"


def _words_of_running(estimate: Estimate) -> str:
    if estimate.stuck_in:
        return (
            f'Its runs would wait for ever: a task has no place in the pool "{one_line(estimate.stuck_in)}"'
        )
    if estimate.durations is None:
        return "How long its runs take is not known: this Dag has no successful run yet"
    parts: list[str] = []
    shown = 0
    for pace in estimate.at:
        at_once = min(pace.max_active_runs, estimate.useful)
        if pace.time is None or at_once == shown:
            break
        parts.append(in_words(pace.time) + _at_a_time(at_once, estimate.runs, first=not shown))
        shown = at_once
    if shown == estimate.useful < estimate.runs:
        parts.append("more gains nothing")
    return ", ".join(parts)


def _at_a_time(at_once: int, runs: int, *, first: bool) -> str:
    if runs == 1:
        return ""
    number = f"all {runs}" if at_once == runs else str(at_once)
    return f" with {number} at a time" if first else f" with {number}"
