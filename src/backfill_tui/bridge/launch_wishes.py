"""What a launch adds to the backfill that Airflow has created, before anyone can see it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backfill_tui.bridge.audit import write_audit_line
from backfill_tui.bridge.compat.sessions import session_within
from backfill_tui.bridge.journal import STOP_AFTER, Detail, user_name
from backfill_tui.bridge.requests import conf_of
from backfill_tui.bridge.run_notes import check_note
from backfill_tui.domain.ids import BackfillId, DagId
from backfill_tui.domain.instants import iso
from backfill_tui.domain.launching import Launch
from backfill_tui.domain.planning import BackfillPlan
from backfill_tui.domain.problems import BadRequest

if TYPE_CHECKING:
    from sqlalchemy import Connection


def check_wishes(params: Launch) -> None:
    """Raise BadRequest for a note that Airflow can not keep, and for a limit that means nothing."""
    check_note(params.note)
    if params.stop_after_failures is not None and params.stop_after_failures < 0:
        raise BadRequest(
            f"A backfill can not stop after {params.stop_after_failures} failures", remedy="give 1 or more"
        )


def details_of(params: Launch, plan: BackfillPlan) -> dict[str, Detail]:
    """What the journal keeps of a launch; of the conf only the names in it, for its values may be secret."""
    request = plan.request
    return {
        "from_date": iso(request.from_date),
        "to_date": iso(request.to_date),
        "reprocess_behavior": str(request.reprocess_behavior),
        "max_active_runs": request.max_active_runs,
        "run_backwards": request.run_backwards,
        "run_on_latest_version": request.run_on_latest_version,
        "conf_keys": ", ".join(conf_of(request) or {}),
        "unpause": params.unpause,
        "paused": params.paused,
        STOP_AFTER: params.stop_after_failures,
        "planned": plan.run_count,
    }


def pause_at_once(connection: Connection, backfill_id: BackfillId) -> None:
    """Pause the backfill, so that no run of it ever starts before it is resumed."""
    from airflow.models.backfill import Backfill
    from sqlalchemy import update

    connection.execute(update(Backfill).where(Backfill.id == backfill_id).values(is_paused=True))


def write_notes(connection: Connection, backfill_id: BackfillId, note: str) -> None:
    """Write a note on every run of the backfill that has none, as Airflow's API does for one run.

    (Airflow 3.3 api_fastapi/core_api/services/public/dag_run.py, `patch_dag_run_note`.)
    """
    from airflow._shared.timezones import timezone
    from airflow.models.backfill import BackfillDagRun
    from airflow.models.dagrun import DagRunNote
    from sqlalchemy import insert, literal, select

    table: Any = DagRunNote.__table__
    now = literal(timezone.utcnow(), table.c.created_at.type)
    runs = (
        select(BackfillDagRun.dag_run_id, literal(note), literal(user_name()), now, now)
        .outerjoin(DagRunNote, DagRunNote.dag_run_id == BackfillDagRun.dag_run_id)
        .where(
            BackfillDagRun.backfill_id == backfill_id,
            BackfillDagRun.dag_run_id.is_not(None),
            DagRunNote.dag_run_id.is_(None),
        )
    )
    columns = ["dag_run_id", "content", "user_id", "created_at", "updated_at"]
    connection.execute(insert(table).from_select(columns, runs))


def unpause_dag(connection: Connection, dag_id: DagId) -> bool:
    """Unpause the Dag, as `bridge.dags.pause_dag` does; whether it was paused."""
    from airflow.models.dag import DagModel
    from sqlalchemy import update

    paused = DagModel.dag_id == dag_id, DagModel.is_paused.is_(True)
    changed: Any = connection.execute(update(DagModel).where(*paused).values(is_paused=False))
    if not changed.rowcount:
        return False
    with session_within(connection) as session:
        write_audit_line(session, "patch_dag", dag_id, is_paused=False)
        session.commit()
    return True
