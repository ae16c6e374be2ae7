"""The command `launch`."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from backfill_tui.domain.launching import CreationProgress, Launch, Launched
from backfill_tui.domain.numbers import counted
from backfill_tui.domain.planning import BackfillPlan
from backfill_tui.domain.problems import PlanChanged
from backfill_tui.domain.states import RunState
from backfill_tui.domain.text import one_line
from backfill_tui.forms import encode, encode_plan
from backfill_tui.headless.agreeing import (
    LaunchTerms,
    agree,
    agree_again,
    another_plan,
    is_dag_paused,
    refuse_another_plan,
    refuse_unfit,
    tell_launch_warnings,
)
from backfill_tui.headless.breaking import FailureStop
from backfill_tui.headless.confs import read_conf
from backfill_tui.headless.following import Follower, Reading
from backfill_tui.headless.interrupts import until_stopped
from backfill_tui.headless.planning import (
    make_plan,
    plan_again,
    tell_estimate,
    tell_no_hole,
    tell_totals,
    totals_words,
)
from backfill_tui.headless.remedies import remedies_for
from backfill_tui.headless.session import Session
from backfill_tui.headless.telling import Telling, show_end, words_of
from backfill_tui.headless.wishes import Wish

_ROUNDS: Final = 3
"""So often a plan that has changed under the launch is made and agreed to again."""


def launch(session: Session, wish: Wish, terms: LaunchTerms) -> int:
    """Plan, say what will happen, ask, create the backfill; with `wait`, follow it to its end."""
    wish = replace(wish, conf=read_conf(wish.conf))
    session.refuse_writes("A launch")
    environment = session.open()
    planned = make_plan(session, wish, environment.where)
    refuse_another_plan(session, planned, terms)
    if wish.holes and not planned.run_count:
        tell_no_hole(session, planned)
        _show(session, planned, terms, None, None)
        return 0
    tell_totals(session, planned)
    tell_estimate(session, planned)
    tell_launch_warnings(session, planned, terms)
    refuse_unfit(session, planned, terms)
    if not planned.run_count:
        return _nothing_to_do(session, planned, terms)
    agree(session, planned, terms)
    if not terms.paused:
        session.start_engine()
    planned, launched = _create(session, planned, terms)
    if launched is None:
        return _nothing_to_do(session, planned, terms)
    _tell_launched(session, planned, terms, launched)
    if terms.wait:
        return _wait(session, planned, terms, launched)
    _show(session, planned, terms, launched, None)
    return 0


def _nothing_to_do(session: Session, planned: BackfillPlan, terms: LaunchTerms) -> int:
    kinds = zip(planned.judged.outcomes, planned.judged.tally, strict=True)
    failed = sum(
        number
        for outcome, number in kinds
        if outcome.existing is not None and outcome.existing.state is RunState.FAILED
    )
    hint = f", {failed:,} of them failed: add --reprocess-behavior failed to take those again"
    session.voice.outcome(f"No run to launch, {totals_words(planned)}{hint if failed else ''}")
    _show(session, planned, terms, None, None)
    return 1 if terms.wait and failed else 0


def _create(
    session: Session, planned: BackfillPlan, terms: LaunchTerms
) -> tuple[BackfillPlan, Launched | None]:
    """Create the backfill of a plan, or of the plan that it has become if the user agrees to that too.

    Gives the plan that was launched, and None where nothing was left to run.
    """
    rounds = 0
    while True:
        try:
            return planned, _create_once(session, planned, terms)
        except PlanChanged as changed:
            if terms.if_unchanged:
                raise another_plan(session, changed.message.partition(": ")[2] or changed.message) from None
            if rounds == _ROUNDS:
                raise PlanChanged(
                    f"{one_line(planned.request.dag_id)} keeps changing: its plan was made "
                    f"{counted(rounds + 1, 'time')}, and each time the world had moved on",
                    remedy="launch it again when its runs are at rest",
                ) from None
            rounds += 1
            session.voice.say(one_line(changed.message))
            before = planned
            planned = plan_again(session, before)
        if not _is_still_wanted(session, before, planned, terms):
            return planned, None


def _is_still_wanted(
    session: Session, before: BackfillPlan, planned: BackfillPlan, terms: LaunchTerms
) -> bool:
    """Whether something is left to run, and the user agrees to the plan as it now is."""
    tell_totals(session, planned)
    tell_launch_warnings(session, planned, terms, told=before.warnings)
    refuse_unfit(session, planned, terms)
    if not planned.run_count:
        return False
    agree_again(session, planned, terms)
    return True


def _create_once(session: Session, planned: BackfillPlan, terms: LaunchTerms) -> Launched:
    def tell(progress: CreationProgress) -> None:
        sentence = "Waiting for the database" if progress.waiting else "Creating runs"
        session.voice.activity(sentence, progress.done, progress.total)

    request = Launch(
        request=planned.request,
        fingerprint=planned.fingerprint,
        unpause=terms.unpause,
        paused=terms.paused,
        note=terms.note,
        stop_after_failures=terms.stop_after_failures,
    )
    return until_stopped(
        session,
        lambda is_interrupted: session.gateway.launch(request, tell, is_interrupted),
        said="The launch was stopped, and nothing is left of it",
    )


def _tell_launched(session: Session, planned: BackfillPlan, terms: LaunchTerms, launched: Launched) -> None:
    """What now exists, and, unless it is waited for, how it goes on."""
    dag_id, number = planned.request.dag_id, launched.backfill_id
    runs = counted(launched.created + launched.reprocessed, "run")
    # Where it is waited for, how it ends is the outcome.
    tell = session.voice.say if terms.wait else session.voice.outcome
    tell(f"Backfill {number} of {one_line(dag_id)} has {runs}")
    if launched.unpaused:
        session.voice.say(f"{one_line(dag_id)} is no longer paused")
    for remark in launched.remarks:
        session.voice.problem(one_line(remark))
    if terms.wait:
        return
    still_paused = is_dag_paused(planned) and not terms.unpause
    if terms.paused:
        resuming = session.how_to_resume(number)
        too = f", once the Dag is unpaused: {session.how_to_unpause(dag_id)}" if still_paused else ""
        session.voice.say(f"Nothing of it starts, it is paused: {resuming}{too}")
    else:
        session.voice.say(session.how_to_watch(number, paused=dag_id if still_paused else None))
    if terms.stop_after_failures is not None:
        failed = counted(terms.stop_after_failures, "failed run")
        session.voice.say(f"It is paused after {failed} only while it is watched")


def _wait(session: Session, planned: BackfillPlan, terms: LaunchTerms, launched: Launched) -> int:
    stop = FailureStop(session, launched.backfill_id, terms.stop_after_failures)
    follower = Follower(session, launched.backfill_id, stop=stop)
    try:
        reading = follower.to_end(Telling(session))
    finally:
        # Also when the waiting ends early: who reads the JSON needs the number of what now goes on.
        _show(session, planned, terms, launched, follower.latest)
    show_end(session, reading, *words_of(reading.facts))
    return reading.exit_code


def _show(
    session: Session,
    planned: BackfillPlan,
    terms: LaunchTerms,
    launched: Launched | None,
    outcome: Reading | None,
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
            "warnings": encode_plan.warnings(planned, remedies_for(planned, session)),
            "outcome": None if outcome is None else outcome.json,
            "unpaused": launched is not None and launched.unpaused,
            "paused": launched is not None and terms.paused,
            "note": terms.note,
            "stop_after_failures": terms.stop_after_failures,
            "remarks": [] if launched is None else list(launched.remarks),
        }
    )
