"""What others do to the runs of a watched backfill, written into Airflow's tables and read from there.

The writers are no part of Airflow: their clocks may be wrong, their transactions may last, and `updated_at`
is as they like it. The reading is naive: every run, every task instance.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Final

from backfill_tui.domain.grid import GridStore
from backfill_tui.domain.instants import from_datetime
from backfill_tui.domain.states import CODES, TaskState
from tests.support.databases import Database

RUN_STATES: Final = ("queued", "running", "success", "failed")
TASK_STATES: Final = (
    None, "scheduled", "queued", "running", "success", "failed", "up_for_retry", "skipped", "deferred",
    "upstream_failed", "restarting",
)  # fmt: skip
_URGENT_FIRST: Final = (
    "failed", "upstream_failed", "up_for_retry", "restarting", "running", "deferred", "queued", "scheduled",
    None, "skipped", "success",
)  # fmt: skip
_STATEMENTS: Final[Mapping[str, str]] = {
    "task": (
        "UPDATE task_instance SET state = :task_state, updated_at = :at"
        " WHERE run_id = :run AND task_id = :task"
    ),
    "run": (
        "UPDATE dag_run SET state = :state, start_date = :began, end_date = :ended, updated_at = :at"
        " WHERE run_id = :run"
    ),
    "clear": (
        "UPDATE dag_run SET state = 'queued', start_date = NULL, clear_number = clear_number + 1,"
        " backfill_id = :owner WHERE run_id = :run;"
        " UPDATE task_instance SET state = NULL WHERE run_id = :run"
    ),
    "retry": (
        "UPDATE task_instance SET id = :new_id, try_number = try_number + 1, state = 'up_for_retry'"
        " WHERE run_id = :run AND task_id = :task AND map_index = -1"
    ),
    "delete": ("DELETE FROM dag_run WHERE run_id = :run"),
    "lose a task": ("DELETE FROM task_instance WHERE run_id = :run AND task_id = :task"),
    "rename a task": (
        "UPDATE task_instance SET task_id = :new_name"
        " WHERE run_id = :run AND task_id = :task AND map_index = -1"
    ),
    "say why": (
        "UPDATE backfill_dag_run SET exception_reason = 'in flight'"
        " WHERE backfill_id = :backfill AND dag_run_id IS NULL"
    ),
}  # fmt: skip
"""What is done of each kind, one statement after the other; `clear` also takes a run over, or back."""
_CLEARS: Final = frozenset({"clear", "take over", "take back"})
KINDS: Final = (*_STATEMENTS, "task", "task", "run", "take over", "take back", "exchange", "map a task")
"""Those that are more usual more than once."""


@dataclass(frozen=True)
class Edit:
    """One thing that is done to one run.

    `number` chooses among states and tasks, and `hours` are by how much the writer's clock is wrong.
    """

    kind: str
    run: int
    number: int
    hours: int


@dataclass(frozen=True, kw_only=True)
class Stranger:
    """Writes to one backfill; `other` is a backfill of the same Dag that takes runs over."""

    database: Database
    backfill_id: int
    other: int
    run_ids: tuple[str, ...]
    task_ids: tuple[str, ...]

    @contextmanager
    def transaction(self, *edits: Edit, commit: bool = True) -> Iterator[None]:
        """Do some things in a transaction that lasts as long as the context; given up unless `commit`."""
        with self.database.stranger() as connection, closing(connection.cursor()) as cursor:
            if self.database.kind == "sqlite":
                cursor.execute("PRAGMA foreign_keys = ON")
            cursor.execute("BEGIN IMMEDIATE" if self.database.kind == "sqlite" else "BEGIN")
            for edit in edits:
                self._do(cursor, edit)
            yield
            cursor.execute("COMMIT" if commit else "ROLLBACK")

    def _do(self, cursor: Any, edit: Edit) -> None:
        values = self._values(edit)
        if edit.kind == "exchange":
            self._exchange(cursor, values)
        elif edit.kind == "map a task":
            self._map(cursor, values)
        else:
            for statement in _STATEMENTS["clear" if edit.kind in _CLEARS else edit.kind].split(";"):
                self._execute(cursor, statement, values)

    def _values(self, edit: Edit) -> dict[str, object]:
        state, at = RUN_STATES[edit.number % len(RUN_STATES)], self._moment(edit.hours)
        return {
            "run": self.run_ids[edit.run],
            "partner": self.run_ids[(edit.run + edit.number) % len(self.run_ids)],
            "task": self.task_ids[edit.number % len(self.task_ids)],
            "task_state": TASK_STATES[edit.number % len(TASK_STATES)],
            "state": state,
            "at": at,
            "began": None if state == "queued" else at,
            "ended": at if state in {"success", "failed"} else None,
            "backfill": self.backfill_id,
            "owner": self.other if edit.kind == "take over" else self.backfill_id,
            "new_id": os.urandom(16).hex(),
            "new_name": f"stray_{edit.number}",
        }

    def _map(self, cursor: Any, values: dict[str, object]) -> None:
        """Give a task one more task instance."""
        task = "FROM task_instance WHERE run_id = :run AND task_id = :task"
        self._execute(cursor, f"SELECT * {task} ORDER BY map_index DESC", values)
        found = cursor.fetchone()
        if found is None:
            return
        names = [column[0] for column in cursor.description]
        last = found[names.index("map_index")]
        new = {"id": ":new_id", "map_index": str(last + 1), "state": ":task_state"}
        copied = ", ".join(new.get(name, name) for name in names)
        copy = f"INSERT INTO task_instance ({', '.join(names)}) SELECT {copied} {task} AND map_index = {last}"
        self._execute(cursor, copy, values)

    def _exchange(self, cursor: Any, values: dict[str, object]) -> None:
        """Let two runs have each other's state."""
        states = {}
        for run in ("run", "partner"):
            self._execute(cursor, f"SELECT state FROM dag_run WHERE run_id = :{run}", values)  # noqa: S608
            states[run] = cursor.fetchone()
        if None in states.values():
            return
        for run, other in (("run", "partner"), ("partner", "run")):
            set_state = f"UPDATE dag_run SET state = :state WHERE run_id = :{run}"  # noqa: S608
            self._execute(cursor, set_state, {**values, "state": states[other][0]})

    def _moment(self, hours: int) -> object:
        moment = datetime.fromtimestamp(time.time() + hours * 3600, timezone.utc)
        return f"{moment:%Y-%m-%d %H:%M:%S.%f}" if self.database.kind == "sqlite" else moment

    def _execute(self, cursor: Any, statement: str, values: Mapping[str, object]) -> None:
        if self.database.kind != "sqlite":
            statement = re.sub(r":(\w+)", r"%(\1)s", statement)
        cursor.execute(statement, values)


