"""The command `plan`, and what `launch` shares with it."""

from __future__ import annotations

import json
from dataclasses import dataclass

from backfill_tui.domain.dates import Side, parse_bound
from backfill_tui.domain.instants import minute, zone_named
from backfill_tui.domain.planning import (
    BackfillPlan,
    BackfillRequest,
    PlannedRun,
    ReprocessBehavior,
    Verdict,
)
from backfill_tui.domain.problems import BadRequest
from backfill_tui.domain.text import one_line
from backfill_tui.headless import encode
from backfill_tui.headless.remedies import in_flags
from backfill_tui.headless.session import Session, counted, find_dag
from backfill_tui.headless.tables import Cell, Column, Table, Tone

_TONES = {
    Verdict.CREATE: Tone.GOOD,
    Verdict.REPROCESS: Tone.ODD,
    Verdict.SKIP_EXISTS: Tone.FAINT,
    Verdict.SKIP_IN_FLIGHT: Tone.FAINT,
    Verdict.NOT_YET: Tone.FAINT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What was typed: the bounds still as text, because only the Dag's timezone gives them a meaning."""

    dag_id: str
    from_text: str
    to_text: str
    reprocess_behavior: ReprocessBehavior
    run_backwards: bool
    max_active_runs: int
    conf: str


def show_plan(session: Session, wish: Wish) -> int:
    """The dry run: every date with its verdict and reason; changes nothing."""
    check_conf(wish.conf)
    environment = session.open()
    planned = make_plan(session, wish, environment.where)
    if session.as_json:
        session.paper.json(encode.plan(planned))
        return 0
    session.paper.table(_table(planned))
    tell_totals(session, planned)
    return 0


def make_plan(session: Session, wish: Wish, where: str) -> BackfillPlan:
    """The plan of a wish; raises BadRequest for what can not be meant."""
    dag = find_dag(session.gateway.dags(), wish.dag_id, where)
    try:
        zone = zone_named(dag.timezone)
    except ValueError as unknown:
        raise BadRequest(
            f'The timezone "{one_line(dag.timezone)}" of {one_line(wish.dag_id)} is not known here',
            remedy="install the package tzdata",
        ) from unknown
    from_date = parse_bound(wish.from_text, Side.FROM, zone)
    to_date = parse_bound(wish.to_text, Side.TO, zone)
    if from_date > to_date:
        raise BadRequest(
            f"The range ends before it begins: from {minute(from_date, zone)} to {minute(to_date, zone)}",
            remedy="swap --from and --to",
        )
    request = BackfillRequest(
        dag_id=dag.dag_id,
        from_date=from_date,
        to_date=to_date,
        reprocess_behavior=wish.reprocess_behavior,
        max_active_runs=wish.max_active_runs,
        run_backwards=wish.run_backwards,
        conf=wish.conf,
    )
    session.voice.activity(f"Planning {one_line(wish.dag_id)}")
    try:
        return session.gateway.plan(request)
    finally:
        session.voice.settle()


def check_conf(conf: str) -> None:
    """Raise BadRequest unless the conf is empty or a JSON object; Airflow is not needed to see that."""
    if not conf:
        return
    try:
        value = json.loads(conf)
    except (ValueError, RecursionError) as broken:
        raise BadRequest(
            f"The conf is not JSON: {broken}", remedy="""write it like --conf '{"key": "value"}'"""
        ) from broken
    if not isinstance(value, dict):
        raise BadRequest(
            "The conf is JSON, but not an object", remedy="""write it like --conf '{"key": "value"}'"""
        )


def tell_totals(session: Session, planned: BackfillPlan) -> None:
    """The totals and the warnings, as talk."""
    session.voice.say(f"{one_line(planned.request.dag_id)}: {totals_words(planned)}")
    for warning in planned.warnings:
        head = "This forbids a launch" if warning.blocks else "Warning"
        remedy = f": {in_flags(warning.remedy)}" if warning.remedy else ""
        session.voice.say(one_line(f"{head}: {warning.message}{remedy}"))


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
    dates = counted(len(planned.runs), "date")
    return f"{dates}: {words}" if words else f"{dates} in this range"


def _table(planned: BackfillPlan) -> Table:
    columns = (
        Column(heading="#", number=True),
        Column(heading=f"Logical date ({planned.timezone})"),
        Column(heading="Verdict"),
        Column(heading="Why", folds=True),
    )
    return Table(columns=columns, rows=[_row(run, planned.timezone) for run in planned.runs])


def _row(run: PlannedRun, timezone: str) -> tuple[Cell, ...]:
    tone = _TONES[run.verdict]
    return (
        Cell("" if run.ordinal is None else str(run.ordinal), Tone.FAINT),
        Cell(date_words(run, timezone)),
        Cell(run.verdict.label, tone),
        Cell(run.reason, Tone.PLAIN if run.verdict.runs else Tone.FAINT),
    )


def date_words(run: PlannedRun, timezone: str) -> str:
    """The logical date in the Dag's timezone, or the key of the partition."""
    date = run.occurrence
    if date.logical_date is None:
        return date.partition_key or "no logical date"
    return minute(date.logical_date, zone_named(timezone))
