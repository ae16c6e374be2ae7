from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import psutil
import pytest
from tests.support.bridges import RunningBridge, home_with_database, running_bridge

from backfill_tui.domain.dags import DagList, ImportProblem
from backfill_tui.domain.environment import StartupPhase, StartupStep

pytestmark = [pytest.mark.airflow, pytest.mark.xdist_group("bridge_parsing")]

GOOD = """
    import pendulum
    from airflow.sdk import DAG, task

    with DAG("{dag_id}", schedule="@daily", start_date=pendulum.datetime(2024, 1, 1, tz="UTC")):
        @task
        def {task_id}(): ...
        {task_id}()
"""


def good(dag_id: str, before: str = "", task_id: str = "one") -> str:
    return f"{before}\n{dedent(GOOD.format(dag_id=dag_id, task_id=task_id))}"


HEAD = "# a dag of airflow\n"
HOSTILE = {
    "calls_exit.py": HEAD + "import sys\nsys.exit('no database today')\n",
    "calls_bare_exit.py": HEAD + "import sys\nsys.exit()\n",
    "calls_os_exit.py": HEAD + "import os\nos._exit(3)\n",
    "calls_os_exit_0.py": HEAD + "import os\nos._exit(0)\n",
    "segfaults.py": HEAD + "import ctypes\nctypes.string_at(0)\n",
    "sleeps.py": HEAD + "import time\ntime.sleep(600)\n",
    "loops.py": HEAD + "while True:\n    pass\n",
    "loops_on.py": HEAD + "import time\nwhile True:\n    try:\n        time.sleep(600)\n"
    "    except BaseException:\n        pass\n",
    "writes_to_fd_1.py": good("writes_to_fd_1", "import os\nos.write(1, b'\\x00\\x00\\x00\\x05hello' * 100)"),
    "floods.py": good("floods", "print('x' * 30_000_000)"),
    "starts_a_process.py": good("starts_a_process", "import subprocess\nsubprocess.Popen(['sleep', '611'])"),
    "forks.py": good("forks", "import os, time\nif os.fork() == 0:\n    time.sleep(600)"),
    "reads_stdin.py": HEAD + "input('Who are you? ')\n",
    "raises_ansi.py": HEAD + r"raise RuntimeError('\x1b[31mred\x1b[0m [/red] \x1b]0;title\x07end')" + "\n",
    "twice_a.py": good("twice"),
    "twice_b.py": good("twice"),
    "has_no_syntax.py": HEAD + "def f(:\n",
    "good.py": good("good"),
}


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory, database_template: Path) -> Iterator[RunningBridge]:
    """A bridge that came up over a folder of files that do what no Dag file should."""
    home = home_with_database(database_template, tmp_path_factory.mktemp("hostile"), HOSTILE)
    with running_bridge(home, variables={"AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": "1"}) as bridge:
        yield bridge


@pytest.fixture(scope="module")
def hostile_list(hostile: RunningBridge) -> DagList:
    return hostile.gateway.dags()


def problem_of(listed: DagList, file: str) -> ImportProblem:
    [found] = [problem for problem in listed.import_problems if problem.file == file]
    return found


def test_whatever_a_file_does_the_others_still_list(hostile_list: DagList) -> None:
    assert [dag.dag_id for dag in hostile_list.dags] == [
        "floods",
        "forks",
        "good",
        "starts_a_process",
        "twice",
        "writes_to_fd_1",
    ]


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        ("calls_exit.py", "It calls sys.exit: no database today"),
        ("calls_bare_exit.py", "It calls sys.exit"),
        ("calls_os_exit.py", "The file ended its Python process with exit code 3 while it was imported"),
        ("calls_os_exit_0.py", "The file ended its Python process with exit code 0 while it was imported"),
        ("segfaults.py", "The Python process was ended by SIGSEGV while the file was imported"),
        ("sleeps.py", "Importing it took longer than 1.0 s"),
        ("loops.py", "Importing it took longer than 1.0 s"),
        ("loops_on.py", "Parsing took longer than 6 s, so it was ended"),
        ("reads_stdin.py", "EOFError: EOF when reading a line"),
        ("raises_ansi.py", "RuntimeError: red [/red] end"),
        ("has_no_syntax.py", "SyntaxError: invalid syntax"),
    ],
)
def test_a_file_that_fails_says_why_in_a_sentence(hostile_list: DagList, file: str, sentence: str) -> None:
    problem = problem_of(hostile_list, file)
    assert problem.sentence == sentence
    assert problem.advice
    assert not {"\x1b", "\x07"} & set(problem.traceback)


