"""An Airflow on another host, through a real ssh and a real sshd; skipped where there is none."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.support.homes import SYNC_DAGS, create_database, on_home, private_home, wait_until
from tests.support.sshd import Sshd, sshd_on_loopback
from tests.support.terminal import Terminal

pytestmark = [pytest.mark.airflow, pytest.mark.xdist_group("ssh"), pytest.mark.timeout(600)]

_DAGS = {
    "daily.py": """
        import pendulum
        from airflow.sdk import DAG
        from airflow.providers.standard.operators.empty import EmptyOperator
        with DAG("nightly", schedule="@daily", start_date=pendulum.datetime(2021, 1, 1), catchup=False):
            EmptyOperator(task_id="one") >> EmptyOperator(task_id="two")
    """
}
_DATES = ("--from", "2024-03-09", "--to", "2024-03-11")


@dataclass(frozen=True, kw_only=True)
class Far:
    """The Airflow behind it, and the program here."""

    sshd: Sshd
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if "AIRFLOW" not in name}
        return {
            **{name: value for name, value in kept.items() if not name.startswith("BACKFILL_TUI")},
            "XDG_STATE_HOME": str(self.folder / "near"),
            "BACKFILL_TUI_HINTS": "no",
            "XDG_CONFIG_HOME": str(self.folder / "config"),
            "TEXTUAL_ANIMATIONS": "none",
        }

    def words(self, *words: str) -> list[str]:
        there = {"AIRFLOW_HOME": self.folder / "opt", "XDG_STATE_HOME": self.folder / "far"}
        settings = [f"{name}={value}" for name, value in there.items()]
        bridge = self.sshd.words("env", *settings, sys.executable, "-m", "backfill_tui.bridge")
        # The words that the program adds come after those of the command, which ssh joins by itself.
        return [sys.executable, "-m", "backfill_tui", "--bridge-command", shlex.join(bridge), *words]

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.words(*words), env=self.environment, stdin=subprocess.DEVNULL, capture_output=True,
            text=True, timeout=300, check=False,
        )  # fmt: skip

    def journal(self) -> str:
        (journal,) = (self.folder / "far").rglob("journal-*.jsonl")
        return journal.read_text()


@pytest.fixture(scope="module")
def far(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Far]:
    folder = tmp_path_factory.mktemp("ssh")
    (folder / "keys").mkdir()
    with sshd_on_loopback(folder / "keys") as sshd:
        own = private_home(folder, _DAGS)
        create_database(own)
        on_home(own, "-c", SYNC_DAGS)
        (folder / "opt").mkdir()
        (folder / "opt" / "airflow.cfg").write_text(
            f"[core]\ndags_folder = {own.dags_folder}\nload_examples = False\nexecutor = LocalExecutor\n"
            f"[database]\nsql_alchemy_conn = sqlite:///{own.database}\n"
        )
        yield Far(sshd=sshd, folder=folder)


def test_a_plan_and_the_journal_come_over_ssh_whatever_banner_there_is(far: Far) -> None:
    planned = far.run("plan", "nightly", *_DATES, "--json")
    assert planned.returncode == 0, planned.stderr
    dates = [run["logical_date"][:10] for run in json.loads(planned.stdout)["runs"]]
    assert dates == ["2024-03-09", "2024-03-10", "2024-03-11"]
    paused = far.run("pause-dag", "nightly", "--yes")
    assert paused.returncode == 0, paused.stderr
    shown = far.run("journal", "--last", "1")
    assert shown.returncode == 0, shown.stderr
    assert "pause dag" in shown.stdout
    assert '"pause_dag"' in far.journal()


def test_the_screen_connects_again_when_the_connection_breaks(far: Far) -> None:
    with Terminal(far.words(), environment=far.environment, columns=120, lines=30) as terminal:
        terminal.wait_for("nightly", "1 Dag", "no scheduler", seconds=120)
        assert far.sshd.break_connections() == 1
        terminal.wait_for("trying again", "by itself", seconds=120)
        terminal.wait_for("Connected again", "no scheduler", seconds=120)
        terminal.press("enter")
        terminal.wait_for("Plan", "nightly", "every day at 00:00", seconds=60)


def test_a_command_that_follows_connects_again_and_goes_on(far: Far) -> None:
    launched = far.run("launch", "nightly", *_DATES, "--yes", "--accept", "dag_paused", "--json")
    assert launched.returncode == 0, launched.stderr
    number = str(json.loads(launched.stdout)["backfill_id"])
    told = far.folder / "told"
    with told.open("w") as out:
        watching = subprocess.Popen(
            far.words("watch", number, "--json"), env=far.environment, stdin=subprocess.DEVNULL, stdout=out,
            stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        wait_until(lambda: '"queued": 3' in told.read_text(), told.read_text, 120)
        assert far.sshd.break_connections() == 1
        wait_until(lambda: "Connected again" in told.read_text(), told.read_text, 120)
        cancelled = far.run("cancel", number, "--yes")
        assert cancelled.returncode == 0, cancelled.stderr
        assert watching.wait(120) == 1
    finally:
        watching.kill()
        watching.wait()
    assert "trying again by itself" in told.read_text()
    assert json.loads(told.read_text().splitlines()[-1])["status"] == "cancelled"
