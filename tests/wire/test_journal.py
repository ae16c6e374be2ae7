"""The lines of a journal: read whole, in outline, or passed over."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from pathlib import Path

from backfill_tui.domain.ids import DagId, RunId, TaskId
from backfill_tui.domain.instants import SECOND, Instant
from backfill_tui.domain.journal import JournalEntry, JournalQuery, Phase, RunBefore, RunMark, TaskMark
from backfill_tui.domain.undoing import UndoRequest, deed_meant, past_deeds
from backfill_tui.wire.journal import encoded, entries, entries_meant, outlines

RUNS = tuple(RunId(f"scheduled__{number}") for number in range(300))
MARKED = JournalEntry(
    at=Instant(1_700_000_000 * SECOND), number="5b0e3f9a77c1", phase=Phase.BEGUN, deed="mark_failed",
    user="you", where="dags/", dag_id=DagId("sales"), note='[/] "marks":[ is no mark',
    details={"scope": "failed"},
    runs=tuple(RunBefore(run_id=run_id, state="success", tasks={"success": 5}) for run_id in RUNS),
    marks=tuple(
        RunMark(
            run_id=run_id, was="success", became="failed", clear_number=0,
            tasks=tuple(
                TaskMark(id=f"{run_id} {n}", task_id=TaskId(f"t{n}"), map_index=-1, was=None, became="failed")
                for n in range(5)
            ),
        )
        for run_id in RUNS
    ),
)  # fmt: skip
DONE = replace(MARKED, phase=Phase.DONE, runs=(), marks=())


def journal(folder: Path, *lines: JournalEntry) -> Path:
    file = folder / "journal.jsonl"
    file.write_bytes(b"".join(map(encoded, lines)))
    return file


def numbered(number: int, entry: JournalEntry) -> JournalEntry:
    return replace(entry, number=f"{number:012x}")


def test_an_outline_is_the_entry_without_its_runs_and_marks_but_says_that_there_are_marks(
    tmp_path: Path,
) -> None:
    file = journal(tmp_path, MARKED, DONE)
    assert list(entries(file)) == [MARKED, DONE]
    assert list(outlines(file)) == [replace(DONE, phase=Phase.BEGUN, left_out=True), DONE]
    assert [entry.has_marks for entry in outlines(file)] == [True, False]
    assert [entry.has_marks for entry in entries(file)] == [True, False]


def test_what_is_no_line_of_a_journal_is_passed_over_in_an_outline_too(tmp_path: Path) -> None:
    file = journal(tmp_path, MARKED)
    file.write_bytes(b'{"torn\n\n[]\n' + file.read_bytes() + b'{"at": "no date"}\n' + encoded(MARKED)[:99])
    assert [entry.number for entry in outlines(file)] == [MARKED.number]
    assert list(outlines(tmp_path / "nowhere")) == []


def test_lines_without_a_text_are_passed_over(tmp_path: Path) -> None:
    rerun = replace(DONE, deed="rerun", details={"attempt": 2})
    assert list(entries(journal(tmp_path, MARKED, DONE, rerun), '"attempt":')) == [rerun]


def test_the_deed_that_is_meant_is_found_while_no_more_than_a_line_is_held(tmp_path: Path) -> None:
    pairs = [(numbered(number, MARKED), numbered(number, DONE)) for number in range(40)]
    file = journal(tmp_path, *(line for pair in pairs for line in pair))
    line = len(encoded(MARKED))
    tracemalloc.start()
    try:
        meant = deed_meant(outlines(file), UndoRequest())
        _, held = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert meant.number == pairs[-1][0].number
    assert held < 4 * line, f"{held} bytes for lines of {line}"
    assert len(past_deeds(outlines(file))) == 40


def test_what_is_asked_for_is_told_with_its_runs_and_without_its_marks(tmp_path: Path) -> None:
    rerun = replace(DONE, deed="rerun", details={"attempt": 2})
    other = replace(rerun, dag_id=DagId("other"))
    quoted = replace(DONE, note='{"attempt": 1}')
    file = journal(tmp_path, MARKED, DONE, rerun, other, quoted)
    assert next(entries_meant(file, JournalQuery())) == replace(MARKED, marks=(), left_out=True)
    assert list(entries_meant(file, JournalQuery(dag_id=DagId("sales"), attempts_only=True))) == [rerun]
    assert list(entries_meant(file, JournalQuery(attempts_only=True))) == [rerun, other]
    assert list(entries_meant(file, JournalQuery(dag_id=DagId("other")))) == [other]
    assert list(entries_meant(tmp_path / "nowhere", JournalQuery())) == []
