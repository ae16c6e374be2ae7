"""Journals of tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from tests.support.world import instant

from backfill_tui.domain.ids import BackfillId, DagId, RunId
from backfill_tui.domain.journal import JournalEntry, Phase, RunBefore
from backfill_tui.wire.journal import encoded


def a_run(
    date: str, state: str, *, backfill_id: int | None = None, tasks: Mapping[str, int] | None = None
) -> RunBefore:
    """A run as it was before."""
    return RunBefore(
        run_id=RunId(f"backfill__{date}T00:00:00+00:00"),
        state=state,
        logical_date=instant(date),
        backfill_id=None if backfill_id is None else BackfillId(backfill_id),
        tasks=dict(tasks or {}),
    )


def begun(number: str, deed: str, at: str, *, dag_id: str = "sales_daily", **more: object) -> JournalEntry:
    """The first line of a deed; `more` are fields of JournalEntry."""
    entry = JournalEntry(
        at=instant(at), number=number, phase=Phase.BEGUN, deed=deed, user="you", where="dags/",
        dag_id=DagId(dag_id),
    )  # fmt: skip
    return replace(entry, **more)  # type: ignore[arg-type]


def ended(entry: JournalEntry, phase: Phase = Phase.DONE, **more: object) -> JournalEntry:
    """The last line of a deed."""
    return replace(entry, phase=phase, runs=(), **more)  # type: ignore[arg-type]


def write_journal(path: Path, entries: Iterable[JournalEntry]) -> Path:
    """The file of these lines."""
    path.write_bytes(b"".join(map(encoded, entries)))
    return path


def a_journal(folder: Path) -> Path:
    """A launch, a rerun of two runs of it, and a cancel that did not end."""
    launch = begun(
        "aaa", "launch", "2024-06-01T10:00", note="late data",
        details={"planned": 3, "conf_keys": "", "unpause": False},
    )  # fmt: skip
    runs = (
        a_run("2024-01-05", "failed", backfill_id=1, tasks={"success": 1, "failed": 1}),
        a_run("2024-01-06", "failed", backfill_id=1, tasks={"failed": 1, "upstream_failed": 1}),
    )
    rerun = begun("bbb", "rerun", "2024-06-01T11:00", runs=runs, details={"scope": "failed"})
    cancel = begun("ccc", "cancel", "2024-06-01T12:00", backfill_id=BackfillId(2), dag_id="new_york")
    became = {**launch.details, "created": 3, "reprocessed": 0, "skipped": 2}
    lines = [launch, ended(launch, backfill_id=BackfillId(1), details=became), rerun, ended(rerun), cancel]
    return write_journal(folder / "journal.jsonl", lines)
