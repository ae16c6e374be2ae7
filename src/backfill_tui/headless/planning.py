"""The command `plan`, and what `launch` shares with it."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from backfill_tui import __version__
from backfill_tui.domain.as_command import commands_of
from backfill_tui.domain.environment import Environment
from backfill_tui.domain.estimates import sentence
from backfill_tui.domain.instants import minute
from backfill_tui.domain.numbers import counted
from backfill_tui.domain.outcomes import Verdict
from backfill_tui.domain.planning import BackfillPlan, BackfillRequest, Gravity, PlanWarning
from backfill_tui.domain.problems import BadRequest, Refused
from backfill_tui.domain.ranges import describe
from backfill_tui.domain.spans import Span
from backfill_tui.domain.text import one_line
from backfill_tui.forms.files import Format
from backfill_tui.forms.plan_page import PlanToWrite
from backfill_tui.forms.plan_parts import plan_parts
from backfill_tui.headless.confs import read_conf
from backfill_tui.headless.holes import narrowed
from backfill_tui.headless.plan_forms import ChosenRuns, Output, PlanForm
from backfill_tui.headless.plan_rows import table_of
from backfill_tui.headless.remedies import remedies_for, remedy_of
from backfill_tui.headless.session import Session, dag_named
from backfill_tui.headless.wishes import Wish, dag_zone, request_of

_PLANNING: Final = "planning"
_HEADS: Final = {
    Gravity.BLOCKS: "This forbids a launch",
    Gravity.ASKS: "Warning",
    Gravity.TELLS: "Note",
}


def show_plan(session: Session, wish: Wish, form: PlanForm) -> int:
    """The dry run: every date with its verdict and reason; changes nothing.

    The exit code is 4 when a warning forbids a launch, unless it is of holes and there are none.
    """
    wish = replace(wish, conf=read_conf(wish.conf))
    form.target.check()
    environment = session.open()
    planned = make_plan(session, wish, environment.where)
    if form.command is not None:
        _print_commands(session, planned, form.command)
        tell_warnings(session, wish.dag_id, planned.blocking)
    else:
        _print_dates(session, planned, form, environment)
        if form.output is Output.JSON:
            tell_warnings(session, wish.dag_id, planned.blocking)
    if wish.holes and not planned.run_count:
        tell_no_hole(session, planned)
        return 0
    if form.command is None and form.output is not Output.JSON:
        tell_totals(session, planned)
        tell_estimate(session, planned)
        tell_warnings(session, wish.dag_id, planned.warnings)
    return Refused.exit_code if planned.blocking else 0


def make_plan(session: Session, wish: Wish, where: str) -> BackfillPlan:
    """The plan of a wish, its range said; raises BadRequest for what can not be meant.

    Of holes it is narrowed to the dates from the first one that runs to the last.
    """
    dag, now = dag_named(session, wish.dag_id, where)
    request = request_of(wish, dag, now)
    tell_range(session, request, dag.clock)
    # To whoever waits for it the narrower plan is part of the same planning, which is said once.
    with _planning_said(session, request):
        planned = _ask_for(session, request, dag.clock)
        if not wish.holes or not planned.run_count:
            return planned
        shorter = narrowed(planned, lambda narrower: _ask_for(session, narrower, dag.clock))
    if shorter is not planned:
        tell_range(session, shorter.request, dag.clock, head="From the first hole to the last")
    return shorter


def plan_again(session: Session, planned: BackfillPlan) -> BackfillPlan:
    """The same request, planned on the world as it is now."""
    with _planning_said(session, planned.request):
        return _ask_for(session, planned.request, planned.timezone)


@contextmanager
def _planning_said(session: Session, request: BackfillRequest) -> Generator[None, None, None]:
    session.voice.activity(f"Planning {one_line(request.dag_id)}", key=_PLANNING)
    try:
        yield
    finally:
        session.voice.settle()


def _ask_for(session: Session, request: BackfillRequest, timezone: str) -> BackfillPlan:
    """The plan, with how far it has come as long as that is no more than a part."""
    dag_id, zone = one_line(request.dag_id), dag_zone(timezone, request.dag_id)

    def tell(partial: BackfillPlan) -> None:
        found = len(partial.judged)
        last = partial.judged.dates.occurrence(found - 1) if found else None
        at = None if last is None else last.identity
        up_to = "" if at is None else f", up to {minute(at, zone)[:10]}"
        dates = f"{counted(found, 'date')} so far{up_to}"
        session.voice.activity(f"Planning {dag_id}: {dates}", key=_PLANNING)

    return session.gateway.plan(request, on_partial=tell)


def _print_dates(session: Session, planned: BackfillPlan, form: PlanForm, environment: Environment) -> None:
    chosen = ChosenRuns(planned, form.only)
    if form.output is Output.TABLE:
        if len(chosen):
            session.paper.table(table_of(planned, chosen))
        return
    try:
        commands = commands_of(planned, program=session.program)
    except BadRequest:
        commands = None
    plan = PlanToWrite(
        planned=planned,
        version=__version__,
        airflow=environment.words,
        commands=commands,
        remedy_of=remedies_for(planned, session),
        only=form.only,
    )
    form.target.write(session, plan_parts(plan, chosen, Format(form.output)))


def _print_commands(session: Session, planned: BackfillPlan, which: str) -> None:
    commands = commands_of(planned, program=session.program)
    by_name = {"airflow": commands.airflow, "own": commands.own, "rest": commands.rest}
    if which in by_name:
        session.paper.line(by_name[which])
        return
    for name, line in by_name.items():
        session.paper.line(f"{name}: {line}")


def tell_range(session: Session, request: BackfillRequest, timezone: str, *, head: str = "Range") -> None:
    """The range as exact instants, as talk: on the Dag's clock, and in UTC where that is another."""
    words = describe(Span(request.from_date, request.to_date), dag_zone(timezone, request.dag_id), timezone)
    utc = "" if words.timezone == "UTC" else f", that is {words.utc}"
    session.voice.say(f"{head}: {words.local} {words.timezone}{utc} ({words.length})")


