"""The command `rerun`."""

from __future__ import annotations

from dataclasses import dataclass, replace

from backfill_tui.domain.dag_range import GridFacts
from backfill_tui.domain.ids import TaskId
from backfill_tui.domain.problems import Interrupted, Unreachable
from backfill_tui.domain.repairing import STOPPED_HERE, RerunOutcome, RerunProgress, RerunRequest, RerunScope
from backfill_tui.domain.watching import BackfillFacts
from backfill_tui.forms import encode
from backfill_tui.headless.chosen_following import follower_of, how_to_follow, words_to_rerun
from backfill_tui.headless.chosen_runs import Choice, chosen_runs
from backfill_tui.headless.interrupts import until_stopped
from backfill_tui.headless.rerun_talk import question, tell_nothing, tell_outcome, tell_preview
from backfill_tui.headless.session import Session
from backfill_tui.headless.telling import AnyReading, Telling, show_end


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
    facts, chosen = chosen_runs(session, wish.choice, environment.where)
    request = request_of(wish, facts, RerunRequest(
        dag_id=facts.dag_id, run_ids=tuple(row.run_id for row in chosen if row.run_id is not None)
    ))  # fmt: skip
    preview = session.gateway.preview_rerun(request) if request.run_ids else RerunOutcome()
    tell_preview(session, facts, preview, is_outcome=wish.dry_run)
    if wish.dry_run or not preview.changes:
        if not preview.changes:
            tell_nothing(session, wish.choice, facts)
        _show(session, facts, request, preview, done=False, outcome=None)
        return 0
    session.confirm(f"{question(preview)}?", yes=wish.yes)
    session.start_engine()
    outcome = clear(session, request)
    tell_outcome(session, outcome, is_followed=wish.wait and outcome.changes)
    if wish.wait and outcome.changes and not outcome.stopped:
        return _wait(session, wish.choice, facts, request, outcome)
    if outcome.changes:
        session.voice.say(_how_to_watch(session, wish.choice, facts))
    _show(session, facts, request, outcome, done=outcome.changes, outcome=None)
    return exit_code_of(outcome)


def request_of(wish: RerunWish, facts: GridFacts, runs: RerunRequest) -> RerunRequest:
    """The request for some runs, with all that was wished for them."""
    return replace(
        runs,
        scope=wish.scope,
        task_id=None if wish.task_id is None else TaskId(wish.task_id),
        # In a range a run may be of any backfill, or of none.
        backfill_id=facts.backfill_id if isinstance(facts, BackfillFacts) else None,
        run_on_latest_version=wish.to_latest,
        note=wish.note,
    )


def clear(session: Session, request: RerunRequest) -> RerunOutcome:
    """Clear, telling how far it has come; ctrl+c stops it after the runs that are being cleared."""

    def tell(progress: RerunProgress) -> None:
        session.voice.activity("Clearing runs", progress.done, progress.total, key="rerun")

    return until_stopped(
        session,
        lambda is_interrupted: session.gateway.rerun(request, tell, is_interrupted),
        said="The rerun was stopped before anything was cleared",
    )


def exit_code_of(outcome: RerunOutcome) -> int:
    """0 for a rerun that came to its end, else that of what stopped it."""
    if not outcome.stopped:
        return 0
    return Interrupted.exit_code if outcome.stopped == STOPPED_HERE else Unreachable.exit_code


def _wait(
    session: Session, choice: Choice, facts: GridFacts, request: RerunRequest, outcome: RerunOutcome
) -> int:
    follower = follower_of(session, choice, facts, outcome.run_ids)
    try:
        reading = follower.to_end(Telling(session))
    finally:
        _show(session, facts, request, outcome, done=True, outcome=follower.latest)
    show_end(session, reading, *words_to_rerun(choice, facts))
    return reading.exit_code


def _how_to_watch(session: Session, choice: Choice, facts: GridFacts) -> str:
    paused = facts.dag_id if facts.dag_is_paused else None
    if isinstance(facts, BackfillFacts):
        return session.how_to_watch(facts.backfill_id, paused=paused)
    watching = f"watch them with {how_to_follow(session, choice)}"
    if paused is None:
        return watching[0].upper() + watching[1:]
    return f"Nothing of it starts while the Dag is paused: {session.how_to_unpause(paused)}, then {watching}"


def _show(
    session: Session,
    facts: GridFacts,
    request: RerunRequest,
    touched: RerunOutcome,
    *,
    done: bool,
    outcome: AnyReading | None,
) -> None:
    if session.as_json:
        session.paper.json(rerun_json(facts, request, touched, done=done, outcome=outcome))


def rerun_json(
    facts: GridFacts,
    request: RerunRequest,
    touched: RerunOutcome,
    *,
    done: bool,
    outcome: AnyReading | None,
) -> encode.JsonObject:
    """The object of `rerun`."""
    return {
        "backfill_id": request.backfill_id,
        "dag_id": facts.dag_id,
        "scope": str(request.scope),
        "task_id": request.task_id,
        "latest_version": request.run_on_latest_version,
        "note": request.note,
        "cleared": done,
        **encode.rerun(touched),
        "outcome": None if outcome is None else outcome.json,
    }
