"""The runs in the range of a backfill before it is created, to see that none is lost, and for the journal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from backfill_tui.bridge.compat.schema import column
from backfill_tui.bridge.planned_dag import instant_of
from backfill_tui.bridge.runs_before import runs_before
from backfill_tui.domain.instants import Instant, to_datetime
from backfill_tui.domain.journal import RunBefore
from backfill_tui.domain.outcomes import Verdict
from backfill_tui.domain.plan_dates import ABSENT
from backfill_tui.domain.planning import BackfillPlan

if TYPE_CHECKING:
    from sqlalchemy import Connection, Select
    from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The run ids of a range by the ids of their rows, and the runs that the plan takes again."""

    run_ids: Mapping[int, str]
    taken: tuple[RunBefore, ...] = ()


def take_snapshot(session: Session, plan: BackfillPlan) -> Snapshot:
    """The runs that exist in the range of a plan: one query, and one for the tasks of those taken again."""
    query = _runs_in_range(plan)
    if query is None:
        return Snapshot(run_ids={})
    rows = session.execute(query).all()
    taken = _dates_taken(plan)
    return Snapshot(
        run_ids={row.id: row.run_id for row in rows},
        taken=runs_before(
            session,
            plan.request.dag_id,
            [row for row in rows if taken and instant_of(row.logical_date) in taken],
        ),
    )


def lost_since(connection: Connection, plan: BackfillPlan, before: Snapshot) -> list[str]:
    """The run ids of runs that are no longer there, or not under that id.

    Airflow's own clean-up after a lock error deletes runs that were there before (Airflow 3.3
    models/backfill.py, `_cleanup_partial_backfill`).
    """
    query = _runs_in_range(plan)
    if query is None or not before.run_ids:
        return []
    after = {row.id: row.run_id for row in connection.execute(query)}
    return sorted(run_id for number, run_id in before.run_ids.items() if after.get(number) != run_id)


def _runs_in_range(plan: BackfillPlan) -> Select[Any] | None:
    from airflow.models.dagrun import DagRun
    from sqlalchemy import select

    dates = plan.judged.dates
    known = [date for date in dates.dates if date != ABSENT]
    if not known:
        return None
    runs: Any = DagRun.__table__.c
    date = runs.partition_date if dates.partitioned else runs.logical_date
    first, last = (to_datetime(Instant(bound)) for bound in (min(known), max(known)))
    columns = (
        runs.id,
        runs.run_id,
        runs.state,
        runs.logical_date,
        column(runs, "partition_key"),
        runs.backfill_id,
    )
    in_range = runs.dag_id == plan.request.dag_id, date.between(first, last)
    return select(*columns).where(*in_range).order_by(date)


def _dates_taken(plan: BackfillPlan) -> frozenset[int]:
    """The dates whose run is taken again; a partition gets a new one, and its old one stays as it is."""
    dates = plan.judged.dates
    if dates.partitioned:
        return frozenset()
    return frozenset(dates.dates[place] for place in plan.judged.where(Verdict.REPROCESS))
