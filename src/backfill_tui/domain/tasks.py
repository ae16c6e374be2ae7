"""One cell of the grid looked at closely: its task instances and their logs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from backfill_tui.domain.causes import Cause
from backfill_tui.domain.ids import DagId, RunId, TaskId
from backfill_tui.domain.instants import Instant
from backfill_tui.domain.repairing import TaskInstanceKey
from backfill_tui.domain.states import CODE_OF, URGENCY, TaskState


@dataclass(frozen=True, slots=True, kw_only=True)
class CellQuery:
    """Which cell: a task of a run, and which map index is to say why it waits (None: what matters most).

    Of a mapped task only the map indexes from `first_index` to `last_index` are read. A task instance that is
    not expanded counts as the first.
    """

    dag_id: DagId
    run_id: RunId
    task_id: TaskId
    map_index: int | None = None
    first_index: int = 0
    last_index: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskTry:
    """One try of a task instance, and how it ended."""

    number: int
    state: TaskState
    started_at: Instant | None
    ended_at: Instant | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskInstanceDetails:
    """One task instance: its state, its latest try, and how many it may have in all.

    `max_tries` is the number of the last try Airflow would make by itself (its column counts retries).
    `past_tries` are those before the latest, in order, as far as Airflow has kept them. `waits` says why it
    does not begin or go on, the main cause first; only the one that was asked for says it.
    """

    key: TaskInstanceKey
    state: TaskState
    try_number: int
    max_tries: int
    operator: str
    started_at: Instant | None
    ended_at: Instant | None
    pool: str = ""
    pool_slots: int = 1
    queue: str = ""
    past_tries: tuple[TaskTry, ...] = ()
    waits: tuple[Cause, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CellDetails:
    """The task instances behind one cell: one, or one for each map index; none before they are made.

    Where they are very many, the least urgent are `left_out`: so many of them.
    """

    instances: tuple[TaskInstanceDetails, ...]
    left_out: int = 0


def most_urgent(instances: Iterable[TaskInstanceDetails]) -> tuple[TaskInstanceDetails, ...]:
    """The task instances of one cell, the one that matters most first."""
    return tuple(sorted(instances, key=lambda one: (URGENCY[CODE_OF[one.state]], one.key.map_index)))


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPlace:
    """A place between two messages of a log: so many bytes into its only file, or into a copy of it."""

    at: int
    in_file: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LogQuery:
    """Which log to read: of one try of one task instance; `max_lines` keeps the last ones.

    Those `before` a place make the page before it; `after` asks for what was written since, and is answered
    by the last lines as ever, which begin at another place, where that is too much or the log was replaced.
    `forwards` asks for the page after that place instead: the first lines that follow it.
    """

    dag_id: DagId
    key: TaskInstanceKey
    try_number: int
    max_lines: int = 5_000
    before: LogPlace | None = None
    after: LogPlace | None = None
    forwards: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskLog:
    """The lines of a log as they were written, outside text throughout; `truncated` when its head was cut.

    They stand between the places `begins` and `ends`; without these nothing before or after can be asked for.
    `followed` when there were lines after them, and the last ones were not asked for.
    """

    lines: tuple[str, ...]
    truncated: bool = False
    begins: LogPlace | None = None
    ends: LogPlace | None = None
    followed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSearch:
    """The next line of a log that has some words (see `log_search.Search`), from a place on.

    `step` is 1 or -1, the way it goes; without a place it begins at the beginning, or at the end. After the
    end it goes on at the other one. The log and the size of the page around it are those of `query`.
    """

    query: LogQuery
    words: str
    start: LogPlace | None = None
    step: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class LogMatch:
    """The page around a line that was looked for, and which of its lines it is; no page without one."""

    log: TaskLog | None
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LogMatches:
    """The lines of a log between two places that have some words.

    `places` has one entry for each, in bytes: where its message begins. `more` says that there may be more
    of them after `ends`, for no more are counted at once.
    """

    places: tuple[int, ...]
    begins: LogPlace
    ends: LogPlace
    more: bool = False
