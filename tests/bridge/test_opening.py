from __future__ import annotations

import shutil
import signal
import sqlite3
import subprocess
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import msgspec
import psutil
import pytest
from tests.support.bridges import bridge_command, home_with_database, running_bridge
from tests.support.homes import open_to_others, private_home

from backfill_tui.domain.environment import Environment, Mode, StartupPhase, StartupStep
from backfill_tui.domain.problems import AirflowFailed, BadRequest, Problem, Refused
from backfill_tui.engine.home import EmbeddedHome
from backfill_tui.gateway.bridge import BridgeGateway
from backfill_tui.gateway.child import BridgeChild, BridgeCommand
from backfill_tui.wire.frames import FrameReader, FrameWriter
from backfill_tui.wire.messages import Event, Hello, Request

pytestmark = [pytest.mark.airflow, pytest.mark.xdist_group("bridge_opening")]

DAILY = """
    import pendulum
    from airflow.sdk import DAG, task

    with DAG("{dag_id}", schedule="@daily", start_date=pendulum.datetime(2024, 1, 1, tz="UTC")):
        @task
        def one(): ...
        one()
"""
SLEEPS = "# a dag of airflow\nimport time\nprint('asleep', flush=True)\ntime.sleep(600)\n"


def revision(database: Path) -> str:
    with closing(sqlite3.connect(database)) as connection:
        [(found,)] = connection.execute("SELECT version_num FROM alembic_version")
    return str(found)


def gone(processes: list[psutil.Process]) -> bool:
    _, alive = psutil.wait_procs(processes, timeout=10)
    return not [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]


def attached(home: EmbeddedHome) -> BridgeCommand:
    embedded = bridge_command(home)
    words = [*embedded.words[:3], "--mode", "attached"]
    return BridgeCommand(words=words, environment=embedded.environment, log=embedded.log)


def test_a_first_start_tells_its_steps_in_order_and_makes_the_database(tmp_path: Path) -> None:
    home = private_home(tmp_path, {"daily.py": DAILY.format(dag_id="daily")})
    told: list[StartupStep] = []
    with running_bridge(home, opened=False) as bridge:
        environment = bridge.gateway.open(told.append)
        phases = list(dict.fromkeys(step.phase for step in told))
        assert phases == [
            StartupPhase.IMPORTING,
            StartupPhase.CREATING_DATABASE,
            StartupPhase.CHECKING_DATABASE,
            StartupPhase.PARSING,
            StartupPhase.READY,
        ]
        assert environment.mode is Mode.EMBEDDED
        assert (environment.executor, environment.database) == ("LocalExecutor", "sqlite")
        assert environment.version.startswith("3.")
        assert environment.where == f"{home.dags_folder}/"
        assert environment.scheduler_heartbeat is None
        assert [dag.dag_id for dag in bridge.gateway.dags().dags] == ["daily"]
    assert not open_to_others(home.path)
    assert not home.database.with_name("airflow.db.new").exists()


def test_what_was_asked_before_there_was_a_database_does_not_outlast_its_creation(tmp_path: Path) -> None:
    home = private_home(tmp_path, {"daily.py": DAILY.format(dag_id="daily")})
    with running_bridge(home, opened=False) as bridge:
        # Connecting makes an empty file, in whose place the database is put.
        with pytest.raises(AirflowFailed):
            bridge.gateway.environment()
        bridge.open()
        for is_paused in (True, False):
            with closing(sqlite3.connect(home.database, timeout=30)) as connection, connection:
                connection.execute("UPDATE dag SET is_paused = ?", (is_paused,))
            (dag,) = bridge.gateway.dags().dags
            assert dag.is_paused is is_paused


def test_a_warm_start_makes_no_database_and_counts_the_files(tmp_path: Path, database_template: Path) -> None:
    dags = {f"daily_{number}.py": DAILY.format(dag_id=f"daily_{number}") for number in range(3)}
    home = home_with_database(database_template, tmp_path, dags)
    with running_bridge(home, opened=False) as bridge:
        told = bridge.steps()
    assert StartupPhase.CREATING_DATABASE not in {step.phase for step in told}
    parsing = [step for step in told if step.phase is StartupPhase.PARSING]
    assert [step.done for step in parsing] == sorted(step.done for step in parsing)
    assert (parsing[-1].done, parsing[-1].total) == (3, 3)


