"""Why the scheduler itself ended a try: what it noted in the audit log, where the log has no error.

A worker that can not reach the API server, that is killed or never begins, writes nothing. Whoever fails its
task is the scheduler, which says so in its own log and in the audit log (Airflow 3.3
jobs/scheduler_job_runner.py, `process_executor_events`, `_purge_task_instances_without_heartbeats` and
`_maybe_requeue_stuck_ti`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from airflow.models.log import Log
from sqlalchemy import select

from backfill_tui.domain.log_errors import shortened

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from backfill_tui.bridge.log_names import NamedTry

_EVENTS: Final = ("state mismatch", "heartbeat timeout", "stuck in queued tries exceeded")

_ITSELF: Final = re.compile(r"the task instance <TaskInstance: .*?> (?=finished )")
_ADVICE: Final = re.compile(r"\s*(?:Learn more: |See )https?://\S+")
"""What differs from task to task, and where to read on: of no use in a list."""


def noted_by_scheduler(session: Session, named: NamedTry) -> str:
    """What ended that try, in Airflow's words on one line; empty where the scheduler noted nothing."""
    found = session.execute(
        select(Log.event, Log.extra)
        .where(
            Log.dag_id == named.dag_id,
            Log.task_id == named.task_id,
            Log.run_id == named.run_id,
            Log.map_index == named.map_index,
            Log.try_number == named.try_number,
            Log.event.in_(_EVENTS),
        )
        .order_by(Log.id.desc())
        .limit(1)
    ).first()
    if found is None:
        return ""
    said = _ADVICE.sub("", _ITSELF.sub("it ", found.extra or "")).strip().rstrip(".")
    return shortened(f"{found.event}: {said}" if said else found.event)
