"""Following runs that a command has set going, be they of a backfill or of a range."""

from __future__ import annotations

from collections.abc import Iterable

from backfill_tui.domain.dag_range import DagRange, GridFacts
from backfill_tui.domain.ids import RunId
from backfill_tui.domain.watching import BackfillFacts
from backfill_tui.headless.chosen_runs import Choice
from backfill_tui.headless.following import Follower
from backfill_tui.headless.range_watching import RangeFollower
from backfill_tui.headless.session import Session
from backfill_tui.headless.telling import words_of


def follower_of(
    session: Session, choice: Choice, facts: GridFacts, run_ids: Iterable[RunId]
) -> Follower | RangeFollower:
    """Follows these runs of what the choice is of, and nothing else of it."""
    if isinstance(facts, BackfillFacts):
        return Follower(session, facts.backfill_id, run_ids=frozenset(run_ids))
    dates = DagRange(dag_id=facts.dag_id, from_date=facts.from_date, to_date=facts.to_date)
    return RangeFollower(session, dates, how_to_follow(session, choice), run_ids=frozenset(run_ids))


def how_to_follow(session: Session, choice: Choice) -> str:
    """The command that follows the range of a choice."""
    return session.again("watch", *(choice.within.words if choice.within else ()))


def words_to_rerun(choice: Choice, facts: GridFacts) -> tuple[str | int, ...]:
    """The words that name to `rerun` what the choice is of."""
    if isinstance(facts, BackfillFacts):
        return words_of(facts)
    return choice.within.words if choice.within else ()