def test_a_crash_shows_where_it_was(hostile_list: DagList) -> None:
    problem = problem_of(hostile_list, "segfaults.py")
    assert "segfaults.py" in problem.traceback
    assert problem.advice == "look at line 3 of segfaults.py"


def test_of_two_dags_with_one_id_the_second_file_is_the_problem(
    hostile: RunningBridge, hostile_list: DagList
) -> None:
    [kept] = [dag for dag in hostile_list.dags if dag.dag_id == "twice"]
    assert kept.file == "twice_a.py"
    problem = problem_of(hostile_list, "twice_b.py")
    assert problem.sentence == f'The Dag "twice" is also in {hostile.home.dags_folder / "twice_a.py"}'
    assert problem.advice == "give one of the two another dag_id"


def test_a_flood_stays_small_and_nothing_is_left_running(hostile: RunningBridge) -> None:
    assert hostile.home.path.joinpath("parsing.log").stat().st_size < 1_000_000
    assert hostile.home.bridge_log.stat().st_size < 1_000_000
    [parser] = psutil.Process(hostile.child.pid).children(recursive=True)
    assert parser.is_running()
    assert not [
        process.pid
        for process in psutil.process_iter(["cmdline"])
        if process.info["cmdline"] == ["sleep", "611"]
    ]


def test_the_folder_is_read_as_airflow_reads_it(tmp_path: Path, database_template: Path) -> None:
    home = home_with_database(database_template, tmp_path)
    folder = home.dags_folder
    (folder / ".airflowignore").write_text("ignored_*\n")
    (folder / "ignored_one.py").write_text(good("ignored"))
    (folder / "helper.py").write_text("VALUE = 'from_helper'\n")
    (folder / "inner").mkdir()
    (folder / "inner" / "uses_helper.py").write_text(
        good("uses_helper", "from helper import VALUE", task_id="one")
    )
    (folder / "notes.txt").write_text("a dag of airflow")
    with zipfile.ZipFile(folder / "packed.zip", "w") as packed:
        packed.writestr("packed_dag.py", good("packed"))
    (folder / "日本.py").write_text(good("nihon_dag"))
    with running_bridge(home) as bridge:
        listed = bridge.gateway.dags()
    assert listed.import_problems == ()
    assert {dag.dag_id: dag.file for dag in listed.dags} == {
        "nihon_dag": "日本.py",
        "packed": "packed.zip/packed_dag.py",
        "uses_helper": "inner/uses_helper.py",
    }


def test_parsing_again_follows_every_change_of_the_files(tmp_path: Path, database_template: Path) -> None:
    home = home_with_database(
        database_template,
        tmp_path,
        {"stays.py": good("stays"), "goes.py": good("goes"), "breaks.py": good("breaks")},
    )
    folder = home.dags_folder
    with running_bridge(home) as bridge:
        parse = bridge.gateway.parse
        (folder / "goes.py").unlink()
        (folder / "comes.py").write_text(good("comes"))
        (folder / "breaks.py").write_text(good("breaks", "import no_such_module"))
        (folder / "stays.py").write_text(good("stays", task_id="two"))
        steps: list[StartupStep] = []
        listed = parse(steps.append)
        assert steps[-1].phase is StartupPhase.READY
        assert [dag.dag_id for dag in listed.dags] == ["comes", "stays"]
        assert listed.dags[1].task_ids == ("two",)
        assert problem_of(listed, "breaks.py").sentence == "No module named 'no_such_module'"

        (folder / "breaks.py").write_text(good("breaks"))
        (folder / "stays.py").write_text(good("has_another_name"))
        listed = parse()
        assert [dag.dag_id for dag in listed.dags] == ["breaks", "comes", "has_another_name"]
        assert listed.import_problems == ()

        (folder / "breaks.py").write_text(HEAD + "1 / 0\n")
        assert parse().import_problems
        (folder / "breaks.py").unlink()
        assert parse().import_problems == ()
