"""The command `launch`."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from backfill_tui.domain.launching import CreationProgress, Launch, Launched
from backfill_tui.domain.outcomes import Verdict
from backfill_tui.domain.planning import BackfillPlan, Gravity
from backfill_tui.domain.problems import Interrupted, Refused
from backfill_tui.domain.states import RunState
from backfill_tui.domain.text import one_line
from backfill_tui.headless import encode, encode_plan
from backfill_tui.headless.confs import read_conf
from backfill_tui.headless.following import Follower, Reading, show_end, tell_progress
from backfill_tui.headless.interrupts import deferred_interrupt
from backfill_tui.headless.planning import (
    make_plan,
    tell_estimate,
    tell_no_hole,
    tell_totals,
    tell_warnings,
    totals_words,
)
from backfill_tui.headless.remedies import remedy_of
from backfill_tui.headless.session import Session, counted
from backfill_tui.headless.wishes import Wish

_DAG_PAUSED: Final = "dag_paused"
"""The code of the warning that a plan of a paused Dag has."""


def launch(session: Session, wish: Wish, *, yes: bool, accepted: frozenset[str], wait: bool) -> int:
    """Plan, say what will happen, ask, create the backfill; with `wait`, follow it to its end.

    `accepted` are codes of warnings; when no other one asks, nobody is asked.
    """
    wish = replace(wish, conf=read_conf(wish.conf))
    session.refuse_writes("A launch")
    environment = session.open()
    planned = make_plan(session, wish, environment.where)
    if wish.holes and not planned.run_count:
        tell_no_hole(session, planned)
        _show(session, planned, None, None)
        return 0
    tell_totals(session, planned)
    tell_estimate(session, planned)
    tell_warnings(session, wish.dag_id, planned.warnings)
    _refuse_blocked(session, planned)
    if not planned.run_count:
        return _nothing_to_do(session, planned, wait=wait)
    _agree(session, planned, yes=yes, accepted=accepted)
    session.start_engine()
    launched = _create(session, planned)
    created = f"Backfill {launched.backfill_id} of {one_line(wish.dag_id)} has"
    session.voice.say(f"{created} {counted(launched.created + launched.reprocessed, 'run')}")
    if not wait:
        is_paused = any(warning.code == _DAG_PAUSED for warning in planned.warnings)
        paused = wish.dag_id if is_paused else None
        session.voice.say(session.how_to_watch(launched.backfill_id, paused=paused))
        _show(session, planned, launched, None)
        return 0
    return _wait(session, planned, launched)


def what_happens(planned: BackfillPlan) -> str:
    """`Create 80 runs and run 3 again`."""
    create, again = planned.count(Verdict.CREATE), planned.count(Verdict.REPROCESS)
    if create and again:
        return f"Create {counted(create, 'run')} and run {again:,} again"
    return f"Create {counted(create, 'run')}" if create else f"Run {counted(again, 'run')} again"


def _refuse_blocked(session: Session, planned: BackfillPlan) -> None:
    for warning in planned.blocking:
        remedy = remedy_of(warning, planned.request.dag_id, session)
        raise Refused(one_line(warning.message), remedy=one_line(remedy))


def _agree(session: Session, planned: BackfillPlan, *, yes: bool, accepted: frozenset[str]) -> None:
    """Return when the user agrees to what asks, else raise Refused."""
    asking = [warning.code for warning in planned.warnings if warning.gravity is Gravity.ASKS]
    left = tuple(one_line(code) for code in asking if code not in accepted)
    agreed = yes or (bool(accepted) and not left)
    if not left:
        session.confirm(f"{what_happens(planned)}?", yes=agreed)
        return
    warned = f"the warning {left[0]}" if len(left) == 1 else f"{len(left)} warnings ({', '.join(left)})"
    session.confirm(f"{what_happens(planned)}, with {warned}. Launch all the same?", yes=agreed, about=left)


def _nothing_to_do(session: Session, planned: BackfillPlan, *, wait: bool) -> int:
    kinds = zip(planned.judged.outcomes, planned.judged.tally, strict=True)
    failed = sum(
        number
        for outcome, number in kinds
        if outcome.existing is not None and outcome.existing.state is RunState.FAILED
    )
    hint = f", {failed:,} of them failed: add --reprocess-behavior failed to take those again"
    session.voice.say(f"No run to launch, {totals_words(planned)}{hint if failed else ''}")
    _show(session, planned, None, None)
    return 1 if wait and failed else 0


def _create(session: Session, planned: BackfillPlan) -> Launched:
    def tell(progress: CreationProgress) -> None:
        sentence = "Waiting for the database" if progress.waiting else "Creating runs"
        session.voice.activity(sentence, progress.done, progress.total)

    request = Launch(request=planned.request, fingerprint=planned.fingerprint)
    try:
        with deferred_interrupt() as is_interrupted:
            return session.gateway.launch(request, tell, is_interrupted)
    except Interrupted:
        raise Interrupted("The launch was stopped, and nothing is left of it") from None
    finally:
        session.voice.settle()


def _wait(session: Session, planned: BackfillPlan, launched: Launched) -> int:
    follower = Follower(session, launched.backfill_id)
    try:
        reading = follower.to_end(tell_progress(session))
    finally:
        # Also when the waiting ends early: who reads the JSON needs the number of what now goes on.
        _show(session, planned, launched, follower.latest)
    if not session.as_json:
        show_end(session, reading)
    return reading.exit_code


def _show(
    session: Session, planned: BackfillPlan, launched: Launched | None, outcome: Reading | None
) -> None:
    if not session.as_json:
        return
    session.paper.json(
        {
            "backfill_id": None if launched is None else launched.backfill_id,
            "dag_id": planned.request.dag_id,
            "from_date": encode.when(planned.request.from_date),
            "to_date": encode.when(planned.request.to_date),
            "created": 0 if launched is None else launched.created,
            "reprocessed": 0 if launched is None else launched.reprocessed,
            "skipped": 0 if launched is None else launched.skipped,
            "totals": encode_plan.totals(planned),
            "warnings": encode_plan.warnings(planned, session),
            "outcome": None if outcome is None else outcome.json,
        }
    )