_ENTRIES: Final = """
    SELECT e.sort_ordinal, e.dag_run_id, e.exception_reason, r.backfill_id, r.run_id, r.state,
        r.start_date, r.end_date, r.clear_number
    FROM backfill_dag_run e LEFT JOIN dag_run r ON r.id = e.dag_run_id
    WHERE e.backfill_id = {}
"""
_INSTANCES: Final = """
    SELECT t.run_id, t.task_id, t.state
    FROM task_instance t JOIN dag_run r ON r.dag_id = t.dag_id AND r.run_id = t.run_id
    WHERE r.backfill_id = {}
"""


def read_naively(database: Database, backfill_id: int) -> dict[int, tuple[object, ...]]:
    """Every date of a backfill by its ordinal: what became of it, its run, and its tasks' states."""
    with database.stranger() as connection, closing(connection.cursor()) as cursor:
        # One transaction: what is compared was true at one moment.
        isolation = "" if database.kind == "sqlite" else " ISOLATION LEVEL REPEATABLE READ"
        cursor.execute(f"BEGIN{isolation}")
        cursor.execute(_ENTRIES.format(backfill_id))
        found = cursor.fetchall()
        cursor.execute(_INSTANCES.format(backfill_id))
        states: dict[str, dict[str, list[str | None]]] = {}
        for run_id, task_id, state in cursor.fetchall():
            states.setdefault(run_id, {}).setdefault(task_id, []).append(state)
        cursor.execute("COMMIT")
    return {entry[0]: _decoded(backfill_id, entry[1:], states) for entry in found}


def _decoded(
    backfill_id: int, entry: tuple[Any, ...], states: Mapping[str, Mapping[str, list[str | None]]]
) -> tuple[object, ...]:
    run, reason, owner, run_id, state, began, ended, clears = entry
    if reason is not None:
        return (str(reason).replace(" ", "_"),)
    if run is None:
        return ("deleted",)
    if owner != backfill_id:
        return ("taken_over",)
    tasks = {task: _most_urgent(found) for task, found in states.get(run_id, {}).items()}
    return ("included", run_id, state, _instant(began), _instant(ended), clears > 0, tasks)


def _most_urgent(states: list[str | None]) -> str:
    state = min(states, key=_URGENT_FIRST.index)
    return str(TaskState.NONE) if state is None else state


def _instant(stored: Any) -> int | None:
    if stored is None:
        return None
    if isinstance(stored, str):
        stored = datetime.fromisoformat(stored).replace(tzinfo=timezone.utc)
    return from_datetime(stored)


def shown_fully(store: GridStore) -> dict[int, tuple[object, ...]]:
    """The same, as the store of a screen has it."""
    found: dict[int, tuple[object, ...]] = {}
    for index, row in enumerate(store.rows):
        if row is None:
            continue
        if row.run_id is None:
            found[row.ordinal] = (str(row.membership),)
            continue
        tasks = {
            str(column.task_id): str(CODES[code])
            for column, code in zip(store.columns, store.row_cells(index), strict=True)
            if CODES[code] is not TaskState.ABSENT
        }
        times = (row.started_at, row.ended_at)
        found[row.ordinal] = (str(row.membership), row.run_id, str(row.state), *times, row.cleared, tasks)
    return found
