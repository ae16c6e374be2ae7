"""A plan in the form that is wanted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from backfill_tui.domain.planning import PlannedRun
from backfill_tui.forms import encode_plan
from backfill_tui.forms.files import Format
from backfill_tui.forms.plan_csv import CSV_HEADER, csv_rows
from backfill_tui.forms.plan_page import PlanToWrite, plan_page
from backfill_tui.forms.text_parts import csv_parts, json_parts


def plan_parts(plan: PlanToWrite, chosen: Iterable[PlannedRun], form: Format) -> Iterator[str]:
    """Its text in parts; `chosen` are the dates that are wanted, in the order of execution."""
    if form is Format.CSV:
        return csv_parts(CSV_HEADER, csv_rows(chosen))
    if form is Format.HTML:
        return plan_page(plan)
    return json_parts(
        encode_plan.before_the_runs(plan.planned),
        encode_plan.RUNS,
        map(encode_plan.planned_run, chosen),
        encode_plan.after_the_runs(plan.planned, plan.commands, plan.remedy_of),
    )
