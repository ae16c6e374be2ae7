from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from backfill_tui.bridge.full_disk import disk_is_full
from backfill_tui.bridge.server import _report_of, _report_of_problem
from backfill_tui.domain.problems import AirflowFailed, NotThere, Unreachable


@pytest.fixture
def no_space(monkeypatch: pytest.MonkeyPatch) -> None:
    found = list(os.statvfs("/"))
    found[3] = found[4] = 0
    monkeypatch.setattr(os, "statvfs", lambda _: os.statvfs_result(found))


def full(database: Path) -> sqlite3.OperationalError:
    """What SQLite raises where it gets no further page."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("CREATE TABLE rows (words TEXT)")
        connection.execute("PRAGMA max_page_count = 4")
        with pytest.raises(sqlite3.OperationalError) as raised:
            connection.execute("INSERT INTO rows VALUES (?)", ("much " * 10_000,))
        return raised.value


def test_a_database_that_gets_no_more_space_is_told_as_a_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    report = _report_of(full(tmp_path / "airflow.db"), "launch")
    assert report.code == Unreachable.code
    assert report.message == f"The disk is full: Airflow's database in {tmp_path} can not be written"
    assert report.remedy == "free some space, then try again"


def test_an_input_output_error_is_a_full_disk_only_where_no_space_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    assert disk_is_full("disk I/O error") is None


def test_what_comes_of_a_full_disk_is_told_as_that(tmp_path: Path) -> None:
    failed = AirflowFailed("Airflow could not create the backfill: no such savepoint")
    failed.__cause__ = full(tmp_path / "airflow.db")
    assert _report_of_problem(failed).message.startswith("The disk is full: ")


@pytest.mark.usefixtures("no_space")
def test_without_space_left_every_word_for_it_is_told_as_a_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    own_words = "(sqlite3.OperationalError) disk I/O error"
    told = _report_of_problem(AirflowFailed("Airflow could not create the backfill", detail=own_words))
    assert told.message.startswith("The disk is full: ")
    assert told.detail.endswith(own_words)
    other = NotThere("There is no Dag", remedy="look at the list of Dags")
    assert _report_of_problem(other) == other.report()
    assert disk_is_full("no such table: dag") is None


TALKS_TO_A_FULL_DISK = """
import sys
from backfill_tui.bridge.streams import take_over
frames = take_over()
print("a line", flush=True)
print("another", file=sys.stderr, flush=True)
frames.outgoing.write(b"answered")
frames.outgoing.flush()
"""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_log_that_can_not_be_written_keeps_no_answer_back() -> None:
    with Path("/dev/full").open("wb") as log:
        done = subprocess.run(
            [sys.executable, "-c", TALKS_TO_A_FULL_DISK], stdout=subprocess.PIPE, stderr=log, check=True
        )
    assert done.stdout == b"answered"
