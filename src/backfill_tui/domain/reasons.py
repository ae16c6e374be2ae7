"""Why each date of a plan gets its verdict, in words."""

from __future__ import annotations

from datetime import time, tzinfo
from typing import Final

from backfill_tui.domain.instants import SECOND, Instant, minute, to_datetime
from backfill_tui.domain.numbers import counted
from backfill_tui.domain.outcomes import Clash, ExistingRun, Outcome, Verdict
from backfill_tui.domain.plan_dates import Occurrence
from backfill_tui.domain.states import RunState, TaskState
from backfill_tui.domain.text import one_line

_OF_A_SCHEDULE: Final = frozenset({"scheduled", "backfill"})
"""Types of runs that nobody started by hand: taking one over surprises no one."""


def reason(
    occurrence: Occurrence,
    outcome: Outcome,
    *,
    now: Instant,
    zone: tzinfo,
    bounds: tuple[Instant | None, Instant | None] = (None, None),
    conf_given: bool = False,
) -> str:
    """Why a date has its verdict; `bounds` are the Dag's own start and end date, which a backfill ignores.

    `conf_given` says whether the request has a conf, which runs that are taken again then get for their own.
    """
    words = _WHY[outcome.verdict](occurrence, outcome, now, zone)
    if outcome.verdict is Verdict.REPROCESS:
        words += _what_becomes_of_its_conf(occurrence, outcome, given=conf_given)
    start, end = bounds
    date = occurrence.identity
    if date is None or not outcome.verdict.runs:
        return words
    if start is not None and date < start:
        return f"{words}; before the Dag's start date"
    if end is not None and date > end:
        return f"{words}; after the Dag's end date"
    return words


def _why_create(occurrence: Occurrence, _: Outcome, now: Instant, zone: tzinfo) -> str:
    """No run stands in the way; a partition of the future says how long its run waits."""
    if occurrence.run_after > now:
        return f"no run exists; its run waits until {moment(occurrence.run_after, zone)}"
    return "no run exists"


def _why_in_flight(occurrence: Occurrence, outcome: Outcome, _: Instant, zone: tzinfo) -> str:
    """A run that has not finished is never touched, whatever the reprocess behavior."""
    if outcome.clash is Clash.SAME_DATE:
        return "the timetable gives this date twice, and its run is made once"
    if outcome.clash is Clash.RUN_ID_TAKEN:
        after = moment(occurrence.run_after, zone)
        return f"a run of another date already has the run id of {after}, so Airflow can make none"
    run = outcome.existing
    if run is None:
        return "its run is not finished"
    return f"its {_kind(run.run_type)} run{_owner(run)} is {run.state}{_for_ever(run)}"


def _why_left(_: Occurrence, outcome: Outcome, __: Instant, ___: tzinfo) -> str:
    """A finished run that the reprocess behavior does not take."""
    run = outcome.existing
    succeeded = run is not None and run.state is RunState.SUCCESS
    return "already succeeded" if succeeded else "already failed, and failed runs are left"


def _why_not_yet(occurrence: Occurrence, _: Outcome, __: Instant, zone: tzinfo) -> str:
    """Airflow leaves out a date whose data interval has not ended, without a word."""
    if occurrence.data_interval_end is None:
        return "it has no data interval, so Airflow leaves it out"
    return f"its data interval ends {moment(occurrence.data_interval_end, zone)}"


def _what_is_overwritten(occurrence: Occurrence, outcome: Outcome, _: Instant, __: tzinfo) -> str:
    """What reprocessing a finished run loses.

    The old run of a partition stays while a new one is created (Airflow 3.3 models/backfill.py,
    `_create_backfill_dag_run_partitioned`). A run without task instances is linked to the backfill but not
    queued, because `SerializedDAG.clear` finds nothing to clear.
    """
    run, beside = outcome.existing, occurrence.partition_key is not None
    if run is None:
        return "its run is taken again"
    word = "succeeded" if run.state is RunState.SUCCESS else "failed"
    tasks, succeeded = run.task_total, run.count_of(TaskState.SUCCESS)
    if tasks == 0 and not beside:
        return f"{word} without any task, so Airflow counts it in but runs nothing"
    done = f"{word}, {succeeded:,} of {counted(tasks, 'task')} succeeded"
    if beside:
        return f"{done}: a new run is created beside it"
    again = "it runs again" if tasks == 1 else f"all {tasks:,} run again"
    if run.run_type in _OF_A_SCHEDULE:
        return f"{done}: {again}{_taken_from(run)}"
    who = f" by {one_line(run.triggering_user)}" if run.triggering_user else ""
    return f"{done}: {again}; {_kind(run.run_type)} run{who} is taken over"


def _what_becomes_of_its_conf(occurrence: Occurrence, outcome: Outcome, *, given: bool) -> str:
    """A conf replaces that of the run (Airflow 3.3 models/backfill.py, `_handle_clear_run`).

    That of a run started by hand is somebody's work, so what becomes of it is said in any case. A partition's
    run stays as it is beside the new one.
    """
    run = outcome.existing
    if occurrence.partition_key is not None or run is None:
        return ""
    if given:
        return "; its conf is replaced"
    return "" if run.run_type in _OF_A_SCHEDULE or not run.task_total else " with its conf"


_WHY: Final = {
    Verdict.CREATE: _why_create,
    Verdict.REPROCESS: _what_is_overwritten,
    Verdict.SKIP_EXISTS: _why_left,
    Verdict.SKIP_IN_FLIGHT: _why_in_flight,
    Verdict.NOT_YET: _why_not_yet,
}


def moment(instant: Instant, zone: tzinfo) -> str:
    """`2024-04-01 02:00 Europe/Zurich`: a time that can not be mistaken for one of another zone."""
    return f"{minute(instant, zone)} {zone}"


def moment_up_to(last: Instant, zone: tzinfo) -> str:
    """An inclusive end in the same words: `2024-03-31 24:00 UTC` for the last microsecond of a day.

    That of another second is the end of that second.
    """
    after = Instant(last + 1)
    if after % SECOND:
        return moment(last, zone)
    local, following = to_datetime(last, zone), to_datetime(after, zone)
    if following.date() == local.date() or following.time() != time():
        return moment(after, zone)
    return f"{local.date()} 24:00 {zone}"


def _kind(run_type: str) -> str:
    return one_line(run_type.replace("_", " "))


def _owner(run: ExistingRun) -> str:
    return "" if run.backfill_id is None else f" of backfill {run.backfill_id}"


def _taken_from(run: ExistingRun) -> str:
    return "" if run.backfill_id is None else f"; it leaves backfill {run.backfill_id}"


def _for_ever(run: ExistingRun) -> str:
    # A cancelled backfill stays paused, so a run of it that was cleared since is never started (facts T6).
    stuck = run.backfill_cancelled and run.state is RunState.QUEUED
    return ", and as that one was cancelled it stays so until it is rerun from there" if stuck else ""
