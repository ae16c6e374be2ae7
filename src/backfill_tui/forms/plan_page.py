"""A plan as a page: what it would do, its warnings, a strip of its dates, and the reason for each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from backfill_tui.domain.as_command import Commands
from backfill_tui.domain.estimates import sentence
from backfill_tui.domain.instants import minute, zone_named
from backfill_tui.domain.numbers import counted
from backfill_tui.domain.outcomes import Verdict
from backfill_tui.domain.planning import BackfillPlan, Gravity, PlannedRun
from backfill_tui.domain.ranges import describe
from backfill_tui.domain.spans import Span
from backfill_tui.forms.encode_plan import RemedyOf
from backfill_tui.forms.html import (
    Column,
    Text,
    block,
    facts,
    footer,
    heading,
    outside,
    page,
    paragraph,
    table,
)
from backfill_tui.forms.outcome import second
from backfill_tui.forms.pictures import Strip, said, shapes, strip
from backfill_tui.forms.signs import VERDICT_SIGNS, Sign, gravest

MOST_DATES: Final = 2_000
"""So many dates of a plan are listed one by one."""
_HEADS: Final = {
    Gravity.BLOCKS: "Forbids a launch",
    Gravity.ASKS: "Wants a yes",
    Gravity.TELLS: "Good to know",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanToWrite:
    """A plan and what goes with it; `only` the dates with these verdicts are listed, None for all.

    `commands` is None where no command can name the Dag.
    """

    planned: BackfillPlan
    version: str
    airflow: str
    commands: Commands | None
    remedy_of: RemedyOf
    only: frozenset[Verdict] | None = None


def plan_page(plan: PlanToWrite) -> Iterator[str]:
    """The page, its rows made while it is written."""
    return page(f"Plan of a backfill of {plan.planned.request.dag_id}", _body(plan))


def _body(plan: PlanToWrite) -> Iterator[str]:
    planned = plan.planned
    yield shapes(VERDICT_SIGNS.values())
    yield heading(f"Plan of a backfill of {planned.request.dag_id}", 1)
    yield paragraph("A dry run: nothing of this was done when it was written", "status")
    yield from facts(_facts(plan))
    yield from _warnings(plan)
    yield from _dates(plan)
    yield from _commands(plan)
    yield footer(plan.version)


def _facts(plan: PlanToWrite) -> Iterator[tuple[str, Text]]:
    planned, request = plan.planned, plan.planned.request
    zone = zone_named(planned.timezone)
    span = describe(Span(request.from_date, request.to_date), zone, planned.timezone)
    yield "Dag", request.dag_id
    yield "Range", f"{span.local} {span.timezone} ({span.length})"
    if planned.timezone != "UTC":
        yield "Range in UTC", span.utc
    yield "Reprocess behavior", request.reprocess_behavior.label
    yield "Max active runs", f"{request.max_active_runs:,}"
    yield "Order", "newest date first" if request.run_backwards else "oldest date first"
    yield "Dag version", "the latest" if request.run_on_latest_version else "the one each run had"
    if planned.shown_conf:
        yield "Dag run conf", block(planned.shown_conf)
    if planned.estimate is not None:
        yield "Estimate", sentence(planned.estimate)
    yield "Airflow", plan.airflow
    yield "Planned at", f"{second(planned.planned_at, 'UTC')} UTC"


def _warnings(plan: PlanToWrite) -> Iterator[str]:
    if not plan.planned.warnings:
        return
    yield heading("Warnings")
    yield '<ul class="warnings">\n'
    for warning in plan.planned.warnings:
        remedy = f": {plan.remedy_of(warning)}" if warning.remedy else ""
        words = outside(f"{_HEADS[warning.gravity]}: {warning.message}{remedy}")
        yield f"<li>{words}</li>\n"
    yield "</ul>\n"


def _dates(plan: PlanToWrite) -> Iterator[str]:
    planned = plan.planned
    number = len(planned.judged)
    yield heading("Dates")
    if not number:
        yield paragraph("There is no date in this range")
        return
    counts = [(VERDICT_SIGNS[verdict], planned.count(verdict)) for verdict in VERDICT_SIGNS]
    items = "".join(f"<li>{said(sign, f'{many:,} {sign.word}').html}</li>" for sign, many in counts if many)
    yield f'<ul class="legend">{items}</ul>\n'
    yield from _strip(planned, number)
    yield from _list(plan)


def _strip(planned: BackfillPlan, number: int) -> Iterator[str]:
    dates, zone = planned.judged.dates, zone_named(planned.timezone)

    def sign_at(place: int) -> Sign:
        return VERDICT_SIGNS[planned.judged.outcome(place).verdict]

    def name_at(place: int) -> str:
        occurrence = dates.occurrence(place)
        at = occurrence.logical_date
        return occurrence.partition_key or "" if at is None else minute(at, zone)

    drawn = Strip(number, sign_at, name_at, lambda signs: gravest(signs, VERDICT_SIGNS.values()))
    each = drawn.dates_a_cell
    a_cell = "One cell a date" if each == 1 else f"One cell for {each} dates in a row, with what changes most"
    yield from strip(drawn, f"{a_cell}, the oldest first")


def _list(plan: PlanToWrite) -> Iterator[str]:
    planned = plan.planned
    zone = zone_named(planned.timezone)
    columns = (
        Column("#", number=True),
        Column("Partition" if planned.judged.dates.partitioned else "Logical date", kind="tight"),
        Column("Verdict", kind="tight"),
        Column("Why"),
    )

    def cells(run: PlannedRun) -> tuple[Text, ...]:
        at = run.occurrence.logical_date
        return (
            "" if run.ordinal is None else f"{run.ordinal:,}",
            run.occurrence.partition_key or "no logical date" if at is None else minute(at, zone),
            said(VERDICT_SIGNS[run.verdict], run.verdict.label),
            run.reason,
        )

    wanted = set(Verdict) if plan.only is None else plan.only
    total = planned.count(*wanted)
    listed = _first(planned, frozenset(wanted))
    caption = f"In the order of execution, on the clock of {planned.timezone}"
    yield from table(caption, columns, map(cells, listed))
    if total > MOST_DATES:
        left = counted(total - MOST_DATES, "more date")
        yield paragraph(f"{left} are left out here; the plan as CSV or JSON has them all", "note")


def _first(planned: BackfillPlan, wanted: frozenset[Verdict]) -> Iterator[PlannedRun]:
    shown = 0
    for run in planned.runs:
        if shown == MOST_DATES:
            return
        if run.verdict in wanted:
            shown += 1
            yield run


def _commands(plan: PlanToWrite) -> Iterator[str]:
    if plan.commands is None:
        return
    yield heading("As a command")
    yield from facts(
        [
            ("backfill-tui", block(plan.commands.own)),
            ("Airflow", block(plan.commands.airflow)),
            ("REST", block(plan.commands.rest)),
        ]
    )
