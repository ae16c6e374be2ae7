"""Answers what a backfill would do, from Airflow's timetable and two range queries."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from backfill_tui.bridge.environment import AirflowEnvironment
from backfill_tui.bridge.existing_runs import existing_runs
from backfill_tui.bridge.occurrences import Enumeration, enumerate_dates
from backfill_tui.bridge.plan_warnings import Situation, warnings_about
from backfill_tui.bridge.planned_dag import PlannedDag, read_dag
from backfill_tui.bridge.requests import check_request
from backfill_tui.bridge.server import Call, Server
from backfill_tui.domain.fingerprint import fingerprint_of
from backfill_tui.domain.instants import Instant
from backfill_tui.domain.planning import BackfillPlan, BackfillRequest, decide
from backfill_tui.wire.methods import PLAN, Nothing

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Dates:
    """The part of a plan that no other writer changes: the Dag's version and the dates of its timetable."""

    request: BackfillRequest
    planned: PlannedDag
    enumeration: Enumeration


def register(server: Server, airflow: AirflowEnvironment) -> None:
    """Let the server answer `plan`."""

    def plan(request: BackfillRequest, call: Call[Nothing]) -> BackfillPlan:
        with airflow.session() as session:
            dates = read_dates(airflow, session, request, call.check)
            return judge(airflow, session, dates)

    server.handle(PLAN, plan)


def read_dates(
    airflow: AirflowEnvironment, session: Session, request: BackfillRequest, check: Callable[[], None]
) -> Dates:
    """The dates of a request, which take long for a long range; `check` may raise to end it.

    Raises NotThere for an unknown Dag, BadRequest for a request that can not be meant.
    """
    planned = read_dag(session, request.dag_id, airflow.where)
    check_request(request, planned, creation_clock())
    return Dates(request=request, planned=planned, enumeration=enumerate_dates(planned, request, check))


def judge(airflow: AirflowEnvironment, session: Session, dates: Dates) -> BackfillPlan:
    """The plan for dates already read: a few queries, whatever their number."""
    from airflow.models.dag import DagModel

    request, planned = dates.request, dates.planned
    now = creation_clock()
    occurrences = dates.enumeration.occurrences
    runs = decide(
        occurrences,
        existing_runs(session, request.dag_id, occurrences),
        behavior=request.reprocess_behavior,
        now=now,
        run_backwards=request.run_backwards,
        zone=planned.zone,
    )
    situation = Situation(
        airflow=airflow,
        session=session,
        planned=planned,
        request=request,
        enumeration=dates.enumeration,
        runs=runs,
        model=session.get(DagModel, request.dag_id),
        now=now,
    )
    return BackfillPlan(
        request=request,
        timezone=planned.timezone,
        runs=runs,
        warnings=warnings_about(situation),
        planned_at=now,
        fingerprint=fingerprint_of(runs),
        depends_on_past=planned.depends_on_past,
    )


def creation_clock() -> Instant:
    """The clock of this process: the one by which Airflow's creation leaves out what is not due."""
    return Instant(time.time_ns() // 1000)
