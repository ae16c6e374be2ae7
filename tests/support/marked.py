"""A stage for the tests of marks: what a mark does through the bridge, and how it is taken back."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from backfill_tui.domain.marking import MarkAs, MarkOutcome, MarkScope
from backfill_tui.domain.undoing import UndoOutcome
from tests.support.controlled import Stage

MAIN = Path(__file__).with_name("worker_marks.py")


def ask_mark(
    stage: Stage,
    dag_id: str,
    run_ids: Iterable[str],
    mark_as: MarkAs,
    scope: MarkScope = MarkScope.WHOLE_RUN,
    *,
    dry: bool = False,
    journal: Path | None = None,
    at: int | None = None,
    **more: Any,
) -> MarkOutcome:
    """Mark them, or only look with `dry`; `more` are further fields of the request.

    It is cancelled when it has come so far as `at`.
    """
    params = {
        "dag_id": dag_id, "run_ids": list(run_ids), "mark_as": str(mark_as), "scope": str(scope), **more
    }  # fmt: skip
    method = "preview_mark" if dry else "mark"
    kept = None if journal is None else str(journal)
    answer = stage.worker("ask", method=method, params=params, journal=kept, cancel_at=at)
    return msgspec.convert(answer, MarkOutcome)


def ask_undo(stage: Stage, journal: Path, *, number: str = "", dry: bool = False, **more: Any) -> UndoOutcome:
    """Take back the last deed of a journal, or the one of that number; or only look with `dry`."""
    method = "preview_undo" if dry else "undo"
    params = {"number": number, **more}
    answer = stage.worker("ask", method=method, params=params, journal=str(journal))
    return msgspec.convert(answer, UndoOutcome)
