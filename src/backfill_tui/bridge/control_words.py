"""Why something can not be done to a backfill, in a sentence with a next step."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timezone
from typing import Final

from backfill_tui.domain.control import Deed
from backfill_tui.domain.instants import SECOND, Instant, minute
from backfill_tui.domain.numbers import counted
from backfill_tui.domain.problems import NotThere, Refused
from backfill_tui.domain.progress import CREATION_SECONDS, BackfillStatus, Standing, standing
from backfill_tui.domain.watching import BackfillFacts, RunCounts

MINUTE: Final = 60 * SECOND


def not_there(number: int) -> NotThere:
    """There is no such backfill."""
    return NotThere(f"There is no backfill {number}", remedy="look at the list of backfills")


def refusal(deed: Deed, facts: BackfillFacts, counts: RunCounts, now: Instant) -> Refused:
    """Why a deed that is none of `control.possible_deeds` is not done."""
    number, stands = facts.backfill_id, standing(facts, counts, now)
    if stands.status is BackfillStatus.CREATING:
        until = facts.created_at + CREATION_SECONDS * SECOND
        at = minute(Instant(until - until % MINUTE + MINUTE), timezone.utc)
        return Refused(
            f"Backfill {number} has no runs yet, it is still being created",
            remedy=f"wait until {at.split()[-1]} UTC, and remove it if it has none by then",
        )
    if stands.status is BackfillStatus.ABANDONED:
        return Refused(
            f"Backfill {number} has nothing to {_WORD[deed]}: {stands.sentence}", remedy="remove it"
        )
    if deed is Deed.REMOVE:
        return Refused(
            f"Backfill {number} has {counted(counts.total, 'date')}, and only one without dates is removed"
            if counts.total
            else f"Backfill {number} is complete, and stands in nobody's way",
            remedy="cancel it to stop its runs" if counts.active else "leave it as a record",
        )
    if not counts.active:
        return Refused(f"Backfill {number} is at its end: {stands.sentence}", remedy=stands.remedy)
    return _WHY[deed](facts, counts, stands)


def _of_pausing(facts: BackfillFacts, counts: RunCounts, stands: Standing) -> Refused:
    """It is complete for Airflow, which pauses and resumes no such backfill, but has unfinished runs."""
    number = facts.backfill_id
    if facts.is_paused:
        return Refused(
            f"Backfill {number} was cancelled, so it is neither paused nor resumed",
            remedy="cancel its running runs too, to end them"
            if counts.running
            else "rerun its runs from here",
        )
    if stands.status is BackfillStatus.ORPHANED:
        return Refused(
            f"Backfill {number} counts as complete, though {counts.active} of its runs are unfinished",
            remedy="reopen it first",
        )
    return Refused(
        f"Backfill {number} is complete, and its unfinished runs were cleared since then",
        remedy="cancel what of it is left to run, or pause the Dag",
    )


def _of_cancelling(facts: BackfillFacts, counts: RunCounts, _stands: Standing) -> Refused:
    going = counted(counts.running, "running run")
    return Refused(
        f"Backfill {facts.backfill_id} has no queued run to cancel, and {going} of it "
        f"{'goes' if counts.running == 1 else 'go'} on",
        remedy="cancel the running runs too, to end them",
    )


def _of_ending(facts: BackfillFacts, _counts: RunCounts, _stands: Standing) -> Refused:
    return Refused(f"Backfill {facts.backfill_id} has no running run to end", remedy="cancel it")


def _of_reopening(facts: BackfillFacts, _counts: RunCounts, _stands: Standing) -> Refused:
    number = facts.backfill_id
    if facts.completed_at is None:
        return Refused(f"Backfill {number} is not complete, so there is nothing to reopen")
    if facts.is_paused:
        return Refused(
            f"Backfill {number} was cancelled, so it is not reopened", remedy="rerun its runs instead"
        )
    return Refused(
        f"Backfill {number} was complete before its unfinished runs were cleared, so it is not reopened",
        remedy="let them run",
    )


_WORD: Final = {
    Deed.PAUSE: "pause",
    Deed.RESUME: "resume",
    Deed.CANCEL: "cancel",
    Deed.CANCEL_RUNNING: "cancel",
    Deed.REOPEN: "reopen",
}
_WHY: Final[dict[Deed, Callable[[BackfillFacts, RunCounts, Standing], Refused]]] = {
    Deed.PAUSE: _of_pausing,
    Deed.RESUME: _of_pausing,
    Deed.CANCEL: _of_cancelling,
    Deed.CANCEL_RUNNING: _of_ending,
    Deed.REOPEN: _of_reopening,
}
