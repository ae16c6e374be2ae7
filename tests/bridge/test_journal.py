"""The journal: what is written before and after a deed, by whom, and what is known from it later."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from backfill_tui.bridge.journal import LAUNCH, Journal, LaunchNotes
from backfill_tui.bridge.journal_reading import held
from backfill_tui.domain.control import Deed
from backfill_tui.domain.ids import BackfillId, DagId, RunId
from backfill_tui.domain.instants import SECOND, Instant
from backfill_tui.domain.journal import JournalEntry, Phase, RunBefore
from backfill_tui.domain.problems import AirflowFailed, Interrupted, Refused
from backfill_tui.wire.journal import entries

DAG = DagId("sales [bold]")
SEVEN = BackfillId(7)
CREATED = Instant(1_700_000_000 * SECOND + 5)
RUN = RunBefore(
    run_id=RunId("scheduled__2024-01-01T00:00:00+00:00"),
    state="failed",
    logical_date=Instant(1_704_067_200 * SECOND),
    backfill_id=BackfillId(3),
    tasks={"success": 2, "failed": 1},
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "journal.jsonl"


def launch(journal: Journal, *, created: Instant = CREATED, stop_after: int | None = 3) -> None:
    with journal.deed(LAUNCH, DAG, note="the March restatement", runs=[RUN]) as deed:
        deed.backfill_id = SEVEN
        deed.details |= {"created_at": created, "stop_after_failures": stop_after}


def test_a_deed_is_written_before_and_after_with_the_runs_as_they_were(file: Path) -> None:
    launch(Journal(file, "embedded:dags/"))
    begun, done = entries(file)
    assert (begun.phase, begun.runs, begun.backfill_id) == (Phase.BEGUN, (RUN,), None)
    assert (done.phase, done.runs, done.backfill_id) == (Phase.DONE, (), SEVEN)
    assert begun.number == done.number
    assert begun.note == done.note == "the March restatement"
    assert done.details["stop_after_failures"] == 3
    assert begun.at <= done.at
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_deed_that_fails_is_undone_and_its_problem_goes_on(file: Path) -> None:
    with pytest.raises(Interrupted), Journal(file).deed(Deed.CANCEL, DAG, backfill_id=SEVEN):
        raise Interrupted("The launch was cancelled")
    assert [(entry.phase, entry.problem) for entry in entries(file)] == [
        (Phase.BEGUN, ""),
        (Phase.UNDONE, "The launch was cancelled"),
    ]


def test_an_unexpected_error_leaves_its_name_but_not_its_words(file: Path) -> None:
    with pytest.raises(ValueError), Journal(file).deed(Deed.CANCEL, DAG):  # noqa: PT011  # its words do not matter
        raise ValueError("password=hunter2")
    assert "hunter2" not in file.read_text()
    assert list(entries(file))[-1].problem == "ValueError"


def test_what_airflow_said_of_it_stays_out_for_it_may_quote_a_conf(file: Path) -> None:
    with pytest.raises(AirflowFailed), Journal(file).deed(LAUNCH, DAG):
        raise AirflowFailed("Airflow could not create it: {'password': 'hunter2'} is not valid")
    assert "hunter2" not in file.read_text()
    assert list(entries(file))[-1].problem == "Airflow could not do it; the log of the bridge says why"


def test_what_was_asked_for_at_the_launch_is_known_to_every_later_session(file: Path) -> None:
    launch(Journal(file))
    notes = Journal(file).launch_notes(SEVEN, CREATED)
    assert notes == LaunchNotes(created_at=CREATED, note="the March restatement", stop_after_failures=3)


def test_another_backfill_with_the_same_number_is_not_mistaken_for_it(file: Path) -> None:
    launch(Journal(file))
    other = Instant(CREATED + SECOND)
    assert Journal(file).launch_notes(SEVEN, other) == LaunchNotes(created_at=other)
    assert Journal(file).launch_notes(BackfillId(8), CREATED) == LaunchNotes(created_at=CREATED)


def test_whoever_resumes_accepts_the_failures_so_far(file: Path) -> None:
    journal = Journal(file)
    launch(journal)
    assert journal.launch_notes(SEVEN, CREATED).failures_accepted == 0
    with Journal(file).deed(Deed.RESUME, DAG, backfill_id=SEVEN, details={"failed": 4}):
        pass
    assert journal.launch_notes(SEVEN, CREATED).failures_accepted == 4


def test_only_one_at_a_time_holds_a_dag_of_one_airflow(tmp_path: Path) -> None:
    one, another = tmp_path / "journal-one.jsonl", tmp_path / "journal-another.jsonl"
    with held(one, DagId("sales")):
        with pytest.raises(Refused, match="at work on sales"), held(one, DagId("sales")):
            pass
        # An Airflow of its own, though its journal lies beside that of the first.
        with held(another, DagId("sales")), held(one, DagId("hr")):
            pass
    with held(one, DagId("sales")):
        pass


def test_a_torn_last_line_costs_that_line_only(file: Path) -> None:
    journal = Journal(file)
    launch(journal)
    with file.open("ab") as torn:
        torn.write(b'{"at":"2024-01-01T00:00:00+00:00","number":"x","phase":"do')
    assert journal.launch_notes(SEVEN, CREATED).stop_after_failures == 3
    launch(journal, stop_after=9)
    assert journal.launch_notes(SEVEN, CREATED).stop_after_failures == 9
    assert len(list(entries(file))) == 4


def test_writers_side_by_side_mix_no_lines(file: Path) -> None:
    def write() -> None:
        journal = Journal(file)
        for _ in range(20):
            with journal.deed(Deed.PAUSE, DAG, runs=[RUN] * 50):
                pass

    writers = [threading.Thread(target=write) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    found = list(entries(file))
    assert len(found) == 4 * 20 * 2
    assert all(len(entry.runs) == (50 if entry.phase is Phase.BEGUN else 0) for entry in found)


def test_a_journal_that_can_not_be_written_stops_nothing_and_says_so(tmp_path: Path) -> None:
    with Journal(tmp_path / "nowhere" / "journal.jsonl").deed(Deed.PAUSE, DAG) as deed:
        pass
    assert deed.unwritten.endswith("can not be written: No such file or directory")


def test_without_a_file_nothing_is_written_or_known(tmp_path: Path) -> None:
    launch(Journal())
    assert Journal().launch_notes(SEVEN, CREATED) == LaunchNotes(created_at=CREATED)
    assert os.listdir(tmp_path) == []  # noqa: PTH208  # the names alone
    assert list(entries(tmp_path / "journal.jsonl")) == []


def test_lines_of_something_else_are_passed_over(file: Path) -> None:
    file.write_bytes(b'\xff\xfe\n[]\n{}\n{"at":"yesterday","number":"","phase":"done","deed":"","user":"",'
                     b'"where":"","dag_id":""}\n')  # fmt: skip
    found: list[JournalEntry] = list(entries(file))
    assert found == []
