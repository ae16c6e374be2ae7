"""Answers what a backfill would do, from Airflow's timetable and two range queries."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from backfill_tui.bridge.compat import NEWEST, installed
from backfill_tui.bridge.durations import limits, round_trip, run_durations
from backfill_tui.bridge.enumeration import Asker, Enumeration, enumerate_dates
from backfill_tui.bridge.environment import AirflowEnvironment, dialect_of
from backfill_tui.bridge.existing_runs import existing_runs
from backfill_tui.bridge.plan_warnings import Situation, warnings_about
from backfill_tui.bridge.planned_dag import PlannedDag, instant_of, read_dag
from backfill_tui.bridge.requests import check_request, masked_conf_of
from backfill_tui.bridge.server import Call, Server
from backfill_tui.domain.estimates import Estimate, Limits, estimate
from backfill_tui.domain.fingerprint import fingerprint_of
from backfill_tui.domain.instants import Instant
from backfill_tui.domain.judging import decide
from backfill_tui.domain.outcomes import JudgedDates, Verdict
from backfill_tui.domain.plan_dates import DateColumns
from backfill_tui.domain.planning import BackfillPlan, BackfillRequest, DagBounds
from backfill_tui.domain.problems import Refused
from backfill_tui.domain.text import one_line
from backfill_tui.wire.methods import PLAN

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Dates:
    """The part of a plan that no other writer changes: the Dag's version and the dates of its timetable."""

    request: BackfillRequest
    planned: PlannedDag
    enumeration: Enumeration


def register(server: Server, airflow: AirflowEnvironment) -> None:
    """Let the server answer `plan`; a timetable that takes long is told as far as it has come."""

    def plan(request: BackfillRequest, call: Call[BackfillPlan]) -> BackfillPlan:
        with airflow.session() as session:
            planned = read_planned(airflow, session, request)

            def tell(dates: DateColumns) -> None:
                so_far = Dates(request=request, planned=planned, enumeration=Enumeration(dates=dates))
                call.mention(partial_plan(session, so_far))

            asker = Asker(unwanted=lambda: call.cancelled, tell=tell)
            enumeration = enumerate_dates(planned, request, asker)
            dates = Dates(request=request, planned=planned, enumeration=enumeration)
            return judge(airflow, session, dates)

    server.handle(PLAN, plan)


def read_dates(
    airflow: AirflowEnvironment, session: Session, request: BackfillRequest, asker: Asker
) -> Dates:
    """The dates of a request, which take long for some timetables.

    Raises NotThere for an unknown Dag, BadRequest for a request that can not be meant.
    """
    planned = read_planned(airflow, session, request)
    return Dates(request=request, planned=planned, enumeration=enumerate_dates(planned, request, asker))


def read_planned(airflow: AirflowEnvironment, session: Session, request: BackfillRequest) -> PlannedDag:
    """The Dag of a request that can be meant.

    Raises Refused for one of partitions where Airflow backfills them otherwise: before 3.3 it takes none
    again, and knows them by their key instead of their date.
    """
    planned = read_dag(session, request.dag_id, airflow.where)
    if planned.partitioned and not installed().knows_partitions:
        raise Refused(
            f"The runs of {one_line(request.dag_id)} are of partitions, which this program plans for Airflow "
            f"{NEWEST.minor} only",
            remedy="backfill it with Airflow's own command",
        )
    check_request(request, planned, creation_clock())
    return planned


def judge(airflow: AirflowEnvironment, session: Session, dates: Dates) -> BackfillPlan:
    """The plan for dates already read: a few queries, whatever their number."""
    from airflow.models.dag import DagModel

    request, planned = dates.request, dates.planned
    now = creation_clock()
    judged = _judged(session, dates, now)
    model: Any = session.get(DagModel, request.dag_id)
    bounds = limits(session, planned.dag, model)
    expected = _estimate(session, planned, request, judged, bounds)
    situation = Situation(
        airflow=airflow,
        session=session,
        planned=planned,
        request=request,
        enumeration=dates.enumeration,
        judged=judged,
        model=model,
        now=now,
        limits=bounds,
        estimate=expected,
    )
    return _plan(dates, judged, now, warnings=warnings_about(situation), estimate=expected)


def partial_plan(session: Session, dates: Dates) -> BackfillPlan:
    """The dates so far, judged; what is said of a plan as a whole waits for its end."""
    now = creation_clock()
    return _plan(dates, _judged(session, dates, now), now, complete=False)


def creation_clock() -> Instant:
    """The clock of this process: the one by which Airflow's creation leaves out what is not due."""
    return Instant(time.time_ns() // 1000)


def _judged(session: Session, dates: Dates, now: Instant) -> JudgedDates:
    request, columns = dates.request, dates.enumeration.dates
    return decide(
        columns,
        existing_runs(session, request.dag_id, columns, request.reprocess_behavior),
        behavior=request.reprocess_behavior,
        now=now,
        run_backwards=request.run_backwards,
    )


def _plan(dates: Dates, judged: JudgedDates, now: Instant, **more: Any) -> BackfillPlan:
    planned, dag = dates.planned, dates.planned.dag
    return BackfillPlan(
        request=dates.request,
        timezone=planned.timezone,
        judged=judged,
        planned_at=now,
        fingerprint=fingerprint_of(judged),
        depends_on_past=planned.depends_on_past,
        bounds=DagBounds(
            start=None if dag.start_date is None else instant_of(dag.start_date),
            end=None if dag.end_date is None else instant_of(dag.end_date),
        ),
        partition_zone=planned.partition_zone,
        masked_conf=masked_conf_of(dates.request),
        **{"warnings": (), **more},
    )


def _estimate(
    session: Session, planned: PlannedDag, request: BackfillRequest, judged: JudgedDates, bounds: Limits
) -> Estimate:
    return estimate(
        creates=judged.count(Verdict.CREATE),
        reprocesses=judged.count(Verdict.REPROCESS),
        max_active_runs=request.max_active_runs,
        durations=run_durations(session, request.dag_id),
        limits=bounds,
        tasks_per_run=len(planned.dag.tasks),
        database=dialect_of(session),
        round_trip=round_trip(session),
    )
