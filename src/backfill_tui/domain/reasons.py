"""Why each date of a plan gets its verdict, in words."""

from __future__ import annotations

from datetime import tzinfo
from typing import Final

from backfill_tui.domain.instants import Instant, minute
from backfill_tui.domain.states import RunState
from backfill_tui.domain.text import one_line

_OF_A_SCHEDULE: Final = frozenset({"scheduled", "backfill"})
"""Types of runs that nobody started by hand: taking one over surprises no one."""


def why_create(run_after: Instant, now: Instant, zone: tzinfo) -> str:
    """No run stands in the way; a partition of the future says how long its run waits."""
    if run_after > now:
        return f"no run exists; its run waits until {moment(run_after, zone)}"
    return "no run exists"


def why_in_flight(run_type: str, state: RunState) -> str:
    """A run that has not finished is never touched, whatever the reprocess behavior."""
    return f"its {_kind(run_type)} run is {state}"


def why_left(state: RunState) -> str:
    """A finished run that the reprocess behavior does not take."""
    return "already succeeded" if state is RunState.SUCCESS else "already failed, and failed runs are left"


def why_not_yet(interval_end: Instant | None, zone: tzinfo) -> str:
    """Airflow leaves out a date whose data interval has not ended, without a word."""
    if interval_end is None:
        return "it has no data interval, so Airflow leaves it out"
    return f"its data interval ends {moment(interval_end, zone)}"


def what_is_overwritten(
    run_type: str,
    state: RunState,
    triggering_user: str | None,
    *,
    succeeded: int,
    tasks: int,
    beside: bool,
) -> str:
    """What reprocessing a finished run loses.

    `beside` is a partitioned Dag, whose old run stays while a new one is created (Airflow 3.3
    models/backfill.py, `_create_backfill_dag_run_partitioned`). A run without task instances is linked to
    the backfill but not queued, because `SerializedDAG.clear` finds nothing to clear.
    """
    word = "succeeded" if state is RunState.SUCCESS else "failed"
    if tasks == 0 and not beside:
        return f"{word} without any task, so Airflow counts it in but runs nothing"
    counted = f"{word}, {succeeded} of {tasks} {'task' if tasks == 1 else 'tasks'} succeeded"
    if beside:
        return f"{counted}: a new run is created beside it"
    again = "it runs again" if tasks == 1 else f"all {tasks} run again"
    if run_type in _OF_A_SCHEDULE:
        return f"{counted}: {again}"
    who = f" by {one_line(triggering_user)}" if triggering_user else ""
    return f"{counted}: {again}; {_kind(run_type)} run{who} is taken over"


def moment(instant: Instant, zone: tzinfo) -> str:
    """`2024-04-01 02:00 Europe/Zurich`: a time that can not be mistaken for one of another zone."""
    return f"{minute(instant, zone)} {zone}"


def _kind(run_type: str) -> str:
    return one_line(run_type.replace("_", " "))
