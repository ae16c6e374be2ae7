from __future__ import annotations

import os
import threading
from pathlib import Path

from tests.cli.conftest import CommandLine
from tests.support.scripted import ScriptedEngine
from tests.support.world import World

from backfill_tui.headless.engine import EngineRoom, show_logs
from backfill_tui.headless.paper import Paper
from backfill_tui.headless.voice import PlainVoice


def test_the_status_of_the_engine_is_its_exit_code(run: CommandLine) -> None:
    engine = run.composition.engine_of = ScriptedEngine(run.world)
    assert run("engine", "status").code == 3
    assert run("engine", "status").out == "stopped\n"
    engine.start()
    starting = run("engine", "status", "--json")
    assert starting.code == 0
    assert (starting.json["running"], starting.json["ready"], starting.json["pid"]) == (True, False, 4711)
    engine.ready()
    assert run("engine", "status").out == "The engine is ready (process 4711)\n"


def test_no_bridge_is_started_to_ask_about_the_engine(run: CommandLine) -> None:
    run.composition.engine_of = ScriptedEngine(run.world)
    run("engine", "status")
    assert run.composition.gateways == []


def test_the_engine_is_stopped_and_stopping_it_again_is_no_error(run: CommandLine) -> None:
    engine = run.composition.engine_of = ScriptedEngine(run.world)
    engine.start()
    assert run("--read-only", "engine", "stop").code == 4
    assert engine.status().running
    assert run("engine", "stop").code == 0
    assert not engine.status().running
    again = run("engine", "stop", "--json")
    assert again.code == 0
    assert again.json["running"] is False


def test_an_airflow_that_is_not_ours_has_no_engine(run: CommandLine) -> None:
    ended = run("engine", "status")
    assert ended.code == 2
    assert "There is no engine here" in ended.talk


def test_the_end_of_a_log_is_shown_harmlessly(run: CommandLine, tmp_path: Path) -> None:
    log = tmp_path / "scheduler.log"
    log.write_bytes(b"one\n\x1b[31mtwo\x1b[0m [/red]\n\xff three\nunfinished")
    run.composition.engine_of = ScriptedEngine(run.world)
    run.composition.logs = {"scheduler": log}
    assert run("engine", "logs", "scheduler", "--lines", "2").out == "two [/red]\n\ufffd three\n"
    assert run("engine", "logs", "scheduler", "--json").json == {
        "component": "scheduler",
        "path": str(log),
        "lines": ["one", "\x1b[31mtwo\x1b[0m [/red]", "\ufffd three"],
    }
    unknown = run("engine", "logs", "sheduler")
    assert unknown.code == 2
    assert 'There is no log of "sheduler": the logs are of: scheduler' in unknown.talk


def test_a_log_is_followed_as_it_is_written_and_begun_anew(world: World, tmp_path: Path) -> None:
    log = tmp_path / "engine.log"
    log.write_text("first\npart")
    read_end, write_end = os.pipe()

    def write(text: str, mode: str) -> None:
        with log.open(mode) as file:
            file.write(text)

    with os.fdopen(write_end, "w") as out, os.fdopen(read_end) as lines:
        room = EngineRoom(
            engine=ScriptedEngine(world),
            logs={"engine": log},
            voice=PlainVoice(out),
            paper=Paper(out, is_terminal=False),
        )
        over = threading.Event()
        follower = threading.Thread(
            target=lambda: show_logs(room, None, lines=10, follow=True, is_over=over.is_set), name="follow"
        )
        follower.start()
        assert lines.readline() == "first\n"
        write(" two\n", "a")
        assert lines.readline() == "part two\n"
        write("new\n", "w")
        assert lines.readline() == "new\n"
        over.set()
        follower.join()
