"""Several Dag files share a process one after the other; none of them may show in the Dags of the next."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import psutil
import pytest
from tests.support.bridges import home_with_database, running_bridge

from backfill_tui.domain.dags import DagList

pytestmark = [pytest.mark.airflow, pytest.mark.xdist_group("bridge_parsing")]

# What a file sees of its process is told in the description of its Dag.
WITNESS = """
import json, logging, os, random, signal, sys, threading
from airflow.sdk import DAG
from airflow.sdk.definitions._internal.contextmanager import DagContext
import helper
from package.part import SEEN

helper.SEEN.append(__file__)
SEEN.append(__file__)
seen = dict(
    helper=len(helper.SEEN),
    part=len(SEEN),
    environ=os.environ.get("LEFT_BEHIND"),
    folder=os.path.basename(os.getcwd()),
    umask=oct(os.umask(0o022)),
    stdin=os.path.exists("/dev/fd/0"),
    threads=[thread.name for thread in threading.enumerate()],
    handler=str(signal.getsignal(signal.SIGUSR1)),
    timer=signal.getitimer(signal.ITIMER_VIRTUAL)[0],
    context=str(DagContext.get_current_dag()),
    path="left" in sys.path,
    fake=sys.modules.get("fake") is not None,
    patched=DAG.validate.__name__,
    dumps=json.dumps.__name__,
    limit=sys.getrecursionlimit() == 12_345,
    logging=logging.root.manager.disable,
    stdout=sys.stdout.name,
)
pid = os.getpid()
with DAG("{dag_id}", description=json.dumps([seen, pid]), schedule=None):
    pass
"""
HEAD = "# a dag of airflow\n"
WORKING = """
from airflow.sdk import DAG
with DAG("{dag_id}", schedule=None):
    pass
"""
LEAVES = {
    "environment": "import os\nos.environ['LEFT_BEHIND'] = 'x'",
    "folder": "import os\nos.chdir('/')",
    "mask": "import os\nos.umask(0o077)",
    "no_stdin": "import os\nos.close(0)",
    "other_output": "import os\nos.dup2(0, 1)",
    "a_thread": "import threading, time\nthreading.Thread(target=time.sleep, args=(60,)).start()",
    "a_thread_that_ends_all": "import os, threading\nthreading.Timer(0.2, os._exit, [9]).start()",
    "a_process": "import subprocess\nsubprocess.Popen(['sleep', '612'])",
    "a_handler": "import signal\nsignal.signal(signal.SIGUSR1, print)",
    "a_timer": "import signal\nsignal.setitimer(signal.ITIMER_VIRTUAL, 0.05)",
    "an_open_dag": "from airflow.sdk import DAG\nDAG('an_open_dag', schedule=None).__enter__()",
    "a_path": "import sys\nsys.path.append('left')",
    "a_fake_module": "import sys, types\nsys.modules['fake'] = types.ModuleType('fake')",
    "a_patched_dag": "from airflow.sdk import DAG\nDAG.validate = lambda self: None",
    "a_patched_module": "import json\njson.dumps = lambda *_, **__: '{}'",
    "a_limit": "import sys\nsys.setrecursionlimit(12_345)",
    "no_logging": "import logging\nlogging.disable(logging.CRITICAL)",
    "another_stdout": "import io, sys\nsys.stdout = io.StringIO()",
}
WITNESSES_BETWEEN = 4


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory, database_template: Path) -> Iterator[DagList]:
    """The Dags of a folder where after each file that leaves something come some that tell what they see."""
    files = {"helper.py": "SEEN = []\n"}
    for kind, source in LEAVES.items():
        rest = "" if kind == "an_open_dag" else WORKING.replace("{dag_id}", kind)
        files[f"{kind}_0.py"] = f"{HEAD}{source}\n{rest}"
        for number in range(1, WITNESSES_BETWEEN + 1):
            dag_id = f"witness_{kind}_{number}"
            files[f"{kind}_{number}.py"] = WITNESS.replace("{dag_id}", dag_id)
    home = home_with_database(database_template, tmp_path_factory.mktemp("isolation"), files)
    (home.dags_folder / "package").mkdir()
    (home.dags_folder / "package" / "part.py").write_text("SEEN = []\n")
    with running_bridge(home) as bridge:
        yield bridge.gateway.dags()


def witnesses(listed: DagList) -> dict[str, tuple[dict[str, object], int]]:
    return {
        dag.dag_id: tuple(json.loads(dag.description))
        for dag in listed.dags
        if dag.dag_id.startswith("witness_")
    }


def test_a_file_sees_nothing_of_what_those_before_it_left(listed: DagList) -> None:
    found = witnesses(listed)
    assert len(found) == len(LEAVES) * WITNESSES_BETWEEN
    [clean] = {json.dumps(seen, sort_keys=True) for seen, _ in found.values()}
    seen = json.loads(clean)
    assert seen["helper"] == seen["part"] == 1
    assert seen["threads"] == ["MainThread"]
    assert (seen["environ"], seen["context"], seen["timer"]) == (None, "None", 0)
    assert (seen["patched"], seen["dumps"]) == ("validate", "dumps")


def test_a_file_that_leaves_something_has_its_own_dags_all_the_same(listed: DagList) -> None:
    assert not listed.import_problems
    assert set(LEAVES) - {"an_open_dag"} <= {dag.dag_id for dag in listed.dags}
    assert not [
        process.pid
        for process in psutil.process_iter(["cmdline"])
        if process.info["cmdline"] == ["sleep", "612"]
    ]


def test_files_that_leave_nothing_share_a_process(listed: DagList) -> None:
    processes = {pid for _, pid in witnesses(listed).values()}
    assert len(processes) <= len(LEAVES) + 2


def test_a_file_is_a_problem_only_by_itself(tmp_path: Path, database_template: Path) -> None:
    """Those that end their process in the midst of others take nobody with them, and none is listed twice."""
    ends = {
        "exits": "import os\nos._exit(5)",
        "is_killed": "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
        "raises": "1 / 0",
        "leaves": "raise SystemExit",
    }
    files = {}
    for kind, source in ends.items():
        for number in range(3):
            files[f"{kind}_{number}_a.py"] = HEAD + f"print('{kind}')\n{source}\n"
            files[f"{kind}_{number}_b.py"] = WORKING.replace("{dag_id}", f"{kind}_{number}")
    forks = dedent(WORKING).replace("{dag_id}", "forks_and_goes_on")
    files["forks_and_goes_on.py"] = f"import os\nos.fork()\n{forks}"
    home = home_with_database(database_template, tmp_path, files)
    with running_bridge(home) as bridge:
        listed = bridge.gateway.dags()
    assert {dag.dag_id for dag in listed.dags} == {
        "forks_and_goes_on",
        *(f"{kind}_{number}" for kind in ends for number in range(3)),
    }
    assert {problem.file for problem in listed.import_problems} == {
        f"{kind}_{number}_a.py" for kind in ends for number in range(3)
    }
    [killed] = [problem for problem in listed.import_problems if problem.file == "is_killed_1_a.py"]
    assert killed.sentence == "The Python process was ended by SIGKILL while the file was imported"
    # What is told of it is its own output, not that of the files before it.
    assert killed.traceback.splitlines()[-1] == "is_killed" or "exits" not in killed.traceback
