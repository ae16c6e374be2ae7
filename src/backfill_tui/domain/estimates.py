"""How long a plan will take: always a range, from what past runs took and from what lets them run at once.

It holds when the runs are like the past ones and nothing else takes their slots.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from backfill_tui.domain.creation_time import creation_time
from backfill_tui.domain.instants import SECOND, Microseconds
from backfill_tui.domain.text import one_line
from backfill_tui.domain.time_ranges import TimeRange, in_words

_HANDOVER: Final = 2 * SECOND
"""The longest that a free place waits for its next run: a loop of the scheduler and its idle sleep of 1 s."""
_BEGINNING: Final = 3 * SECOND
"""The most it takes until the first runs work: a loop or two of the scheduler, and its worker comes up."""
_LEAST_SPREAD: Final = 10
"""Runs repeat themselves to a tenth at best, as far as ten samples or more tell; two of them tell a half."""


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
class OneByOne:
    """How long past runs worked in a Dag with tasks that wait for their own last run.

    Such a task (`depends_on_past`, `wait_for_downstream`) is in one run at a time, so the runs pass through
    it one after the other, however many are active. What a run took from start to end tells little then, for
    most of it may be waiting: `work` is what its tasks took, `slowest` what the slowest of those that wait
    took. Both are None when there are no past runs.
    """

    work: RunDurations | None = None
    slowest: RunDurations | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What bounds how many runs of one Dag work at once, besides max active runs of the backfill.

    `examined` is [scheduler] max_dagruns_per_loop_to_schedule, shared with the runs of other Dags (Airflow
    3.3 models/dagrun.py, `get_running_dag_runs_to_examine`). `parallelism` counts the tasks of all Dags under
    one scheduler. `max_active_tasks` counts the tasks of one run, not of the Dag (Airflow 3.3
    jobs/scheduler_job_runner.py, `dag_run_active_tasks_map`): it makes a run longer, and bounds no number of
    runs. `width` is how many tasks of one run can run at once, never above that. `task_limits` has the
    max_active_tis_per_dag of every task that has one, of `tasks` in all, and 1 for each that waits for its
    own last run; `one_by_one` is None where none does. Max active runs of the Dag itself counts for no
    backfill.
    """

    examined: int
    parallelism: int | None = None
    max_active_tasks: int | None = None
    width: int = 1
    tasks: int = 1
    pools: tuple[PoolUse, ...] = ()
    task_limits: tuple[int, ...] = ()
    one_by_one: OneByOne | None = None

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
        waits = self.one_by_one
        if waits and waits.work and waits.slowest:
            # So many runs keep the slowest of these tasks busy all the time.
            bounds.append(-(-waits.work.p90 // max(1, waits.slowest.median)))
        return max(1, min(bounds))

    def at_least(self, max_active_runs: int) -> int:
        """How many runs work at once when each takes all that it can, and all pass the narrowest place."""
        bounds = [self.at_most(max_active_runs), *self.task_limits, *([1] if self.one_by_one else [])]
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
    would wait for ever. `useful` is the greatest max active runs that can gain anything. `one_by_one` tells
    that the runs wait for each other.
    """

    runs: int
    durations: RunDurations | None
    creation: TimeRange
    at: tuple[Pace, ...]
    useful: int
    stuck_in: str = ""
    one_by_one: bool = False


def run_time(
    runs: int,
    durations: RunDurations,
    at_most: int,
    at_least: int | None = None,
    one_by_one: OneByOne | None = None,
) -> TimeRange:
    """How long `runs` runs take with `at_most` at a time, or as few as `at_least` (both 1 or more).

    At best every place takes its next run the moment the last one ends, and runs take the median, less what
    the samples leave open. At worst the runs go in waves, each as long as the slow ones (the ninth tenth) and
    a pause of the scheduler, which needs a while to begin. Either way it takes no less than one run does.

    Runs that go through a task `one_by_one` take no less than that task does so many times, and at worst they
    work one after the other; that is counted by what they worked, for what they took was partly waiting.
    """
    if runs == 0:
        return TimeRange(low=Microseconds(0), high=Microseconds(0))
    work, slowest = (one_by_one.work, one_by_one.slowest) if one_by_one else (None, None)
    counted = work or durations
    low = max(_quick(counted), _quick(counted) * runs // at_most, _quick(slowest) * runs if slowest else 0)
    waves = -(-runs // (at_least or at_most))
    # In many waves not every pause is the longest, which makes up for the beginning.
    pauses = max(waves * _HANDOVER, _HANDOVER + _BEGINNING)
    high = max(waves * _slow(counted), _slow(durations)) + pauses
    return TimeRange(low=Microseconds(low), high=Microseconds(max(low, high)))


def _quick(durations: RunDurations) -> int:
    return durations.median - durations.median // max(2, min(_LEAST_SPREAD, durations.samples))


def _slow(durations: RunDurations) -> int:
    spread = max(1, min(_LEAST_SPREAD, durations.samples))
    return max(durations.p90, durations.median + -(-durations.median // spread))


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
        one_by_one=limits.one_by_one is not None,
    )


def _pace(
    runs: int, max_active_runs: int, useful: int, durations: RunDurations | None, limits: Limits
) -> Pace:
    at_once = max(1, min(max_active_runs, useful))
    time = None
    if durations is not None:
        time = run_time(runs, durations, at_once, limits.at_least(at_once), limits.one_by_one)
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
    if estimate.one_by_one and estimate.runs > 1:
        parts.append("and a task waits for the run before")
    return ", ".join(parts)


def _at_a_time(at_once: int, runs: int, *, first: bool) -> str:
    if runs == 1:
        return ""
    number = f"all {runs:,}" if at_once == runs else f"{at_once:,}"
    return f" with {number} at a time" if first else f" with {number}"
