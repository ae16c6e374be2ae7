"""The program attached to an Airflow with a Python and a configuration of its own, here and elsewhere."""

from __future__ import annotations

import fcntl
import json
import os
import shlex
import sqlite3
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from tests.cli.conftest import Ended
from tests.support.homes import SYNC_DAGS, create_database, on_home, private_home

from backfill_tui.domain.ids import DagId, RunId
from backfill_tui.domain.instants import Instant
from backfill_tui.domain.journal import JournalEntry, Phase, RunBefore
from backfill_tui.wire.journal import encoded

pytestmark = [pytest.mark.airflow, pytest.mark.xdist_group("cli-attaching")]

DAGS = {
    "daily.py": """
        import pendulum
        from airflow.sdk import DAG
        from airflow.providers.standard.operators.empty import EmptyOperator
        with DAG("nightly", schedule="0 2 * * *", start_date=pendulum.datetime(2021, 1, 1), catchup=False):
            EmptyOperator(task_id="one") >> EmptyOperator(task_id="two")
    """
}
RANGE = ("--from", "2024-03-09", "--to", "2024-03-11")


@dataclass(frozen=True)
class Site:
    """An Airflow with an `airflow.cfg`, and the Python of a second environment that has Airflow."""

    folder: Path
    airflow_home: Path
    python: Path

    @property
    def environment(self) -> dict[str, str]:
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("AIRFLOW", "BACKFILL", "PYTHONPATH"))
        }
        return {
            **kept,
            "HOME": str(self.folder),
            "XDG_STATE_HOME": str(self.folder / "state"),
            "BACKFILL_TUI_HINTS": "no",
            "XDG_CONFIG_HOME": str(self.folder / "config"),
        }

    def __call__(self, *words: str, **variables: str) -> Ended:
        done = subprocess.run(
            [sys.executable, "-m", "backfill_tui", *words],
            env={**self.environment, **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        return Ended(code=done.returncode, out=done.stdout, talk=done.stderr)

    def far(self, *before: str) -> str:
        """A bridge command that logs in, as it were: a banner, and then a shell that runs these words."""
        bridge = shlex.join([sys.executable, "-m", "backfill_tui.bridge"])
        lines = ["echo 'Welcome to [bold]this[/] host'", *before, f'exec {bridge} "$@"']
        login = self.folder / "login.sh"
        login.write_text("\n".join(lines))
        return shlex.join(["env", f"AIRFLOW_HOME={self.airflow_home}", "sh", str(login)])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder = tmp_path_factory.mktemp("attaching")
    own = private_home(folder, DAGS)
    create_database(own)
    on_home(own, "-c", SYNC_DAGS)
    airflow_home = folder / "opt" / "airflow"
    airflow_home.mkdir(parents=True)
    secret = airflow_home / "conn"
    secret.write_text(f"sqlite:///{own.database}")
    (airflow_home / "airflow.cfg").write_text(
        f"[core]\ndags_folder = {own.dags_folder}\nload_examples = False\nexecutor = LocalExecutor\n"
        f"[database]\nsql_alchemy_conn_cmd = cat {secret}\n"
    )
    return Site(folder=folder, airflow_home=airflow_home, python=_second_environment(folder / "venv"))


def _second_environment(folder: Path) -> Path:
    """The Python of a virtual environment in which everything is but this package: its Airflow is ours.

    What `.pth` files of a folder name, such as this package, is not read where the folder is named itself.
    """
    venv.create(folder, symlinks=True)
    python = folder / "bin" / "python"
    (inside,) = folder.glob("lib/python*/site-packages")
    (inside / "airflow.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    seen = subprocess.run(
        [python, "-c", "import airflow, importlib.util as u; print(u.find_spec('backfill_tui'))"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    assert seen.stdout == "None\n"
    return python


def planned(ended: Ended) -> list[str]:
    assert ended.code == 0, ended.talk
    return [run["logical_date"][:10] for run in ended.json["runs"]]


DATES = ["2024-03-09", "2024-03-10", "2024-03-11"]


def test_a_bridge_runs_on_a_python_that_has_airflow_but_not_this_package(site: Site) -> None:
    here = ("--airflow-home", str(site.airflow_home), "--airflow-python", str(site.python))
    assert planned(site(*here, "plan", "nightly", *RANGE, "--json")) == DATES


def test_a_virtual_environment_can_be_named_by_its_folder_and_in_a_profile(site: Site) -> None:
    config = site.folder / "config.toml"
    config.write_text(
        f'[profiles.prod]\nairflow_home = "{site.airflow_home}"\nairflow_python = "venv"\ncolour = "red"\n'
    )
    ended = site("--profile", "prod", "plan", "nightly", *RANGE, "--json", BACKFILL_TUI_CONFIG=str(config))
    assert planned(ended) == DATES


def test_a_python_without_airflow_is_named_and_what_to_do(site: Site, tmp_path: Path) -> None:
    venv.create(tmp_path / "bare", symlinks=True)
    ended = site("--airflow-python", str(tmp_path / "bare"), "dags")
    assert ended.code == 3
    assert f"No bridge to Airflow: {tmp_path}/bare/bin/python has no Airflow: name the Python" in ended.talk


def test_a_python_that_is_none_is_a_usage_error(site: Site, tmp_path: Path) -> None:
    ended = site("--airflow-python", str(tmp_path / "none"), "dags")
    assert ended.code == 2
    assert f"There is no Python {tmp_path}/none that can be run" in ended.talk


def test_an_airflow_elsewhere_is_reached_through_a_command_whatever_its_login_writes(site: Site) -> None:
    assert planned(site("--bridge-command", site.far(), "plan", "nightly", *RANGE, "--json")) == DATES


def test_what_is_done_elsewhere_is_in_the_journal_there(site: Site, tmp_path: Path) -> None:
    state = tmp_path / "far-state"
    command = site.far(f"export XDG_STATE_HOME={state}")
    assert site("--bridge-command", command, "pause-dag", "nightly", "--yes").code == 0
    (journal,) = state.rglob("journal-*.jsonl")
    last = json.loads(journal.read_text().splitlines()[-1])
    assert (last["deed"], last["phase"]) == ("pause_dag", "done")
    assert last["where"].startswith(f"{os.uname().nodename}:")


def test_the_journal_of_an_airflow_elsewhere_is_shown_here(site: Site, tmp_path: Path) -> None:
    far = ("--bridge-command", site.far(f"export XDG_STATE_HOME={tmp_path / 'far-state'}"))
    nothing = site(*far, "journal")
    assert (nothing.code, nothing.out) == (0, "")
    assert "Nothing was done from here yet\n" in nothing.talk
    for deed in ("unpause-dag", "pause-dag"):
        assert site(*far, deed, "nightly", "--yes").code == 0
    (journal,) = (tmp_path / "far-state").rglob("journal-*.jsonl")
    shown = site(*far, "journal", "--dag", "nightly", "--last", "1")
    assert f"The journal is {journal}, its times are UTC\n" in shown.talk
    assert len(shown.out.splitlines()) == 2
    assert "pause dag" in shown.out
    lines = site(*far, "journal", "--json").json_lines
    assert [(line["deed"], line["phase"]) for line in lines[-2:]] == [
        ("pause_dag", "begun"),
        ("pause_dag", "done"),
    ]
    assert not (site.folder / "state" / "backfill-tui" / "attached" / journal.name).exists()


def test_a_journal_elsewhere_that_can_not_be_kept_says_so(site: Site) -> None:
    far = ("--bridge-command", site.far("export XDG_STATE_HOME=/dev/null"))
    ended = site(*far, "journal")
    assert ended.code == 3
    assert (
        "because there is no folder for it: make the state folder writable where the bridge runs"
        in ended.talk
    )


def test_attempts_on_an_airflow_elsewhere_are_counted_and_held_there(site: Site, tmp_path: Path) -> None:
    """The runs fail by hand and nothing runs them again here: what is asked is how it counts."""
    state = tmp_path / "far-state"
    far = ("--bridge-command", site.far(f"export XDG_STATE_HOME={state}"))
    assert site(*far, "unpause-dag", "nightly", "--yes").code == 0
    made = site(*far, "launch", "nightly", *RANGE, "--yes", "--json")
    assert made.code == 0, made.talk
    own = next(site.folder.rglob("airflow.db"))
    with closing(sqlite3.connect(own, timeout=60)) as database, database:
        for table in ("task_instance", "dag_run"):
            database.execute(f"UPDATE {table} SET state = 'failed', end_date = CURRENT_TIMESTAMP")  # noqa: S608
        names = [name for (name,) in database.execute("SELECT run_id FROM dag_run ORDER BY logical_date")]
    (journal,) = state.rglob("journal-*.jsonl")
    tried = JournalEntry(
        at=Instant(0), number="a1", phase=Phase.BEGUN, deed="rerun", user="you", where="",
        details={"attempt": 1}, dag_id=DagId("nightly"),
        runs=tuple(RunBefore(run_id=RunId(name), state="failed") for name in names),
    )  # fmt: skip
    with journal.open("ab") as file:
        file.write(encoded(tried) + encoded(replace(tried, phase=Phase.DONE, runs=())))
    words = ("rerun", "nightly", "--failed", "--max-attempts", "1", "--every", "0s", "--yes", "--json")
    given_up = site(*far, *words)
    assert given_up.code == 1, given_up.talk
    assert [run["attempts"] for run in given_up.json["failed"]] == [1, 1, 1]
    (held,) = journal.parent.glob("rerun-*.lock")
    with held.open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        refused = site(*far, *words)
    assert refused.code == 4
    assert "Another rerun with --max-attempts is at work on nightly: wait for its end" in refused.talk


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (
            ["sh", "-c", "echo 'ssh: connect to host prod: No route to host' >&2; exit 255"],
            "No route to host",
        ),
        ([sys.executable, "-m", "backfill_tui_of_old"], "No module named backfill_tui_of_old"),
        (["/no/such/ssh"], "can not be started with /no/such/ssh"),
    ],
)
def test_a_command_that_brings_no_bridge_says_why(site: Site, command: Sequence[str], words: str) -> None:
    ended = site("--bridge-command", shlex.join(command), "dags")
    assert ended.code == 3
    assert words in ended.talk


def test_in_a_production_profile_a_change_wants_its_name(site: Site, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(f'[profiles.prod]\nairflow_home = "{site.airflow_home}"\nproduction = true\n')
    chosen, deed = ("--profile", "prod"), ("unpause-dag", "nightly", "--yes")

    def run(*words: str) -> Ended:
        return site(*words, BACKFILL_TUI_CONFIG=str(config))

    assert run(*chosen, "dags", "--json").code == 0
    paused = run(*chosen, "--confirm", "prod", "pause-dag", "nightly", "--yes", "--json")
    assert paused.code == 0, paused.talk
    refused = run(*chosen, *deed)
    assert refused.code == 4
    assert "Nothing was done: prod is marked production, and nobody can be asked here: add --confirm" in (
        refused.talk
    )
    other = run(*chosen, "--confirm", "staging", *deed)
    assert (other.code, 'the profile is prod, not "staging"' in other.talk) == (4, True)
    (dag,) = run("--airflow-home", str(site.airflow_home), "dags", "--json").json["dags"]
    assert dag["is_paused"]
    assert run(*chosen, "--confirm", "prod", *deed).code == 0


def test_read_only_reaches_the_other_side(site: Site) -> None:
    ended = site("--read-only", "--bridge-command", site.far(), "pause-dag", "nightly")
    assert ended.code == 4
