"""The journal as a file: one JSON object a line, only ever appended to.

The bridge writes it, the commands read it. A line that can not be read, such as the torn last one after a
crash, is passed over: the others do not depend on it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from backfill_tui.domain.ids import BackfillId, DagId, RunId, TaskId
from backfill_tui.domain.instants import Instant, from_datetime, iso
from backfill_tui.domain.journal import (
    JournalEntry,
    JournalQuery,
    Phase,
    RunBefore,
    RunMark,
    TaskMark,
    is_attempt,
)


class _Run(msgspec.Struct, omit_defaults=True):
    run_id: str
    state: str
    logical_date: str | None = None
    partition_key: str | None = None
    backfill_id: int | None = None
    tasks: dict[str, int] = {}


class _Task(msgspec.Struct, array_like=True):
    id: str
    task_id: str
    map_index: int
    was: str | None
    became: str
    started_at: int | None = None
    ended_at: int | None = None
    duration: float | None = None


class _Mark(msgspec.Struct, omit_defaults=True):
    run_id: str
    was: str
    became: str | None
    clear_number: int
    tasks: list[_Task] = []


class _Outline(msgspec.Struct, omit_defaults=True):
    """A line without what may be long: msgspec passes over what has no name here, and makes nothing of it."""

    at: str
    number: str
    phase: Phase
    deed: str
    user: str
    where: str
    dag_id: str
    backfill_id: int | None = None
    note: str = ""
    details: dict[str, Any] = {}
    problem: str = ""


class _Touched(_Outline, omit_defaults=True):
    """A line without its marks."""

    runs: list[_Run] = []


class _Line(_Touched, omit_defaults=True):
    marks: list[_Mark] = []


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(_Line)
_TOUCHER = msgspec.json.Decoder(_Touched)
_OUTLINER = msgspec.json.Decoder(_Outline)
_MARKS: Final = b'"marks":['
"""What a line with marks has in it, and no text in a line: its quotes would have a backslash before them."""


def encoded(entry: JournalEntry) -> bytes:
    """The entry as a line, with its end; instants in ISO 8601, UTC."""
    line = _Line(
        at=iso(entry.at), number=entry.number, phase=entry.phase, deed=entry.deed, user=entry.user,
        where=entry.where, dag_id=entry.dag_id, backfill_id=entry.backfill_id, note=entry.note,
        runs=[_run_line(run) for run in entry.runs], marks=[_mark_line(mark) for mark in entry.marks],
        details=dict(entry.details), problem=entry.problem,
    )  # fmt: skip
    return _ENCODER.encode(line) + b"\n"


def decoded(line: bytes) -> JournalEntry | None:
    """The entry of a line, None for what is none."""
    try:
        read = _DECODER.decode(line)
        return replace(
            _entry(read), runs=tuple(map(_run, read.runs)), marks=tuple(_mark(mark) for mark in read.marks)
        )
    except ValueError:
        # msgspec's own errors are of this class, and so is a date that is none.
        return None


def without_marks(line: bytes) -> JournalEntry | None:
    """The entry of a line without its marks, None for what is none."""
    try:
        read = _TOUCHER.decode(line)
        return replace(_entry(read), runs=tuple(map(_run, read.runs)), left_out=_MARKS in line)
    except ValueError:
        return None


def outlined(line: bytes) -> JournalEntry | None:
    """The entry of a line without its runs and marks, None for what is none."""
    try:
        return replace(_entry(_OUTLINER.decode(line)), left_out=_MARKS in line)
    except ValueError:
        return None


def _entry(read: _Outline) -> JournalEntry:
    return JournalEntry(
        at=_instant(read.at), number=read.number, phase=read.phase, deed=read.deed, user=read.user,
        where=read.where, dag_id=DagId(read.dag_id),
        backfill_id=None if read.backfill_id is None else BackfillId(read.backfill_id),
        note=read.note, details=read.details, problem=read.problem,
    )  # fmt: skip


def entries(journal: Path, having: str = "") -> Iterator[JournalEntry]:
    """The entries of a journal, the oldest first, a line at a time; none when there is no such file.

    Lines without the text `having` are passed over unread. Raises OSError when it can not be read.
    """
    return filter(None, map(decoded, _lines(journal, having.encode())))


def entries_meant(journal: Path, query: JournalQuery) -> Iterator[JournalEntry]:
    """The entries that are asked for, without their marks; otherwise as `entries`."""
    having = b'"attempt":' if query.attempts_only else b""
    for entry in filter(None, map(without_marks, _lines(journal, having))):
        if query.dag_id in {None, entry.dag_id} and (not query.attempts_only or is_attempt(entry)):
            yield entry


def outlines(journal: Path) -> Iterator[JournalEntry]:
    """The same, each without its runs and marks: these are nearly all of a journal."""
    return filter(None, map(outlined, _lines(journal)))


def _lines(journal: Path, having: bytes = b"") -> Iterator[bytes]:
    try:
        file = journal.open("rb")
    except FileNotFoundError:
        return
    with file:
        yield from (line for line in file if having in line)


def _run_line(run: RunBefore) -> _Run:
    date = None if run.logical_date is None else iso(run.logical_date)
    return _Run(
        run_id=run.run_id, state=run.state, logical_date=date, partition_key=run.partition_key,
        backfill_id=run.backfill_id, tasks=dict(run.tasks),
    )  # fmt: skip


def _run(line: _Run) -> RunBefore:
    return RunBefore(
        run_id=RunId(line.run_id), state=line.state,
        logical_date=None if line.logical_date is None else _instant(line.logical_date),
        partition_key=line.partition_key,
        backfill_id=None if line.backfill_id is None else BackfillId(line.backfill_id), tasks=line.tasks,
    )  # fmt: skip


def _mark_line(mark: RunMark) -> _Mark:
    tasks = [
        _Task(
            task.id, task.task_id, task.map_index, task.was, task.became, task.started_at, task.ended_at,
            task.duration,
        )
        for task in mark.tasks
    ]  # fmt: skip
    return _Mark(mark.run_id, mark.was, mark.became, mark.clear_number, tasks)


def _mark(line: _Mark) -> RunMark:
    return RunMark(
        run_id=RunId(line.run_id), was=line.was, became=line.became, clear_number=line.clear_number,
        tasks=tuple(
            TaskMark(
                id=task.id, task_id=TaskId(task.task_id), map_index=task.map_index, was=task.was,
                became=task.became, started_at=_optional(task.started_at), ended_at=_optional(task.ended_at),
                duration=task.duration,
            )
            for task in line.tasks
        ),
    )  # fmt: skip


def _optional(moment: int | None) -> Instant | None:
    return None if moment is None else Instant(moment)


def _instant(text: str) -> Instant:
    return from_datetime(datetime.fromisoformat(text))
