"""The command `rerun`."""

from __future__ import annotations

from dataclasses import dataclass

from backfill_tui.domain.ids import TaskId
from backfill_tui.domain.problems import Interrupted, Unreachable
from backfill_tui.domain.repairing import STOPPED_HERE, RerunOutcome, RerunProgress, RerunRequest, RerunScope
from backfill_tui.domain.watching import BackfillFacts
from backfill_tui.headless import encode
from backfill_tui.headless.chosen_runs import Choice, chosen_of_backfill
from backfill_tui.headless.following import Follower, Reading, show_end, tell_progress
from backfill_tui.headless.interrupts import deferred_interrupt
from backfill_tui.headless.rerun_talk import question, tell_nothing, tell_outcome, tell_preview
from backfill_tui.headless.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class RerunWish:
    """What was typed."""

    choice: Choice
    scope: RerunScope
    task_id: str | None = None
    to_latest: bool = True
    note: str = ""
    dry_run: bool = False
    yes: bool = False
    wait: bool = False


def rerun(session: Session, wish: RerunWish) -> int:
    """Say what would run again, ask, clear it; with `wait`, follow those runs to their end."""
    if not wish.dry_run:
        session.refuse_writes("A rerun")
    environment = session.open()
    facts, chosen = chosen_of_backfill(session, wish.choice, environment.where)
    request = request_of(wish, facts, RerunRequest(
        dag_id=facts.dag_id, run_ids=tuple(row.run_id for row in chosen if row.run_id is not None)
    ))  # fmt: skip
    preview = session.gateway.preview_rerun(request) if request.run_ids else RerunOutcome()
    tell_preview(session, facts, preview)
    if wish.dry_run or not preview.affected:
        if not preview.affected:
            tell_nothing(session, wish.choice, facts)
        _show(session, facts, request, preview, done=False, outcome=None)
        return 0
    session.confirm(f"{question(preview)}?", yes=wish.yes)
    session.start_engine()
    outcome = clear(session, request)
    tell_outcome(session, outcome)
    if wish.wait and not outcome.stopped:
        return _wait(session, facts, request, outcome)
    if outcome.affected:
        paused = facts.dag_id if facts.dag_is_paused else None
        session.voice.say(session.how_to_watch(facts.backfill_id, paused=paused))
    _show(session, facts, request, outcome, done=bool(outcome.affected), outcome=None)
    return exit_code_of(outcome)


def request_of(wish: RerunWish, facts: BackfillFacts, runs: RerunRequest) -> RerunRequest:
    """The request for some runs, with all that was wished for them."""
    from dataclasses import replace

    return replace(
        runs,
        scope=wish.scope,
        task_id=None if wish.task_id is None else TaskId(wish.task_id),
        backfill_id=facts.backfill_id,
        run_on_latest_version=wish.to_latest,
        note=wish.note,
    )


def clear(session: Session, request: RerunRequest) -> RerunOutcome:
    """Clear, telling how far it has come; ctrl+c stops it after the runs that are being cleared."""

    def tell(progress: RerunProgress) -> None:
        session.voice.activity("Clearing runs", progress.done, progress.total, key="rerun")

    try:
        with deferred_interrupt() as is_interrupted:
            return session.gateway.rerun(request, tell, is_interrupted)
    except Interrupted:
        raise Interrupted("The rerun was stopped before anything was cleared") from None
    finally:
        session.voice.settle()


def exit_code_of(outcome: RerunOutcome) -> int:
    """0 for a rerun that came to its end, else that of what stopped it."""
    if not outcome.stopped:
        return 0
    return Interrupted.exit_code if outcome.stopped == STOPPED_HERE else Unreachable.exit_code


def _wait(session: Session, facts: BackfillFacts, request: RerunRequest, outcome: RerunOutcome) -> int:
    follower = Follower(session, facts.backfill_id, run_ids=frozenset(outcome.run_ids))
    try:
        reading = follower.to_end(tell_progress(session))
    finally:
        _show(session, facts, request, outcome, done=True, outcome=follower.latest)
    show_end(session, reading)
    return reading.exit_code


def _show(
    session: Session,
    facts: BackfillFacts,
    request: RerunRequest,
    touched: RerunOutcome,
    *,
    done: bool,
    outcome: Reading | None,
) -> None:
    if session.as_json:
        session.paper.json(rerun_json(facts, request, touched, done=done, outcome=outcome))


def rerun_json(
    facts: BackfillFacts, request: RerunRequest, touched: RerunOutcome, *, done: bool, outcome: Reading | None
) -> encode.JsonObject:
    """The object of `rerun`."""
    return {
        "backfill_id": facts.backfill_id,
        "dag_id": facts.dag_id,
        "scope": str(request.scope),
        "task_id": request.task_id,
        "latest_version": request.run_on_latest_version,
        "note": request.note,
        "cleared": done,
        **encode.rerun(touched),
        "outcome": None if outcome is None else outcome.json,
    }
