"""Where a gateway can be tried: over the tests' double, or over a real bridge on a real home.

A stage gives Dags that nobody has used yet and can bring runs to an end without a scheduler; on the real home
it writes the states that a scheduler would into SQLite.
"""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Protocol

from backfill_tui.domain.ids import BackfillId, DagId, TaskId
from backfill_tui.domain.instants import SECOND, Instant
from backfill_tui.domain.states import RunState, TaskState
from backfill_tui.engine.home import EmbeddedHome
from backfill_tui.gateway.port import Gateway
from tests.support.bridges import open_bridge
from tests.support.homes import private_home
from tests.support.scripted import ScriptedGateway
from tests.support.world import World, a_dag

DAY = 24 * 3600 * SECOND
_FIRST_OF_2024 = 1_704_067_200 * SECOND
_DAG_COUNT = 100

_DAGS = f"""
    from datetime import datetime, timezone
    from airflow.providers.standard.operators.empty import EmptyOperator
    from airflow.providers.standard.operators.python import PythonOperator
    from airflow.sdk import DAG

    for number in range({_DAG_COUNT}):
        with DAG(
            f"daily_{{number:03}}",
            schedule="@daily",
            start_date=datetime(2023, 1, 1, tzinfo=timezone.utc),
            catchup=False,
        ):
            PythonOperator(task_id="extract", python_callable=print) >> PythonOperator(
                task_id="load", python_callable=print
            )
"""


def daily(day: int) -> Instant:
    """Midnight UTC of that day of 2024, from 1."""
    return Instant(_FIRST_OF_2024 + (day - 1) * DAY)


class Stage(Protocol):
    """A gateway, and what a test does to the Airflow behind it."""

    @property
    def gateway(self) -> Gateway:
        """The gateway that is tried; it is open."""
        ...

    def fresh_dag(self) -> DagId:
        """A Dag of two tasks, `extract >> load`, daily, that has no runs."""
        ...

    def end_runs(self, dag_id: DagId, state: RunState) -> None:
        """Bring every unfinished run of the Dag to its end; in a failed one `load` fails."""
        ...

    def start_runs(self, dag_id: DagId, count: int) -> None:
        """Start so many queued runs of the Dag, the first ones; `extract` is running in them."""
        ...

    def write_log(self, dag_id: DagId, run_id: str, task_id: str, lines: Sequence[str]) -> None:
        """Let the first try of a task instance have written these lines."""
        ...

    def complete(self, backfill_id: BackfillId) -> None:
        """Mark a backfill as complete, whatever its runs are at, as the scheduler may do too early."""
        ...

    def abandon(self, dag_id: DagId) -> BackfillId:
        """A backfill of the Dag without any date, left by a creation that died two minutes ago."""
        ...

    def read_only(self) -> AbstractContextManager[Stage]:
        """The same Airflow through another, read-only gateway."""
        ...


class ScriptedStage:
    """The double of the tests."""

    def __init__(self, world: World | None = None, *, read_only: bool = False) -> None:
        names = [f"daily_{number:03}" for number in range(_DAG_COUNT)]
        self._world = world or World([a_dag(name) for name in names])
        self._names = iter(names)
        self.gateway: Gateway = ScriptedGateway(self._world, read_only=read_only)

    def fresh_dag(self) -> DagId:
        return DagId(next(self._names))

    def end_runs(self, dag_id: DagId, state: RunState) -> None:
        if state is RunState.FAILED:
            dates = [run.logical_date for run in self._world.runs.values() if run.dag_id == dag_id]
            self._world.failing[dag_id, TaskId("load")] = set(dates)
        self._world.advance_to_end()

    def start_runs(self, dag_id: DagId, count: int) -> None:
        self._world.start(dag_id, count)

    def write_log(self, dag_id: DagId, run_id: str, task_id: str, lines: Sequence[str]) -> None:
        assert (dag_id, run_id) in self._world.runs
        self._world.add_log(run_id, task_id, *lines)

    def complete(self, backfill_id: BackfillId) -> None:
        self._world.backfills[backfill_id].completed_at = self._world.now

    def abandon(self, dag_id: DagId) -> BackfillId:
        return self._world.add_abandoned(dag_id).backfill_id

    @contextmanager
    def read_only(self) -> Generator[Stage, None, None]:
        other = ScriptedStage(self._world, read_only=True)
        try:
            yield other
        finally:
            other.gateway.close()


