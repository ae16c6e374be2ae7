"""The commands as processes of their own, with the real bridge and the real Airflow."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from tests.cli.conftest import Ended
from tests.support.homes import private_home
from tests.support.pages import read_page
from tests.support.terminal import Terminal

from backfill_tui.engine.home import EmbeddedHome

pytestmark = [pytest.mark.airflow, pytest.mark.xdist_group("cli-real-bridge")]

RANGE = ("--from", "2024-03-09", "--to", "2024-03-11")
DAGS = {
    "daily.py": """
        import os
        os.write(1, b"noise on the real stdout")
        print("noise " * 1000)
        from airflow.sdk import DAG
        from airflow.providers.standard.operators.empty import EmptyOperator
        with DAG("nightly", schedule="0 2 * * *", start_date=__import__("pendulum").datetime(2021, 1, 1,
                 tz="America/New_York"), catchup=False):
            EmptyOperator(task_id="one") >> EmptyOperator(task_id="two")
    """,
    "triggered.py": """
        from airflow.sdk import DAG
        from airflow.providers.standard.operators.empty import EmptyOperator
        with DAG("on_request", schedule=None):
            EmptyOperator(task_id="one")
    """,
    "kinds.py": """
        from datetime import timedelta
        import pendulum
        from airflow.sdk import DAG, CronPartitionTimetable, CronTriggerTimetable
        from airflow.providers.standard.operators.empty import EmptyOperator
        from slow_timetable import EverySecond
        kinds = {
            "lagging": CronTriggerTimetable("0 6 * * *", timezone="UTC", interval=timedelta(days=1)),
            "partitioned": CronPartitionTimetable("0 0 * * *", timezone="America/New_York"),
            "slow": EverySecond(),
        }
        for name, timetable in kinds.items():
            with DAG(name, schedule=timetable, start_date=pendulum.datetime(2021, 1, 1), catchup=False):
                EmptyOperator(task_id="one")
    """,
    "broken.py": "from airflow.sdk import DAG\nraise RuntimeError('[/red] \\x1b[31mno')",
}

SLOW_TIMETABLE = """
import time
from datetime import timedelta

from airflow.plugins_manager import AirflowPlugin
from airflow.timetables.base import DagRunInfo, Timetable


class EverySecond(Timetable):
    periodic = True

    def infer_manual_data_interval(self, run_after):
        return DagRunInfo.exact(run_after).data_interval

    def next_dagrun_info(self, *, last_automated_data_interval, restriction):
        time.sleep(0.002)
        after = restriction.earliest
        if last_automated_data_interval is not None:
            after = last_automated_data_interval.start + timedelta(seconds=1)
        return None if after > restriction.latest else DagRunInfo.exact(after)


class SlowTimetables(AirflowPlugin):
    name = "slow_timetable"
    timetables = [EverySecond]
