"""All task instances of some runs, as an export wants them: a stream, so that no more is held than a part."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from backfill_tui.domain.ids import BackfillId, DagId, RunId, TaskId
from backfill_tui.domain.instants import Instant
from backfill_tui.domain.states import TaskState


@dataclass(frozen=True, slots=True, kw_only=True)
class InstancesQuery:
    """Which runs, in the order in which they are wanted; `task_ids` is the order within a run.

    Tasks that are not named come last. `backfill_id` is the backfill whose conf is wanted too.
    """

    dag_id: DagId
    run_ids: tuple[RunId, ...]
    task_ids: tuple[TaskId, ...] = ()
    backfill_id: BackfillId | None = None


@dataclass(frozen=True, slots=True)
class InstanceLine:
    """One task instance in its latest try; `try_number` is 0 before the first, `map_index` -1 unmapped."""

    task_id: TaskId
    map_index: int
    state: TaskState
    try_number: int
    started_at: Instant | None
    ended_at: Instant | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunInstances:
    """A run and its task instances; the next one is of the same run where there are `more` of them.

    A run that is gone has no type and no instances.
    """

    run_id: RunId
    run_type: str = ""
    triggering_user: str | None = None
    note: str = ""
    data_interval_start: Instant | None = None
    data_interval_end: Instant | None = None
    instances: tuple[InstanceLine, ...] = ()
    more: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class InstancesFound:
    """Some more runs. The first one has the `conf` of the backfill, JSON text, and may have no run.

    It is masked as Airflow masks it, and empty where none was given.
    """

    runs: tuple[RunInstances, ...] = ()
    conf: str = ""


def whole_runs(parts: Iterable[RunInstances]) -> Iterator[RunInstances]:
    """The runs, each with all its task instances."""
    begun: RunInstances | None = None
    for part in parts:
        whole = part if begun is None else replace(part, instances=begun.instances + part.instances)
        begun = whole if part.more else None
        if begun is None:
            yield whole
