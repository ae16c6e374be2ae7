"""A journal in parts of a bounded size, and put together again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backfill_tui.domain.ids import DagId, RunId
from backfill_tui.domain.instants import Instant
from backfill_tui.domain.journal import (
    RUNS_OF_A_PART,
    JournalEntry,
    JournalPart,
    Phase,
    RunBefore,
    in_parts,
    whole_entries,
)


def entry(number: int, runs: int) -> JournalEntry:
    return JournalEntry(
        at=Instant(number), number=f"{number:012x}", phase=Phase.BEGUN, deed="rerun", user="you",
        where="dags/", dag_id=DagId("sales"),
        runs=tuple(RunBefore(run_id=RunId(f"run {one}"), state="failed") for one in range(runs)),
    )  # fmt: skip


sizes = st.one_of(st.integers(0, 3), st.integers(RUNS_OF_A_PART - 2, 2 * RUNS_OF_A_PART + 2))


@given(st.lists(sizes, max_size=6))
def test_entries_of_any_size_arrive_whole_and_in_order(runs: list[int]) -> None:
    entries = [entry(number, count) for number, count in enumerate(runs)]
    parts = list(in_parts("j.jsonl", entries))
    assert list(whole_entries(parts)) == entries
    assert {part.place for part in parts} == {"j.jsonl"}
    assert all(sum(len(one.runs) for one in part.entries) <= RUNS_OF_A_PART for part in parts)


@pytest.mark.parametrize(("entries", "parts"), [(0, 1), (1, 1), (500, 1), (501, 2), (5_000, 10)])
def test_many_small_entries_are_in_few_parts(entries: int, parts: int) -> None:
    found = list(in_parts("j.jsonl", (entry(number, 0) for number in range(entries))))
    assert (len(found), sum(len(part.entries) for part in found)) == (parts, entries)


def test_an_entry_whose_rest_never_came_is_none() -> None:
    first, *_ = in_parts("j.jsonl", [entry(1, RUNS_OF_A_PART + 1)])
    assert first.goes_on
    assert list(whole_entries([first])) == []
    assert list(whole_entries([JournalPart(place="")])) == []
