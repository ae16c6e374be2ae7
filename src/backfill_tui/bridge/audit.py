"""Lines in Airflow's audit log, as its own API writes them for what it does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def write_audit_line(
    session: Session,
    event: str,
    dag_id: str,
    *,
    run_id: str | None = None,
    task_id: str | None = None,
    **extra: Any,
) -> None:
    """Note who did what to which Dag, run or task, and that it was done from here.

    (Airflow 3.3 api_fastapi/logging/decorators.py, `action_logging`; `event` is the name of the route.)
    """
    from airflow.models.log import Log
    from airflow.utils.platform import getuser

    user = getuser()
    session.add(
        Log(
            event=event,
            task_instance=None,
            owner=user,
            owner_display_name=user,
            extra=json.dumps({**extra, "source": "backfill-tui"}),
            dag_id=dag_id,
            run_id=run_id,
            task_id=task_id,
        )
    )
