from __future__ import annotations

import os
import shutil
import signal
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from tests.support.homes import create_backfill, private_home, rows, wait_until

from backfill_tui.engine.attendance import attend, try_lock
from backfill_tui.engine.component import Name
from backfill_tui.engine.control import COMPONENTS, EngineControl
from backfill_tui.engine.home import EmbeddedHome
from backfill_tui.engine.processes import family
from backfill_tui.engine.state import EngineState, read_state

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("engine"), pytest.mark.timeout(180)]

GRACE_SECONDS = 1.0


class Engine:
    """The engine of the tests' home, and what can be seen of it from outside."""

    def __init__(self, home: EmbeddedHome) -> None:
        self.home = home
        self.control = EngineControl(home, grace_seconds=GRACE_SECONDS)

    @property
    def state(self) -> EngineState:
        state = read_state(self.home)
        assert state is not None
        return state

    def make_ready(self) -> None:
        self.control.start()
        self.wait(lambda: self.control.status().ready)

    def wait(self, holds: Callable[[], object], seconds: float = 60) -> None:
        wait_until(holds, self.what_is_going_on, seconds)

    def what_is_going_on(self) -> str:
        """All that helps to understand a wait without end."""
        tasks = rows(self.home, "SELECT dag_id, run_id, state FROM task_instance WHERE state != 'success'")
        logs = (f"{name}:\n{self.control.log_tail(name, 3000)}" for name in COMPONENTS)
        return "\n".join((str(self.control.status()), str(tasks), *logs))

    def processes(self) -> list[psutil.Process]:
        """All of the engine that there is now, without the supervisor and its warden."""
        state = read_state(self.home)
        return family(state.components.values() if state else (), mark=str(self.home.path))

    def wait_for_runs(self, backfill: int, state: str, count: int) -> None:
        question = "SELECT state, count(*) FROM dag_run WHERE backfill_id = ? GROUP BY state"
        self.wait(lambda: rows(self.home, question, backfill) == [(state, count)])

    def wait_for_task(self, dag_id: str, state: str) -> None:
        question = "SELECT count(*) FROM task_instance WHERE dag_id = ? AND state = ?"
        self.wait(lambda: rows(self.home, question, dag_id, state) == [(1,)])

    def open_gate(self, dag_id: str) -> None:
        (self.home.dags_folder / f"gate-{dag_id}").touch()


@pytest.fixture(scope="module")
def engine(home_with_dags: EmbeddedHome) -> Iterator[Engine]:
    engine = Engine(home_with_dags)
    yield engine
    engine.control.stop()
    assert engine.processes() == []


@pytest.fixture
def ready_engine(engine: Engine) -> Iterator[Engine]:
    """A running engine that stays while the test lasts."""
    with attend(engine.home):
        engine.make_ready()
        yield engine


def test_a_backfill_succeeds_and_then_the_engine_stops_by_itself(engine: Engine) -> None:
    backfill = create_backfill(engine.home, "quick", "2021-01-01", "2021-01-10")
    with attend(engine.home):
        engine.make_ready()
        engine.wait_for_runs(backfill, "success", 10)
        assert engine.control.status().running
    engine.wait(lambda: not engine.control.status().running)
    assert engine.processes() == []
    assert rows(engine.home, "SELECT completed_at FROM backfill WHERE id = ?", backfill) != [(None,)]
    assert rows(engine.home, "SELECT count(*) FROM job WHERE state = 'running'") == [(0,)]
    assert "error calling listener" not in engine.control.log_tail("scheduler", 1_000_000)


def test_an_engine_whose_home_vanishes_ends(home_with_dags: EmbeddedHome, tmp_path: Path) -> None:
    home = private_home(tmp_path)
    home.database.write_bytes(home_with_dags.database.read_bytes())
    control = EngineControl(home)
    with attend(home):
        control.start()
        state = read_state(home)
        assert state is not None
        wait_until(lambda: len(family([], mark=str(home.path))) >= 2, control.log_tail)
        shutil.rmtree(home.path)
        wait_until(lambda: not state.supervisor.alive, lambda: family([], mark=str(home.path)))
    assert family([], mark=str(home.path)) == []


def test_two_starts_at_once_make_one_engine(engine: Engine) -> None:
    engine.control.stop()
    with attend(engine.home), ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: EngineControl(engine.home).start(), range(2))
        assert first.running
        assert first.pid == second.pid
        engine.wait(lambda: engine.control.status().ready)
        engines = [
            process.pid
            for process in psutil.process_iter(["cmdline"])
            if "backfill_tui.engine" in (process.info["cmdline"] or ())
            and str(engine.home.path) in process.info["cmdline"]
        ]
        # The supervisor and its warden.
        assert len(engines) == 2
        assert first.pid in engines


def test_a_killed_scheduler_is_started_again_and_its_tasks_run_again(ready_engine: Engine) -> None:
    backfill = create_backfill(ready_engine.home, "without_scheduler", "2021-02-01", "2021-02-01")
    ready_engine.wait_for_task("without_scheduler", "running")
    before = ready_engine.state
    old = family([before.components[Name.SCHEDULER]])
    os.kill(before.components[Name.SCHEDULER].pid, signal.SIGKILL)
    ready_engine.wait(lambda: ready_engine.state.restarts == before.restarts + 1)
    ready_engine.wait(lambda: ready_engine.control.status().ready)
    assert not any(process.is_running() and process.status() != "zombie" for process in old)
    ready_engine.open_gate("without_scheduler")
    ready_engine.wait_for_runs(backfill, "success", 1)
    assert ready_engine.state.components[Name.API_SERVER] == before.components[Name.API_SERVER]