def test_a_file_that_takes_long_is_named_while_it_is_waited_for(
    tmp_path: Path, database_template: Path
) -> None:
    slow = DAILY.format(dag_id="slow") + "\n    import time\n    time.sleep(3)\n"
    dags = {"daily.py": DAILY.format(dag_id="daily"), "slow.py": slow}
    with running_bridge(home_with_database(database_template, tmp_path, dags), opened=False) as bridge:
        waited = [step for step in bridge.steps() if step.sentence.startswith("Waiting for ")]
    assert (waited[-1].sentence, waited[-1].done, waited[-1].total) == ("Waiting for slow.py", 1, 2)


def test_two_sessions_that_start_at_once_make_one_database(tmp_path: Path) -> None:
    home = private_home(tmp_path, {"daily.py": DAILY.format(dag_id="daily")})
    opened: list[Environment] = []
    with (
        running_bridge(home, opened=False, log="one.log") as one,
        running_bridge(home, opened=False, log="two.log") as two,
    ):
        threads = [
            threading.Thread(target=lambda bridge=bridge: opened.append(bridge.open()))
            for bridge in (one, two)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert len(opened) == 2
        lists = [bridge.gateway.dags() for bridge in (one, two)]
    assert [[dag.dag_id for dag in found.dags] for found in lists] == [["daily"], ["daily"]]
    with closing(sqlite3.connect(home.database)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("SELECT count(*) FROM slot_pool").fetchone() == (1,)


def test_what_a_killed_first_start_left_is_made_anew(tmp_path: Path, database_template: Path) -> None:
    home = private_home(tmp_path)
    half = home.database.with_name("airflow.db.new")
    half.write_bytes(database_template.read_bytes()[:50_000])
    with closing(sqlite3.connect(home.database)) as connection:
        connection.execute("CREATE TABLE dag (dag_id TEXT)")
        connection.commit()
    with running_bridge(home):
        pass
    assert not half.exists()
    assert revision(home.database) == revision(database_template)


def test_a_database_of_another_airflow_is_refused_and_left_alone(
    tmp_path: Path, database_template: Path
) -> None:
    home = home_with_database(database_template, tmp_path)
    with closing(sqlite3.connect(home.database)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '1d6611b6ab7c'")
        connection.commit()
    with running_bridge(home, opened=False) as bridge, pytest.raises(Refused) as refused:
        bridge.open()
    assert "is of Airflow 3.2.0, but Airflow 3.3" in refused.value.message
    assert "airflow db migrate" in refused.value.remedy
    assert revision(home.database) == "1d6611b6ab7c"


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    home = private_home(tmp_path)
    home.database.write_bytes(b"my thesis\n" * 1000)
    with running_bridge(home, opened=False) as bridge, pytest.raises(Refused, match="is not a database"):
        bridge.open()
    assert home.database.read_bytes().startswith(b"my thesis")


def test_a_disk_that_takes_no_more_leaves_nothing_half_done(tmp_path: Path) -> None:
    home = private_home(tmp_path)
    command = bridge_command(home)
    # A limit on the size of files: writing fails as it does where the disk is full.
    limited = ["sh", "-c", 'ulimit -f 600; exec "$@"', "sh", *command.words]
    gateway = BridgeGateway(BridgeChild(replace(command, words=limited)))
    try:
        with pytest.raises(AirflowFailed, match=r"could not create the database .* disk I/O error"):
            gateway.open()
    finally:
        gateway.close()
    assert not [file.name for file in home.path.iterdir() if file.name.startswith("airflow.db.")]
    with running_bridge(home) as bridge:
        assert bridge.gateway.dags().dags == ()


def test_a_folder_that_is_gone_is_said_plainly(tmp_path: Path, database_template: Path) -> None:
    home = home_with_database(database_template, tmp_path)
    home.dags_folder.rmdir()
    with running_bridge(home, opened=False) as bridge:
        with pytest.raises(BadRequest, match="There is no Dags folder"):
            bridge.open()
        home.dags_folder.write_text("")
        with pytest.raises(BadRequest, match="is a file"):
            bridge.open()
        home.dags_folder.unlink()
        home.dags_folder.mkdir()
        bridge.open()
        listed = bridge.gateway.dags()
    assert (listed.dags, listed.import_problems) == ((), ())


def test_hello_comes_before_airflow_and_a_broken_airflow_is_the_answer_to_open(tmp_path: Path) -> None:
    home = private_home(tmp_path)
    broken = {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "sqlite:///relative.db"}
    command = bridge_command(home, variables=broken)
    child = BridgeChild(command)
    assert child.reader.skip_to_mark() == b""
    hello = child.reader.read()
    assert isinstance(hello, Hello)
    assert hello.pid == child.pid
    child.end()
    child.close_output()
    gateway = BridgeGateway(BridgeChild(command))
    try:
        with pytest.raises(AirflowFailed, match="Airflow does not import: AirflowConfigException") as failed:
            gateway.open()
        assert "Traceback" in failed.value.detail
    finally:
        gateway.close()


def test_it_ends_when_stdin_closes_also_while_a_call_is_under_way(
    tmp_path: Path, database_template: Path
) -> None:
    home = home_with_database(database_template, tmp_path, {"sleeps.py": SLEEPS})
    command = bridge_command(home)
    with command.log.open("wb") as log:
        bridge = subprocess.Popen(
            list(command.words),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env=dict(command.environment),
        )
    assert bridge.stdin is not None
    assert bridge.stdout is not None
    writer, reader = FrameWriter(bridge.stdin), FrameReader(bridge.stdout)  # type: ignore[arg-type]
    assert reader.skip_to_mark() == b""
    assert isinstance(reader.read(), Hello)
    writer.write(Request(1, "open", msgspec.Raw(msgspec.msgpack.encode({}))))
    while b"Parsing sleeps.py" not in bytes(_payload(reader.read())):
        pass
    family = psutil.Process(bridge.pid).children(recursive=True)
    assert len(family) == 2
    bridge.stdin.close()
    assert bridge.wait(10) == 0
    bridge.stdout.close()
    assert gone(family)


def _payload(message: object) -> bytes:
    assert isinstance(message, Event)
    return bytes(message.payload)


def test_a_signal_ends_it_at_once_with_all_its_children(tmp_path: Path, database_template: Path) -> None:
    home = home_with_database(database_template, tmp_path, {"sleeps.py": SLEEPS})
    asleep = threading.Event()

    def on_step(step: StartupStep) -> None:
        if "sleeps.py" in step.sentence:
            asleep.set()

    with running_bridge(home, opened=False) as bridge:
        problems: list[Problem] = []

        def open_() -> None:
            try:
                bridge.gateway.open(on_step)
            except Problem as problem:
                problems.append(problem)

        opening = threading.Thread(target=open_)
        opening.start()
        assert asleep.wait(60)
        process = psutil.Process(bridge.child.pid)
        family = process.children(recursive=True)
        process.send_signal(signal.SIGTERM)
        opening.join(10)
    assert gone(family)
    assert "was ended by signal 15" in problems[0].message


def test_a_cancelled_opening_leaves_the_parser_ready_for_the_next(
    tmp_path: Path, database_template: Path
) -> None:
    home = home_with_database(database_template, tmp_path, {"sleeps.py": SLEEPS})

    class EnoughError(Exception):
        pass

    def on_step(step: StartupStep) -> None:
        if "sleeps.py" in step.sentence:
            raise EnoughError

    with running_bridge(home, opened=False) as bridge:
        with pytest.raises(EnoughError):
            bridge.gateway.open(on_step)
        (home.dags_folder / "sleeps.py").unlink()
        bridge.open()
        assert bridge.gateway.dags().dags == ()


def test_attached_it_reads_what_is_there_and_never_parses_or_makes_anything(
    tmp_path: Path, database_template: Path
) -> None:
    home = home_with_database(database_template, tmp_path, {"daily.py": DAILY.format(dag_id="daily")})
    gateway = BridgeGateway(BridgeChild(attached(home)))
    told: list[StartupStep] = []
    try:
        environment = gateway.open(told.append)
        assert environment.mode is Mode.ATTACHED
        assert environment.where == f"{home.path}/"
        assert StartupPhase.PARSING not in {step.phase for step in told}
        assert gateway.dags().dags == ()
        with pytest.raises(Refused, match="parsed by its own Dag processor, one file at a time"):
            gateway.parse()
    finally:
        gateway.close()


def test_attached_to_a_home_without_tables_it_says_so_and_makes_none(tmp_path: Path) -> None:
    home = private_home(tmp_path)
    gateway = BridgeGateway(BridgeChild(attached(home)))
    try:
        with pytest.raises(Refused, match="has no tables of Airflow") as refused:
            gateway.open()
    finally:
        gateway.close()
    assert "airflow db migrate" in refused.value.remedy
    shutil.rmtree(home.path)