class BridgeStage:
    """The real bridge on a private home, without a scheduler."""

    def __init__(self, home: EmbeddedHome, gateway: Gateway) -> None:
        self._home = home
        self._numbers = itertools.count()
        self.gateway = gateway

    @classmethod
    @contextmanager
    def on(cls, folder: Path) -> Generator[BridgeStage, None, None]:
        """A bridge on a new home in `folder`."""
        home = private_home(folder, {"many.py": _DAGS})
        with open_bridge(home) as gateway:
            yield cls(home, gateway)

    def fresh_dag(self) -> DagId:
        return DagId(f"daily_{next(self._numbers):03}")

    def end_runs(self, dag_id: DagId, state: RunState) -> None:
        last = TaskState.SUCCESS if state is RunState.SUCCESS else TaskState.FAILED
        with closing(sqlite3.connect(self._home.database, timeout=30)) as database, database:
            database.execute(
                "UPDATE task_instance SET state = CASE task_id WHEN 'load' THEN ? ELSE 'success' END,"
                " try_number = 1, start_date = CURRENT_TIMESTAMP WHERE dag_id = ? AND run_id IN"
                " (SELECT run_id FROM dag_run WHERE dag_id = ? AND state IN ('queued', 'running'))",
                (str(last), dag_id, dag_id),
            )
            database.execute(
                "UPDATE dag_run SET state = ?, start_date = queued_at, end_date = queued_at WHERE dag_id = ?"
                " AND state IN ('queued', 'running')",
                (str(state), dag_id),
            )

    def start_runs(self, dag_id: DagId, count: int) -> None:
        with closing(sqlite3.connect(self._home.database, timeout=30)) as database, database:
            database.execute(
                "UPDATE dag_run SET state = 'running', start_date = CURRENT_TIMESTAMP WHERE id IN"
                " (SELECT id FROM dag_run WHERE dag_id = ? AND state = 'queued' ORDER BY id LIMIT ?)",
                (dag_id, count),
            )
            database.execute(
                "UPDATE task_instance SET state = 'running', try_number = 1, start_date = CURRENT_TIMESTAMP"
                " WHERE task_id = 'extract' AND dag_id = ? AND run_id IN"
                " (SELECT run_id FROM dag_run WHERE dag_id = ? AND state = 'running')",
                (dag_id, dag_id),
            )

    def write_log(self, dag_id: DagId, run_id: str, task_id: str, lines: Sequence[str]) -> None:
        folder = Path(self._home.task_logs) / f"dag_id={dag_id}" / f"run_id={run_id}" / f"task_id={task_id}"
        folder.mkdir(parents=True)
        text = "".join(f"{line}\n" for line in lines)
        (folder / "attempt=1.log").write_text(text, encoding="utf-8")

    def complete(self, backfill_id: BackfillId) -> None:
        with closing(sqlite3.connect(self._home.database, timeout=30)) as database, database:
            database.execute("UPDATE backfill SET completed_at = created_at WHERE id = ?", (backfill_id,))

    def abandon(self, dag_id: DagId) -> BackfillId:
        with closing(sqlite3.connect(self._home.database, timeout=30)) as database, database:
            made = database.execute(
                "INSERT INTO backfill (dag_id, from_date, to_date, dag_run_conf, is_paused,"
                " reprocess_behavior, max_active_runs, created_at, updated_at)"
                " VALUES (?, ?, ?, 'null', 0, 'none', 10, datetime('now', '-3 minutes'), ?)",
                (dag_id, *["2024-01-01 00:00:00.000000"] * 3),
            )
            return BackfillId(made.lastrowid or 0)

    @contextmanager
    def read_only(self) -> Generator[Stage, None, None]:
        with open_bridge(self._home, read_only=True) as gateway:
            yield BridgeStage(self._home, gateway)
