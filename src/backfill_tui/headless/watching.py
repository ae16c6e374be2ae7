"""The command `watch`."""

from __future__ import annotations

from backfill_tui.domain.ids import BackfillId
from backfill_tui.domain.problems import NotThere
from backfill_tui.domain.progress import standing
from backfill_tui.headless.breaking import FailureStop
from backfill_tui.headless.following import Follower
from backfill_tui.headless.session import Session
from backfill_tui.headless.telling import Changes, show_end, words_of


def watch(session: Session, number: int | None, *, stop_after_failures: int | None = None) -> int:
    """Follow a backfill to its end; without a number the newest active one, else the newest.

    It is paused once so many of its runs have failed as `stop_after_failures` says; None takes what was asked
    for at its launch, 0 means never. With `--json` each change is one object on one line.
    """
    session.open()
    backfill_id = _choose(session) if number is None else BackfillId(number)
    stop = FailureStop(session, backfill_id, stop_after_failures)
    follower = Follower(session, backfill_id, stop=stop)
    reading = follower.to_end(Changes(session))
    show_end(session, reading, *words_of(reading.facts))
    return reading.exit_code


def _choose(session: Session) -> BackfillId:
    summaries = session.gateway.backfills(None)
    if not summaries:
        raise NotThere(
            "There is no backfill yet",
            remedy=f"launch one with {session.again('launch')} DAG_ID --from DATE --to DATE",
        )
    active = (
        each for each in summaries if not standing(each.facts, each.counts, each.read_at).status.finished
    )
    return next(active, summaries[0]).facts.backfill_id