"""
DAG_IDS = ["lagging", "nightly", "on_request", "partitioned", "slow"]


@dataclass(frozen=True)
class Program:
    """The program on one private home, in surroundings of its own."""

    home: EmbeddedHome
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "BACKFILL"))
        }
        return {
            **kept,
            "HOME": str(self.folder),
            "XDG_STATE_HOME": str(self.folder / "state"),
            "BACKFILL_TUI_HINTS": "no",
            "XDG_CONFIG_HOME": str(self.folder / "config"),
        }

    def words(self, *words: str) -> list[str]:
        here = ["--dags-folder", str(self.home.dags_folder), "--home", str(self.home.path)]
        return [sys.executable, "-m", "backfill_tui", *here, *words]

    def __call__(self, *words: str) -> Ended:
        return self.run(self.words(*words))

    def run(self, words: Sequence[str]) -> Ended:
        done = subprocess.run(
            words,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        return Ended(code=done.returncode, out=done.stdout, talk=done.stderr)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    folder = tmp_path_factory.mktemp("command-line")
    made = Program(home=private_home(folder, DAGS), folder=folder)
    plugins = made.home.path / "plugins"
    plugins.mkdir(exist_ok=True)
    (plugins / "slow_timetable.py").write_text(SLOW_TIMETABLE)
    first = made("dags", "--json")
    assert first.code == 0, first.talk
    assert "Creating the database" in first.talk
    return made


def test_dags_are_json_though_their_files_write_to_stdout(program: Program) -> None:
    ended = program("dags", "--json")
    assert ended.code == 0
    assert [dag["dag_id"] for dag in ended.json["dags"]] == DAG_IDS
    assert ended.json["dags"][1]["timezone"] == "America/New_York"
    (broken,) = ended.json["import_problems"]
    assert broken["file"] == "broken.py"
    assert "[/red]" in broken["sentence"]
    assert "noise" not in ended.talk
    assert "\x1b" not in ended.out + ended.talk


def test_a_plan_over_the_change_of_the_clock(program: Program) -> None:
    plan = program("plan", "nightly", *RANGE, "--json").json
    assert plan["from_date"] == "2024-03-09T05:00:00+00:00"
    assert plan["to_date"] == "2024-03-12T03:59:59.999999+00:00"
    assert [run["logical_date"] for run in plan["runs"]] == [
        "2024-03-09T07:00:00+00:00",
        "2024-03-10T07:00:00+00:00",
        "2024-03-11T06:00:00+00:00",
    ]
    assert plan["totals"]["create"] == 3


def test_the_dates_of_a_plan_are_the_same_in_every_form(program: Program) -> None:
    words = ("plan", "nightly", "--range", "2024-03-09..2024-03-11")
    plan = program(*words, "--json").json
    assert plan["from_date"] == "2024-03-09T05:00:00+00:00"
    assert plan["estimate"]["runs"] == 3
    assert plan["commands"]["airflow"].startswith("airflow backfill create --dag-id nightly ")
    assert plan["blocked"] is False
    rows = list(csv.DictReader(io.StringIO(program(*words, "--output", "csv").out)))
    for row, run in zip(rows, plan["runs"], strict=True):
        assert row["logical_date"] == run["logical_date"]
        assert (row["verdict"], row["reason"]) == (run["verdict"], run["reason"])
    lines = program(*words, "--as-command").out.splitlines()
    assert [line.partition(": ")[2] for line in lines] == list(plan["commands"].values())


@pytest.mark.parametrize("dag_id", ["nightly", "lagging", "partitioned"])
def test_holes_are_narrowed_without_losing_one_whatever_the_timetable_bounds(
    program: Program, dag_id: str
) -> None:
    words = ("plan", dag_id, *RANGE, "--json")
    every, holes = program(*words).json, program(*words, "--holes").json
    assert holes["runs"] == every["runs"]
    assert holes["totals"]["create"] == 3
    assert every["from_date"] <= holes["from_date"] < holes["to_date"] <= every["to_date"]


def test_a_month_of_a_partitioned_dag_is_its_partitions_of_that_month(program: Program) -> None:
    ended = program("plan", "partitioned", "--range", "2024-03", "--json")
    keys = [run["partition_key"] for run in ended.json["runs"]]
    assert (len(keys), keys[0][:10], keys[-1][:10]) == (31, "2024-03-01", "2024-03-31")
    assert ended.json["timezone"] == ended.json["partition_zone"] == "America/New_York"
    assert "Range: Fri 2024-03-01 00:00 to Sun 2024-03-31 24:00 America/New_York" in ended.talk
    table = program("plan", "partitioned", "--range", "2024-03").out
    assert "Partition (America/New_York)" in table.splitlines()[0]
    dags = {dag["dag_id"]: dag["partition_zone"] for dag in program("dags", "--json").json["dags"]}
    assert dags == {**dict.fromkeys(DAG_IDS, ""), "partitioned": "America/New_York"}


def test_a_dag_is_unpaused_by_the_command_that_the_warning_names(program: Program) -> None:
    assert program("pause-dag", "nightly", "--yes", "--json").json["changed"] is True
    try:
        (warning,) = (
            each
            for each in program("plan", "nightly", *RANGE, "--json").json["warnings"]
            if each["code"] == "dag_paused"
        )
        words = shlex.split(warning["remedy"].partition("backfill-tui ")[2])
    finally:
        ended = program("unpause-dag", "nightly", "--yes", "--json")
    assert words[-2:] == ["unpause-dag", "nightly"]
    assert ended.json == {"dag_id": "nightly", "is_paused": False, "changed": True, "remarks": []}


def test_the_hole_of_one_day_is_planned_as_that_day(program: Program) -> None:
    plan = program("plan", "nightly", "--holes", "--range", "2024-05-01", "--json").json
    assert plan["from_date"] == "2024-05-01T04:00:00+00:00"
    assert plan["to_date"] == "2024-05-02T03:59:59.999999+00:00"
    assert plan["totals"]["create"] == 1


def test_a_plan_that_airflow_would_refuse_is_shown_and_ends_with_4(program: Program) -> None:
    ended = program("plan", "nightly", "--range", "2024-03-09T03:00..2024-03-09T04:00", "--json")
    assert ended.code == 4
    assert (ended.json["runs"], ended.json["blocked"]) == ([], True)
    assert "This forbids a launch: The schedule has no date in this range" in ended.talk


def test_ctrl_c_ends_a_plan_of_a_slow_timetable_that_tells_how_far_it_is(program: Program) -> None:
    with subprocess.Popen(
        program.words("plan", "slow", "--range", "2024-01-01"),
        env=program.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stderr is not None
        told = next(line for line in process.stderr if "so far" in line)
        children = psutil.Process(process.pid).children(recursive=True)
        pressed = time.monotonic()
        process.send_signal(signal.SIGINT)
        out, talk = process.communicate(timeout=60)
    assert time.monotonic() - pressed < 10
    assert re.fullmatch(r"Planning slow: [\d,]+ dates so far, up to 2024-01-01\n", told)
    assert (process.returncode, out, talk.splitlines()[-1]) == (130, "", "interrupted")
    _, alive = psutil.wait_procs(children, timeout=30)
    assert alive == []


def test_a_launch_that_nobody_agrees_to_creates_and_starts_nothing(program: Program) -> None:
    ended = program("launch", "nightly", *RANGE)
    assert ended.code == 4
    assert "add --yes" in ended.talk
    assert program("--read-only", "launch", "nightly", *RANGE, "--yes").code == 4
    assert program("list", "--json").json == {"backfills": []}
    assert program("engine", "status").code == 3


def test_on_a_terminal_a_launch_asks_and_no_means_no(program: Program) -> None:
    words = program.words("launch", "nightly", *RANGE)
    with Terminal(words, environment=program.environment, columns=120, lines=36) as terminal:
        terminal.wait_for("Create 3 runs? [y/N]", seconds=120)
        terminal.press("n", "enter")
        assert terminal.wait_for_exit() == 4
    assert program("list", "--json").json == {"backfills": []}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("plan", "nightli", *RANGE), 'did you mean "nightly"?'),
        (("plan", "on_request", *RANGE), "on_request"),
        (("watch",), "There is no backfill yet"),
        (("watch", "99"), "99"),
        (("rerun", "nightly", "--yes"), "nightly has no backfill yet"),
        (("rerun", "nightli", "--yes"), 'did you mean "nightly"?'),
        (("rerun", "nightly", "--backfill", "99", "--yes"), "99"),
    ],
)
def test_what_does_not_exist_is_one_sentence(program: Program, words: tuple[str, ...], sentence: str) -> None:
    ended = program(*words)
    assert (ended.code, ended.out) == (2, "")
    error = ended.talk.splitlines()[-1]
    assert error.startswith("error: ")
    assert sentence in error


def test_an_attached_airflow_is_read_and_nothing_is_put_into_its_home(program: Program) -> None:
    before = sorted(path.name for path in program.home.path.iterdir())
    attached = ["--airflow-home", str(program.home.path), "dags", "--json"]
    ended = program.run([sys.executable, "-m", "backfill_tui", *attached])
    assert ended.code == 0, ended.talk
    assert [dag["dag_id"] for dag in ended.json["dags"]] == DAG_IDS
    assert "Parsed" not in ended.talk
    assert sorted(path.name for path in program.home.path.iterdir()) == before
    assert list((program.folder / "state").rglob("bridge-*.log"))


def test_a_reader_that_goes_away_ends_it_quietly(program: Program) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    with os.fdopen(write_end, "wb") as gone:
        done = subprocess.run(
            program.words("dags", "--json"),
            env=program.environment,
            stdin=subprocess.DEVNULL,
            stdout=gone,
            stderr=subprocess.PIPE,
            text=True,
            timeout=240,
            check=False,
        )
    assert done.returncode == 141
    assert "Traceback" not in done.stderr
    assert "error" not in done.stderr


@pytest.fixture
def endless_dag_file(program: Program) -> Iterator[None]:
    """While it is there Airflow does not get up, for one of its Dag files is still being imported."""
    path = program.home.dags_folder / "endless.py"
    path.write_text("import time\nfrom pathlib import Path\nwhile Path(__file__).exists(): time.sleep(0.1)\n")
    yield
    path.unlink()


@pytest.mark.usefixtures("endless_dag_file")
def test_ctrl_c_while_airflow_comes_up_leaves_no_process(program: Program) -> None:
    with subprocess.Popen(
        program.words("dags"),
        env=program.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "Starting Airflow\n"
        children = psutil.Process(process.pid).children(recursive=True)
        assert children
        process.send_signal(signal.SIGINT)
        out, talk = process.communicate(timeout=60)
    assert (process.returncode, out, talk.splitlines()[-1]) == (130, "", "interrupted"), talk
    _, alive = psutil.wait_procs(children, timeout=30)
    assert alive == []


def test_sessions_side_by_side_have_a_log_each(program: Program) -> None:
    together = [
        subprocess.Popen(
            program.words("dags", "--json"),
            env=program.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    told = [process.communicate(timeout=240) for process in together]
    assert [process.returncode for process in together] == [0, 0], told
    assert all(len(json.loads(out)["dags"]) == len(DAG_IDS) for out, _ in told)
    logs = {program.home.path / f"bridge-{process.pid}.log" for process in together}
    assert all(log.exists() for log in logs)


def test_without_a_command_the_screen_opens_and_q_closes_it(program: Program) -> None:
    with Terminal(program.words("--read-only"), environment=program.environment) as terminal:
        terminal.wait_for("nightly", "on_request", seconds=60)
        terminal.press("q")
        assert terminal.wait_for_exit() == 0


def test_a_screen_that_is_killed_takes_its_bridge_along(program: Program) -> None:
    with Terminal(program.words("--read-only"), environment=program.environment) as terminal:
        terminal.wait_for("nightly", "on_request", seconds=60)
        children = psutil.Process(terminal.process.pid).children(recursive=True)
        assert children
        terminal.kill()
        _, alive = psutil.wait_procs(children, timeout=30)
        assert alive == []


def test_what_became_of_a_backfill_is_the_same_in_every_form(program: Program, tmp_path: Path) -> None:
    words = ("nightly", "--from", "2023-05-01", "--to", "2023-05-03")
    launched = program("launch", *words, "--yes", "--paused", "--conf", '{"why": "</script>"}', "--json")
    number = launched.json["backfill_id"]
    of_it = ("export", "nightly", "--backfill", str(number))
    found = program(*of_it, "--json").json
    assert found["conf"] == {"why": "</script>"}
    assert found["about"]["backfill_id"] == number
    assert [len(run["task_instances"]) for run in found["runs"]] == [2, 2, 2]
    rows = list(csv.DictReader(io.StringIO(program(*of_it).out)))
    assert [(row["run_id"], row["task_id"], row["state"]) for row in rows] == [
        (run["run_id"], task["task_id"], task["state"])
        for run in found["runs"]
        for task in run["task_instances"]
    ]
    page = tmp_path / "page.html"
    assert program(*of_it, "--out", str(page)).code == 0
    titles = read_page(page.read_text("utf-8")).text("title")
    assert "2023-05-01 02:00, one: no status yet" in titles
    assert program("cancel", str(number), "--yes").code == 0
