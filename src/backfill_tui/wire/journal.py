"""The journal as a file: one JSON object a line, only ever appended to.

The bridge writes it, the commands read it. A line that can not be read, such as the torn last one after a
crash, is passed over: the others do not depend on it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from backfill_tui.domain.ids import BackfillId, DagId, RunId
from backfill_tui.domain.instants import Instant, from_datetime, iso
from backfill_tui.domain.journal import JournalEntry, Phase, RunBefore


class _Run(msgspec.Struct, omit_defaults=True):
    run_id: str
    state: str
    logical_date: str | None = None
    partition_key: str | None = None
    backfill_id: int | None = None
    tasks: dict[str, int] = {}


class _Line(msgspec.Struct, omit_defaults=True):
    at: str
    number: str
    phase: Phase
    deed: str
    user: str
    where: str
    dag_id: str
    backfill_id: int | None = None
    note: str = ""
    runs: list[_Run] = []
    details: dict[str, Any] = {}
    problem: str = ""


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(_Line)


def encoded(entry: JournalEntry) -> bytes:
    """The entry as a line, with its end; instants in ISO 8601, UTC."""
    line = _Line(
        at=iso(entry.at), number=entry.number, phase=entry.phase, deed=entry.deed, user=entry.user,
        where=entry.where, dag_id=entry.dag_id, backfill_id=entry.backfill_id, note=entry.note,
        runs=[_run_line(run) for run in entry.runs], details=dict(entry.details), problem=entry.problem,
    )  # fmt: skip
    return _ENCODER.encode(line) + b"\n"


def decoded(line: bytes) -> JournalEntry | None:
    """The entry of a line, None for what is none."""
    try:
        read = _DECODER.decode(line)
        return JournalEntry(
            at=_instant(read.at), number=read.number, phase=read.phase, deed=read.deed, user=read.user,
            where=read.where, dag_id=DagId(read.dag_id),
            backfill_id=None if read.backfill_id is None else BackfillId(read.backfill_id),
            note=read.note, runs=tuple(_run(run) for run in read.runs), details=read.details,
            problem=read.problem,
        )  # fmt: skip
    except ValueError:
        # msgspec's own errors are of this class, and so is a date that is none.
        return None


def entries(journal: Path) -> Iterator[JournalEntry]:
    """The entries of a journal, the oldest first; none when there is no such file.

    Raises OSError when it can not be read.
    """
    try:
        file = journal.open("rb")
    except FileNotFoundError:
        return
    with file:
        for line in file:
            entry = decoded(line)
            if entry is not None:
                yield entry


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


def _instant(text: str) -> Instant:
    return from_datetime(datetime.fromisoformat(text))
