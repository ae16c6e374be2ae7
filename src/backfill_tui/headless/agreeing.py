"""What a launch is refused for, and the questions it asks before anything is created."""

from __future__ import annotations

from dataclasses import dataclass

from backfill_tui.domain.fingerprint import what_changed
from backfill_tui.domain.numbers import counted
from backfill_tui.domain.outcomes import Verdict
from backfill_tui.domain.planning import BackfillPlan, Gravity, PlanWarning
from backfill_tui.domain.problems import PlanChanged, Refused
from backfill_tui.domain.text import one_line
from backfill_tui.headless.planning import tell_warnings
from backfill_tui.headless.remedies import DAG_PAUSED, remedy_of
from backfill_tui.headless.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchTerms:
    """How a plan is to be launched, as it was typed.

    `accepted` are codes of warnings; when no other one asks, nobody is asked. `if_unchanged` is the
    fingerprint of the plan that was agreed to before, empty for none. The rest is as in `Launch`.
    """

    yes: bool = False
    accepted: frozenset[str] = frozenset()
    wait: bool = False
    unpause: bool = False
    paused: bool = False
    note: str = ""
    stop_after_failures: int | None = None
    if_unchanged: str = ""


def what_happens(planned: BackfillPlan) -> str:
    """`Create 80 runs and run 3 again`."""
    create, again = planned.count(Verdict.CREATE), planned.count(Verdict.REPROCESS)
    if create and again:
        return f"Create {counted(create, 'run')} and run {again:,} again"
    return f"Create {counted(create, 'run')}" if create else f"Run {counted(again, 'run')} again"


def is_dag_paused(planned: BackfillPlan) -> bool:
    """Whether the Dag was paused when it was planned."""
    return any(warning.code == DAG_PAUSED for warning in planned.warnings)


def tell_launch_warnings(
    session: Session, planned: BackfillPlan, terms: LaunchTerms, *, told: tuple[PlanWarning, ...] = ()
) -> None:
    """The warnings not told before, as talk; of a pause that the launch lifts it only says that."""
    dag_id = planned.request.dag_id
    for warning in planned.warnings:
        if warning in told:
            continue
        if terms.unpause and warning.code == DAG_PAUSED:
            # Behind the semicolon it says what else unpausing lets loose.
            _, _, released = warning.message.partition("; ")
            too = f"; {released}" if released else ""
            session.voice.say(one_line(f"Note: The Dag is paused, and the launch unpauses it{too}"))
        else:
            tell_warnings(session, dag_id, (warning,))


def refuse_another_plan(session: Session, planned: BackfillPlan, terms: LaunchTerms) -> None:
    """Raise PlanChanged when the plan is not the one that was agreed to before, with what has changed."""
    if terms.if_unchanged and (changed := what_changed(terms.if_unchanged, planned.judged)):
        raise another_plan(session, changed)


def another_plan(session: Session, changed: str) -> PlanChanged:
    """The refusal of a plan that is not the one of its fingerprint."""
    return PlanChanged(
        f"Nothing was launched, because the plan is not that of --if-unchanged: {one_line(changed)}",
        remedy=f"look at it again with {session.again('plan')}, and launch with its new fingerprint",
    )


def refuse_unfit(session: Session, planned: BackfillPlan, terms: LaunchTerms) -> None:
    """Raise Refused for what nobody can agree to: a warning that blocks, and a wait without an end."""
    dag_id = planned.request.dag_id
    for warning in planned.blocking:
        raise Refused(one_line(warning.message), remedy=one_line(remedy_of(warning, dag_id, session)))
    if terms.wait and not terms.unpause and planned.run_count and is_dag_paused(planned):
        raise Refused(
            f"{one_line(dag_id)} is paused, so no run would start and --wait would wait for ever",
            remedy="add --unpause, or leave out --wait",
        )


def agree(session: Session, planned: BackfillPlan, terms: LaunchTerms) -> None:
    """Return when the user agrees to what asks, else raise Refused."""
    left = _left_to_ask(planned, terms)
    agreed = terms.yes or (bool(terms.accepted) and not left)
    if not left:
        session.confirm(f"{_deed(planned, terms)}?", yes=agreed)
        return
    question = f"{_deed(planned, terms)}, with {_warned(left)}. Launch all the same?"
    session.confirm(question, yes=agreed, about=left)


def agree_again(session: Session, planned: BackfillPlan, terms: LaunchTerms) -> None:
    """The same for a plan that is no longer the one that was agreed to: that wants a yes of its own."""
    left = _left_to_ask(planned, terms)
    warned = f", with {_warned(left)}" if left else ""
    session.confirm(f"{_deed(planned, terms)}{warned}. Launch all the same?", yes=terms.yes)


def _left_to_ask(planned: BackfillPlan, terms: LaunchTerms) -> tuple[str, ...]:
    accepted = terms.accepted | {DAG_PAUSED} if terms.unpause else terms.accepted
    asking = [warning.code for warning in planned.warnings if warning.gravity is Gravity.ASKS]
    return tuple(one_line(code) for code in asking if code not in accepted)


def _deed(planned: BackfillPlan, terms: LaunchTerms) -> str:
    deed = f"{what_happens(planned)}, paused" if terms.paused else what_happens(planned)
    return f"{deed}, and unpause the Dag" if terms.unpause and is_dag_paused(planned) else deed


def _warned(left: tuple[str, ...]) -> str:
    return f"the warning {left[0]}" if len(left) == 1 else f"{len(left)} warnings ({', '.join(left)})"
