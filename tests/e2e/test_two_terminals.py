"""Two people at two terminals on one deployment on PostgreSQL: the same truth, and nothing done twice.

No scheduler runs here: what it would do to runs is written by the test, so that both have all the time that
they need to do the same thing at once.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.support.attached import Attached, attached_to_postgresql
from tests.support.terminal import Terminal

pytestmark = [pytest.mark.airflow, pytest.mark.xdist_group("two-terminals"), pytest.mark.timeout(600)]

_DAGS = """
from datetime import datetime, timezone
from airflow.sdk import DAG, task

with DAG("shared", schedule="@daily", start_date=datetime(2024, 1, 1, tzinfo=timezone.utc),
         end_date=datetime(2024, 1, 5, tzinfo=timezone.utc), catchup=False):
    @task
    def extract(): pass
    @task
    def load(): pass
    extract() >> load()
"""
_SECONDS = 120


@pytest.fixture(scope="module")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attached]:
    with attached_to_postgresql(tmp_path_factory.mktemp("two"), _DAGS) as found:
        found.database.do(
            "INSERT INTO job (job_type, state, latest_heartbeat, hostname) VALUES "
            "('SchedulerJob', 'running', now() + interval '1 hour', 'host')"
        )
        yield found


@contextmanager
def two_terminals(airflow: Attached) -> Iterator[tuple[Terminal, Terminal]]:
    home = Path(airflow.command.environment["AIRFLOW_HOME"])
    with (
        _terminal(airflow, home, "one") as one,
        _terminal(airflow, home, "two") as two,
    ):
        for terminal in (one, two):
            terminal.wait_for("shared", "1 Dag", seconds=_SECONDS)
        yield one, two


def _terminal(airflow: Attached, home: Path, name: str) -> Terminal:
    environment = {
        **{key: value for key, value in os.environ.items() if "AIRFLOW" not in key and "BACKFILL" not in key},
        **{key: value for key, value in airflow.command.environment.items() if "AIRFLOW__" in key},
        "XDG_CONFIG_HOME": str(home / name),
        "XDG_STATE_HOME": str(home / name),
        "BACKFILL_TUI_HINTS": "no",
        "TEXTUAL_ANIMATIONS": "none",
    }
    words = [sys.executable, "-m", "backfill_tui", "--airflow-home", str(home)]
    return Terminal(words, environment=environment, columns=120, lines=36)


def at_once(terminals: tuple[Terminal, Terminal], *keys: str) -> None:
    """Press the same in both as nearly at once as a machine can."""
    with ThreadPoolExecutor(2) as pressing:
        list(pressing.map(lambda terminal: terminal.press(*keys), terminals))


def both_see(terminals: tuple[Terminal, Terminal], *words: str) -> None:
    for terminal in terminals:
        terminal.wait_for(*words, seconds=_SECONDS)


def test_two_launch_for_the_same_dag_and_rerun_the_same_date_at_once(airflow: Attached) -> None:
    with two_terminals(airflow) as both:
        for terminal in both:
            terminal.press("enter")
        both_see(both, "Plan  shared", "5 dates", "+ 5 create")
        at_once(both, "f5")
        both_see(both, "Launch a backfill of shared?", "Create 5 runs")
        at_once(both, "enter")
        refused = "Backfill 1 of this Dag is active, and Airflow runs one at a time"
        _, late = told_apart(both, "Watch shared", refused)
        assert airflow.database.ask("SELECT count(*) FROM backfill") == 1
        assert airflow.database.ask("SELECT count(*) FROM dag_run WHERE dag_id = 'shared'") == 5
        late.press("escape")
        late.wait_until_gone("Problem", seconds=_SECONDS)
        late.press("f9")
        both_see(both, "Watch  shared", "backfill 1", "5 queued")
        first, second, broken, *others = airflow.edits.do("runs_of", backfill_id=1)
        for run_id in (first, second, *others):
            airflow.edits.do("finish", dag_id="shared", run_id=run_id)
        airflow.edits.do("finish", dag_id="shared", run_id=broken, failed="load")
        both_see(both, "4 succeeded, 1 failed", "5/5 runs")
        at_once(both, "a", "r")
        both_see(both, "Rerun 2024-01-03 of shared", "1 task instance in 1 run")
        at_once(both, "enter")
        told_apart(
            both,
            "1 task instance of 1 run will run again",
            "Nothing was rerun, 1 run left alone: it is queued",
        )
        cleared = "SELECT count(*) FROM dag_run WHERE dag_id = 'shared' AND clear_number"
        assert [airflow.database.ask(f"{cleared} = {number}") for number in (0, 1)] == [4, 1]
        both_see(both, "4 succeeded", "1 queued", "4/5 runs")
        airflow.edits.do("finish", dag_id="shared", run_id=broken)
        both_see(both, "DONE: 5 succeeded", "5/5 runs")
        assert airflow.database.ask("SELECT count(*) FROM backfill") == 1


def told_apart(terminals: tuple[Terminal, Terminal], won: str, lost: str) -> tuple[Terminal, Terminal]:
    """The one that has shown the first words, and the other one, which has shown the others."""
    seen: set[tuple[int, str]] = set()
    deadline = time.monotonic() + _SECONDS
    while time.monotonic() < deadline:
        for place, terminal in enumerate(terminals):
            # A notice breaks its lines, and goes after a while.
            words = " ".join(terminal.text.replace("█", " ").split())
            seen |= {(place, sentence) for sentence in (won, lost) if sentence in words}
        for first, second in ((0, 1), (1, 0)):
            if {(first, won), (second, lost)} <= seen:
                assert len(seen) == 2, "only one of them did it"
                return terminals[first], terminals[second]
        time.sleep(0.1)
    raise AssertionError("\n".join(terminal.text for terminal in terminals))
