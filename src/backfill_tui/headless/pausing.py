"""The commands `pause-dag` and `unpause-dag`."""

from __future__ import annotations

from backfill_tui.domain.dags import DagSummary
from backfill_tui.domain.dates import whole_second
from backfill_tui.domain.instants import Instant
from backfill_tui.domain.numbers import counted
from backfill_tui.domain.planning import BackfillRequest
from backfill_tui.domain.problems import Problem
from backfill_tui.domain.text import one_line
from backfill_tui.headless.session import Session, dag_named


def change_pause(session: Session, dag_id: str, *, is_paused: bool, yes: bool) -> int:
    """Pause or unpause a Dag, after saying what that does and asking; a Dag that is so already is left."""
    session.refuse_writes("Pausing a Dag" if is_paused else "Unpausing a Dag")
    environment = session.open()
    dag, now = dag_named(session, dag_id, environment.where)
    name = one_line(dag_id)
    if dag.is_paused is is_paused:
        session.voice.say(f"{name} is {'already' if is_paused else 'not'} paused")
        _show(session, dag, is_paused=is_paused, changed=False)
        return 0
    _tell(session, dag, now, is_paused=is_paused)
    session.confirm(f"{'Pause' if is_paused else 'Unpause'} {name}?", yes=yes)
    if dag.active_backfills and not is_paused:
        # Their queued runs are to start now, as those of a launch are.
        session.start_engine()
    remarks = session.gateway.pause_dag(dag.dag_id, is_paused=is_paused)
    session.voice.say(f"{name} is {'paused' if is_paused else 'no longer paused'}")
    for remark in remarks:
        session.voice.say(one_line(remark))
    _show(session, dag, is_paused=is_paused, changed=True, remarks=remarks)
    return 0


def _tell(session: Session, dag: DagSummary, now: Instant, *, is_paused: bool) -> None:
    active = len(dag.active_backfills)
    if is_paused:
        of_backfills = f", also of {counted(active, 'active backfill')}" if active else ""
        session.voice.say(f"No further run will start{of_backfills}; what is running goes on to its end")
        return
    if active:
        session.voice.say(f"Queued runs of {counted(active, 'active backfill')} will start")
    if session.engine is None and dag.backfillable:
        _tell_released(session, dag, now)


def _tell_released(session: Session, dag: DagSummary, now: Instant) -> None:
    """What the scheduler makes up for: a plan of this moment alone knows it and costs next to nothing.

    The embedded engine schedules nothing, so that there it releases nothing.
    """
    moment = whole_second(now)
    request = BackfillRequest(dag_id=dag.dag_id, from_date=moment, to_date=moment)
    try:
        warnings = session.gateway.plan(request).warnings
    except Problem:
        # What can not be planned can be unpaused all the same.
        return
    for warning in warnings:
        if warning.code == "dag_paused":
            session.voice.say(one_line(warning.message))


def _show(
    session: Session, dag: DagSummary, *, is_paused: bool, changed: bool, remarks: tuple[str, ...] = ()
) -> None:
    if session.as_json:
        told = {"dag_id": dag.dag_id, "is_paused": is_paused, "changed": changed, "remarks": list(remarks)}
        session.paper.json(told)
