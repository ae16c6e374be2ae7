"""Copies of logs: how much of the disk they take, and what is said where there is none left."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import pytest
from airflow.utils.log.file_task_handler import StructuredLogMessage

from backfill_tui.bridge import log_copies
from backfill_tui.bridge.log_copies import LogCopies, LogName
from backfill_tui.bridge.server import _report_of_problem
from backfill_tui.domain.ids import RunId, TaskId
from backfill_tui.domain.problems import Unreachable
from backfill_tui.domain.repairing import TaskInstanceKey

pytestmark = pytest.mark.airflow


def named(number: int) -> LogName:
    return "a_dag", TaskInstanceKey(run_id=RunId(f"run {number}"), task_id=TaskId("a"), map_index=-1), 1


def of_bytes(size: int) -> Callable[[list[str]], Iterator[Any]]:
    def read(_: list[str]) -> Iterator[Any]:
        for _number in range(size // 1000):
            yield StructuredLogMessage(event="x" * 1000, timestamp=None)

    return read


def opened(copies: LogCopies, number: int, size: int) -> int:
    data, _ = copies.open(named(number), ended=True, read=of_bytes(size))
    with data:
        return data.size


def test_the_oldest_copies_are_thrown_away_where_all_of_them_take_too_much(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(log_copies, "_MOST_BYTES", 250_000)
    copies = LogCopies()
    sizes = [opened(copies, number, 100_000) for number in range(3)]
    assert copies.sizes == sizes
    assert all(size > 100_000 for size in sizes)
    # The latest is kept however large it is.
    large = opened(copies, 3, 240_000)
    assert copies.sizes == [*sizes[1:], large]
    small = opened(copies, 4, 1_000)
    assert copies.sizes == [large, small]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_folder_of_temporary_files_that_is_full_is_not_told_as_the_disk_of_the_database(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    copies = LogCopies()
    opened(copies, 0, 100_000)

    def without_room(**_: str) -> IO[bytes]:
        return Path("/dev/full").open("wb")

    with monkeypatch.context() as patch:
        patch.setattr(log_copies, "TemporaryFile", without_room)
        for size in (1_000, 1_000_000):
            with pytest.raises(Unreachable) as full:
                opened(copies, 1, size)
            told = _report_of_problem(full.value)
            assert told.message == (
                f"The disk is full: there is no room for a copy of the log in {tempfile.gettempdir()}"
            )
            assert "TMPDIR" in told.remedy
    assert copies.sizes == []
    assert opened(copies, 1, 1_000) > 1_000
