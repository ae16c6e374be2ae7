"""What is said of the runs that a deed leaves alone: a line for each reason, not for each run."""

from __future__ import annotations

from collections.abc import Iterable

from backfill_tui.domain.ids import RunId
from backfill_tui.domain.mark_words import by_reason
from backfill_tui.domain.numbers import agreed, counted
from backfill_tui.domain.repairing import LeftAlone
from backfill_tui.domain.text import one_line
from backfill_tui.headless.session import Session


def tell_left_alone(session: Session, left_alone: Iterable[LeftAlone]) -> None:
    """`2 runs are left alone: it is running: wait for its end`; a single run is named."""
    for reason, run_ids in by_reason(left_alone).items():
        are = agreed(len(run_ids), "be")
        session.voice.say(one_line(f"{_which(run_ids)} {are} left alone: {reason}"))


def tell_what_stays(session: Session, left_alone: Iterable[LeftAlone]) -> None:
    """The same of runs of which only a part may be left as it is."""
    for reason, run_ids in by_reason(left_alone).items():
        session.voice.say(one_line(f"{_which(run_ids)}: {reason}, and that stays as it is"))


def _which(run_ids: list[RunId]) -> str:
    return run_ids[0] if len(run_ids) == 1 else counted(len(run_ids), "run")
