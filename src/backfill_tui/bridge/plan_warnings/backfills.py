"""Other backfills of the Dag: Airflow runs one at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from backfill_tui.bridge.finished_backfills import standing_in_the_way
from backfill_tui.bridge.plan_warnings.situation import Situation, warning
from backfill_tui.bridge.planned_dag import instant_of
from backfill_tui.domain.instants import SECOND
from backfill_tui.domain.planning import PlanWarning
from backfill_tui.domain.progress import CREATION_SECONDS
from backfill_tui.domain.text import one_line


def another_backfill(it: Situation) -> Iterator[PlanWarning]:
    """One that is active has to be waited for; one whose creation died never ends by itself."""
    active = standing_in_the_way(it.session, it.request.dag_id)
    if not active:
        return
    number, row = active[0], _row_of(it, active[0])
    if not row.has_dates and it.now - instant_of(row.created_at) >= CREATION_SECONDS * SECOND:
        yield warning(
            "active_backfill",
            f"Backfill {number} of this Dag is in the way: its creation died before it had any run, and "
            f"Airflow still counts it as active; {_story(it, row)}",
            "remove it",
        )
        return
    yield warning(
        "active_backfill",
        f"Backfill {number} of this Dag is active, and Airflow runs one at a time: {_story(it, row)}",
        "watch it, and launch when it is done",
    )


def orphaned_backfill(it: Situation) -> Iterator[PlanWarning]:
    """One marked as complete while runs of it were unfinished stands in nobody's way, but goes on."""
    from airflow.models.backfill import Backfill
    from airflow.models.dagrun import DagRun
    from sqlalchemy import func, select

    query = (
        select(Backfill.id, func.count())
        .join(DagRun, DagRun.backfill_id == Backfill.id)
        .where(
            DagRun.dag_id == it.request.dag_id,
            DagRun.state.in_(("queued", "running")),
            # One that was cleared since runs again without anything being wrong.
            DagRun.clear_number == 0,
            Backfill.completed_at.is_not(None),
            Backfill.is_paused.is_not(True),
        )
        .group_by(Backfill.id)
        .order_by(Backfill.id.desc())
    )
    for number, runs in it.session.execute(query.limit(1)):
        unfinished = "1 run of it is unfinished" if runs == 1 else f"{runs:,} runs of it are unfinished"
        yield warning(
            "orphaned_backfill",
            f"Backfill {number} of this Dag counts as complete, though {unfinished}: they go on beside "
            "those of this plan",
            "reopen it, to pause or cancel it",
        )


def _row_of(it: Situation, number: int) -> Any:
    from airflow.models.backfill import Backfill, BackfillDagRun
    from sqlalchemy import exists, select

    has_dates = exists().where(BackfillDagRun.backfill_id == Backfill.id)
    return it.session.execute(
        select(
            Backfill.triggering_user_name,
            Backfill.created_at,
            Backfill.from_date,
            Backfill.to_date,
            has_dates.label("has_dates"),
        ).where(Backfill.id == number)
    ).one()


def _story(it: Situation, row: Any) -> str:
    """Who started a backfill, when, and for which range."""
    first, last = (it.planned.meant_by(date) for date in (row.from_date, row.to_date))
    created = instant_of(row.created_at)
    who = f" by {one_line(row.triggering_user_name)}" if row.triggering_user_name else ""
    began = it.said(created - created % SECOND)
    return f"it was started{who} at {began} for {it.said(first)} to {it.said_end(last)}"
