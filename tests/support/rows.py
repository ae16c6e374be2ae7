"""Grid updates made by hand, for the widgets that draw them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from backfill_tui.domain.ids import BackfillId, DagId, RunId, TaskId
from backfill_tui.domain.instants import SECOND, Instant
from backfill_tui.domain.planning import ReprocessBehavior
from backfill_tui.domain.states import CODE_OF, RunState, TaskState
from backfill_tui.domain.watching import BackfillFacts, GridUpdate, Membership, RunRow, TaskColumn
from tests.support.world import DAY, NOW, instant

TASKS = ("extract", "clean", "load", "check", "publish")
FACTS = BackfillFacts(
    backfill_id=BackfillId(7),
    dag_id=DagId("sales_daily"),
    timezone="UTC",
    from_date=instant("2024-02-01"),
    to_date=instant("2024-03-31"),
    reprocess_behavior=ReprocessBehavior.FAILED,
    max_active_runs=4,
    is_paused=False,
    created_at=NOW,
    completed_at=None,
    triggering_user="you",
    dag_is_paused=False,
    dag_is_stale=False,
    scheduler_heartbeat=NOW,
)

_OF_LETTER = {
    "s": TaskState.SUCCESS,
    "f": TaskState.FAILED,
    "u": TaskState.UPSTREAM_FAILED,
    "r": TaskState.RUNNING,
    "q": TaskState.QUEUED,
    "t": TaskState.UP_FOR_RETRY,
    "d": TaskState.DEFERRED,
    "k": TaskState.SKIPPED,
    ".": TaskState.NONE,
    " ": TaskState.ABSENT,
}


def cells_of(letters: str) -> bytes:
    """The codes of some cells, a letter each: `ssfuu`."""
    return bytes(CODE_OF[_OF_LETTER[letter]] for letter in letters)


def a_row(
    ordinal: int,
    state: RunState | None = RunState.SUCCESS,
    *,
    membership: Membership = Membership.INCLUDED,
    period: int = DAY,
    first: str = "2024-02-01",
    **more: object,
) -> RunRow:
    """A row of the grid; a finished run took a minute and as many seconds as its ordinal."""
    started = None if state in {None, RunState.QUEUED} else NOW
    ended = Instant(NOW + (60 + ordinal) * SECOND) if state is not None and state.finished else None
    row = RunRow(
        ordinal=ordinal,
        logical_date=Instant(instant(first) + (ordinal - 1) * period),
        partition_key=None,
        membership=membership,
        run_id=RunId(f"backfill__{ordinal}") if membership is Membership.INCLUDED else None,
        state=state,
        started_at=started,
        ended_at=ended,
    )
    return replace(row, **more)  # type: ignore[arg-type]


def an_update(
    rows: Sequence[tuple[RunRow, str]],
    tasks: Sequence[str | TaskColumn] | None = TASKS,
    *,
    total_rows: int | None = None,
    facts: BackfillFacts = FACTS,
) -> GridUpdate:
    """An update with whole rows and their cells as letters; `tasks` is None when the columns stay."""
    columns = None
    if tasks is not None:
        columns = tuple(
            task if isinstance(task, TaskColumn) else TaskColumn(task_id=TaskId(task)) for task in tasks
        )
    return GridUpdate(
        read_at=Instant(NOW + 90 * SECOND),
        facts=facts,
        columns=columns,
        rows=tuple(row for row, _ in rows),
        cells=b"".join(cells_of(letters) for _, letters in rows),
        total_rows=len(rows) if total_rows is None else total_rows,
        loaded=True,
    )


def a_mixed_backfill() -> GridUpdate:
    """Twelve dates of every kind: done, failed, skipped, taken over, running, waiting, cancelled."""
    failed, running, queued = RunState.FAILED, RunState.RUNNING, RunState.QUEUED
    return an_update(
        [
            (a_row(1), "sssss"),
            (a_row(2), "sssss"),
            (a_row(3, None, membership=Membership.ALREADY_EXISTS), "     "),
            (a_row(4, failed), "ssfuu"),
            (a_row(5), "ssssk"),
            (a_row(6, failed), "sfuuu"),
            (a_row(7, None, membership=Membership.TAKEN_OVER), "     "),
            (a_row(8, running), "srt.."),
            (a_row(9, running), "sd..."),
            (a_row(10, failed, cancelled=True, started_at=None, ended_at=None), "....."),
            (a_row(11, queued), "....."),
            (a_row(12, queued), "....."),
        ]
    )
