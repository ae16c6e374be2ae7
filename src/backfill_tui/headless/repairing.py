"""The command `rerun`."""

from __future__ import annotations

from dataclasses import dataclass

from backfill_tui.domain.repairing import RerunOutcome, RerunRequest, RerunScope
from backfill_tui.domain.text import one_line
from backfill_tui.domain.watching import BackfillFacts
from backfill_tui.headless import encode
from backfill_tui.headless.chosen_runs import Choice, chosen_of_backfill
from backfill_tui.headless.following import Follower, Reading, show_end, tell_progress
from backfill_tui.headless.session import Session, counted


@dataclass(frozen=True, slots=True, kw_only=True)
class RerunWish:
    """What was typed."""

    choice: Choice
    scope: RerunScope
    dry_run: bool
    yes: bool
    wait: bool


def rerun(session: Session, wish: RerunWish) -> int:
    """Say what would run again, ask, clear it; with `wait`, follow those runs to their end."""
    if not wish.dry_run:
        session.refuse_writes("A rerun")
    environment = session.open()
    facts, chosen = chosen_of_backfill(session, wish.choice, environment.where)
    request = RerunRequest(
        dag_id=facts.dag_id,
        run_ids=tuple(row.run_id for row in chosen if row.run_id is not None),
        scope=wish.scope,
    )
    preview = session.gateway.preview_rerun(request) if request.run_ids else _NOTHING
    _tell(session, facts, preview)
    if wish.dry_run or not preview.affected:
        if not preview.affected:
            _tell_nothing(session, wish, facts)
        _show(session, facts, wish, preview, done=False, outcome=None)
        return 0
    session.confirm(f"{_question(preview)}?", yes=wish.yes)
    session.start_engine()
    outcome = session.gateway.rerun(request)
    session.voice.say(f"Cleared {counted(len(outcome.affected), 'task instance')}")
    if not wish.wait:
        paused = facts.dag_id if facts.dag_is_paused else None
        session.voice.say(session.how_to_watch(facts.backfill_id, paused=paused))
        _show(session, facts, wish, outcome, done=True, outcome=None)
        return 0
    return _wait(session, facts, wish, outcome)


_NOTHING = RerunOutcome(affected=(), untouched=0)


def _wait(session: Session, facts: BackfillFacts, wish: RerunWish, outcome: RerunOutcome) -> int:
    follower = Follower(session, facts.backfill_id, run_ids=frozenset(outcome.run_ids))
    try:
        reading = follower.to_end(tell_progress(session))
    finally:
        _show(session, facts, wish, outcome, done=True, outcome=follower.latest)
    show_end(session, reading)
    return reading.exit_code


def _tell(session: Session, facts: BackfillFacts, preview: RerunOutcome) -> None:
    if not preview.affected and not preview.left_alone:
        return
    runs, tasks = counted(len(preview.run_ids), "run"), counted(len(preview.affected), "task instance")
    good = preview.overwritten_successes
    had = f", {good:,} of them had succeeded" if good else ""
    session.voice.say(
        f"Backfill {facts.backfill_id} of {one_line(facts.dag_id)}: "
        f"{tasks} in {runs} run again{had}, {preview.untouched:,} stay as they are"
    )
    for left in preview.left_alone:
        session.voice.say(one_line(f"{left.run_id} is left alone: {left.reason}"))
    if facts.dag_is_paused:
        unpausing = session.how_to_unpause(facts.dag_id)
        session.voice.say(f"Warning: The Dag is paused, so no run will start: {unpausing}")
    for number in preview.unblocked:
        session.voice.say(f"Backfill {number} was cancelled, its pause is lifted so that cleared runs start")


def _tell_nothing(session: Session, wish: RerunWish, facts: BackfillFacts) -> None:
    session.voice.say(f"Nothing of backfill {facts.backfill_id} to run again")
    if wish.choice.backfill_id is not None or wish.choice.dates:
        return
    # Who named no backfill may well have meant an older one.
    for older in session.gateway.backfills(facts.dag_id)[1:]:
        if older.counts.failed:
            number = older.facts.backfill_id
            again = session.again("rerun", facts.dag_id, "--backfill", number)
            failed = counted(older.counts.failed, "failed date")
            session.voice.say(f"Backfill {number} has {failed}: rerun them with {again}")
            return


def _question(preview: RerunOutcome) -> str:
    tasks = counted(len(preview.affected), "task instance")
    return f"Run {tasks} in {counted(len(preview.run_ids), 'run')} again"


def _show(
    session: Session,
    facts: BackfillFacts,
    wish: RerunWish,
    touched: RerunOutcome,
    *,
    done: bool,
    outcome: Reading | None,
) -> None:
    if not session.as_json:
        return
    session.paper.json(
        {
            "backfill_id": facts.backfill_id,
            "dag_id": facts.dag_id,
            "scope": str(wish.scope),
            "cleared": done,
            **encode.rerun(touched),
            "outcome": None if outcome is None else outcome.json,
        }
    )