def test_an_engine_that_has_to_wait_for_the_one_before_comes_up_all_the_same(ready_engine: Engine) -> None:
    ready_engine.state.supervisor.find().kill()  # type: ignore[union-attr]  # it runs
    lock = os.open(ready_engine.home.engine_lock, os.O_RDWR)
    try:
        # Whoever has the lock is ending, as long as it takes.
        ready_engine.wait(lambda: try_lock(lock))
        assert not ready_engine.control.start().running
    finally:
        os.close(lock)
    ready_engine.wait(lambda: ready_engine.control.status().ready)


def test_a_killed_engine_leaves_nothing_and_the_next_one_goes_on(ready_engine: Engine) -> None:
    backfill = create_backfill(ready_engine.home, "without_engine", "2021-03-01", "2021-03-01")
    ready_engine.wait_for_task("without_engine", "running")
    old = ready_engine.processes()
    assert len(old) > 2
    ready_engine.state.supervisor.find().kill()  # type: ignore[union-attr]  # it runs
    ready_engine.wait(lambda: not ready_engine.processes())
    assert not ready_engine.control.status().running
    ready_engine.make_ready()
    ready_engine.open_gate("without_engine")
    ready_engine.wait_for_runs(backfill, "success", 1)


def test_stopping_ends_everything_and_the_next_start_goes_on(ready_engine: Engine) -> None:
    backfill = create_backfill(ready_engine.home, "stopped", "2021-04-01", "2021-04-01")
    ready_engine.wait_for_task("stopped", "running")
    everything = [*ready_engine.processes(), psutil.Process(ready_engine.state.supervisor.pid)]
    status = ready_engine.control.stop()
    assert not status.running
    assert not status.problem
    assert not any(process.is_running() and process.status() != "zombie" for process in everything)
    ready_engine.make_ready()
    ready_engine.open_gate("stopped")
    ready_engine.wait_for_runs(backfill, "success", 1)


def test_a_deferred_task_gets_a_triggerer(ready_engine: Engine) -> None:
    backfill = create_backfill(ready_engine.home, "asleep", "2021-05-01", "2021-05-01")
    ready_engine.wait_for_runs(backfill, "success", 1)
    assert ready_engine.state.components[Name.TRIGGERER].alive


def test_a_deferred_task_goes_on_although_its_first_process_ends_late(ready_engine: Engine) -> None:
    backfill = create_backfill(ready_engine.home, "ends_late", "2021-05-01", "2021-05-01")
    ready_engine.wait((ready_engine.home.dags_folder / "awake-ends_late").exists)
    ready_engine.open_gate("ends_late")
    told = "Received executor event with state success for task instance TaskInstanceKey(dag_id='ends_late'"
    ready_engine.wait(lambda: told in ready_engine.control.log_tail("scheduler", 100_000))
    ready_engine.open_gate("awake")
    ready_engine.wait_for_runs(backfill, "success", 1)


def test_an_api_server_whose_port_was_taken_moves_to_another(ready_engine: Engine) -> None:
    before = ready_engine.state
    os.kill(before.components[Name.API_SERVER].pid, signal.SIGKILL)
    with socket.socket() as stranger:
        stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        wait_until(lambda: _bound(stranger, before.port), lambda: before.port)
        stranger.listen()
        ready_engine.wait(lambda: ready_engine.state.port != before.port)
        ready_engine.wait(lambda: ready_engine.control.status().ready)
    backfill = create_backfill(ready_engine.home, "quick_elsewhere", "2021-06-01", "2021-06-01")
    ready_engine.wait_for_runs(backfill, "success", 1)


def test_a_home_without_a_database_is_said_plainly(tmp_path: Path) -> None:
    home = private_home(tmp_path)
    control = EngineControl(home)
    with attend(home):
        control.start()
        wait_until(lambda: not control.status().running, control.log_tail)
    assert (
        control.status().problem == f"The home {home.path} has no database: open it with backfill-tui first"
    )


def test_an_airflow_that_can_not_start_is_given_up(home_with_dags: EmbeddedHome, tmp_path: Path) -> None:
    home = private_home(tmp_path)
    home.database.write_bytes(home_with_dags.database.read_bytes())
    text = home.airflow_cfg.read_text()
    home.airflow_cfg.write_text(text.replace("executor = LocalExecutor", "executor = NoSuchExecutor"))
    control = EngineControl(home)
    with attend(home):
        control.start()
        wait_until(lambda: control.status().problem, lambda: control.log_tail("scheduler"), 120)
    assert control.status().problem.startswith("The scheduler ended with exit code 1, 5 times in a row (")
    assert family([], mark=str(home.path)) == []


def _bound(stranger: socket.socket, port: int) -> bool:
    try:
        stranger.bind(("127.0.0.1", port))
    except OSError:
        return False
    return True