def tell_totals(session: Session, planned: BackfillPlan) -> None:
    """How many dates have which verdict, as talk."""
    session.voice.say(f"{one_line(planned.request.dag_id)}: {totals_words(planned)}")


def tell_estimate(session: Session, planned: BackfillPlan) -> None:
    """How long it would take, as talk; nothing where nothing would run."""
    if planned.estimate is not None and planned.run_count:
        session.voice.say(f"Estimate: {one_line(sentence(planned.estimate))}")


def tell_warnings(session: Session, dag_id: str, warnings: tuple[PlanWarning, ...]) -> None:
    """The warnings, as talk: a line each, with what to do."""
    for warning in warnings:
        remedy = f": {remedy_of(warning, dag_id, session)}" if warning.remedy else ""
        session.voice.say(one_line(f"{_HEADS[warning.gravity]}: {warning.message}{remedy}"))


def tell_no_hole(session: Session, planned: BackfillPlan) -> None:
    """That every date has a run that succeeded or has not ended, as talk."""
    dag_id = one_line(planned.request.dag_id)
    if not len(planned.judged):
        session.voice.outcome(f"{dag_id} has no hole: the range has no date")
        return
    session.voice.outcome(
        f"{dag_id} has no hole: of {counted(len(planned.judged), 'date')} each has a run that succeeded or "
        "is in flight, or is not due yet"
    )


def totals_words(planned: BackfillPlan) -> str:
    """`91 dates: 80 create, 3 reprocess, 7 skip, 1 not yet`."""
    skipped = planned.count(Verdict.SKIP_EXISTS, Verdict.SKIP_IN_FLIGHT)
    parts = [
        (planned.count(Verdict.CREATE), "create"),
        (planned.count(Verdict.REPROCESS), "reprocess"),
        (skipped, "skip"),
        (planned.count(Verdict.NOT_YET), "not yet"),
    ]
    words = ", ".join(f"{number:,} {word}" for number, word in parts if number)
    dates = counted(len(planned.judged), "date")
    return f"{dates}: {words}" if words else f"{dates} in this range"
