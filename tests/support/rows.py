"""Facts, rows and updates of made-up backfills."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from backfill_tui.domain.ids import BackfillId, DagId, RunId, TaskId
from backfill_tui.domain.instants import SECOND, Instant
from backfill_tui.domain.planning import ReprocessBehavior
from backfill_tui.domain.states import CODE_OF, RunState, TaskState
from backfill_tui.domain.watching import BackfillFacts, GridUpdate, Membership, RunRow, TaskColumn

NOW = Instant(1_700_000_000 * SECOND)


def some_facts(**different: Any) -> BackfillFacts:
    """A backfill that moves: nothing is paused, the scheduler is alive."""
    usual: dict[str, Any] = {
        "backfill_id": BackfillId(7), "dag_id": DagId("sales"), "timezone": "UTC",
        "from_date": Instant(0), "to_date": Instant(0), "reprocess_behavior": ReprocessBehavior.NONE,
        "max_active_runs": 4, "is_paused": False, "created_at": Instant(0), "completed_at": None,
        "triggering_user": "you", "dag_is_paused": False, "dag_is_stale": False,
        "scheduler_heartbeat": NOW,
    }  # fmt: skip
    return BackfillFacts(**{**usual, **different})


def a_row(ordinal: int, state: RunState | None = None, **different: Any) -> RunRow:
    """A date with its run, or one that was skipped when it has no state."""
    usual: dict[str, Any] = {
        "ordinal": ordinal,
        "logical_date": Instant(ordinal * SECOND),
        "partition_key": None,
        "membership": Membership.ALREADY_EXISTS if state is None else Membership.INCLUDED,
        "run_id": None if state is None else RunId(f"run {ordinal}"),
        "state": state,
    }
    return RunRow(**{**usual, **different})


def some_columns(*names: str) -> tuple[TaskColumn, ...]:
    """Columns of plain tasks."""
    return tuple(TaskColumn(task_id=TaskId(name)) for name in names)


def codes(*states: TaskState) -> bytes:
    """The bytes of these states."""
    return bytes(CODE_OF[state] for state in states)


def an_update(
    rows: Sequence[tuple[RunRow, bytes]],
    *,
    columns: tuple[TaskColumn, ...] | None = None,
    total_rows: int,
    loaded: bool = True,
) -> GridUpdate:
    """An update with these rows."""
    return GridUpdate(
        read_at=NOW,
        facts=some_facts(),
        columns=columns,
        rows=tuple(row for row, _ in rows),
        cells=b"".join(cells for _, cells in rows),
        total_rows=total_rows,
        loaded=loaded,
    )
