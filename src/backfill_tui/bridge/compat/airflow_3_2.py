"""Airflow 3.2."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from backfill_tui.bridge.compat.adapter import Adapter, Function
from backfill_tui.bridge.compat.airflow_3_3 import EXCEPTIONS, FUNCTIONS, FUNCTIONS_SINCE_3_2, PARAMETERS

SET_RUN_STATE: Final = Function(
    "airflow.api.common.mark_tasks", "_set_dag_run_state", ("dag_id", "run_id", "state", "session")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BeforeMarksWereSafe(Adapter):
    """Airflow before 3.3, whose functions that mark a run do more than is shown.

    To mark a run as success they set every task of it to success, those that failed as well, and they mark
    what has not begun in another session, which waits for ours for ever. What they are to do of it is done
    before, so that the state of the run is all that is left.
    """

    def set_run_state(self, session: Any, dag: Any, run_id: str, state: Any) -> None:
        """See `Adapter`."""
        from airflow.api.common.mark_tasks import _set_dag_run_state
        from airflow.models.taskinstance import TaskInstance
        from airflow.utils.state import State
        from sqlalchemy import or_, select

        teardowns = [task.task_id for task in dag.tasks if task.is_teardown]
        going_on = select(TaskInstance.id).where(
            TaskInstance.dag_id == dag.dag_id,
            TaskInstance.run_id == run_id,
            TaskInstance.task_id.in_(teardowns),
            or_(TaskInstance.state.is_(None), TaskInstance.state.not_in(State.finished)),
        )
        if not teardowns or session.scalar(going_on.limit(1)) is None:
            _set_dag_run_state(dag.dag_id, run_id, state, session)


OF_3_2: Final = BeforeMarksWereSafe(
    minor="3.2",
    parameters=PARAMETERS,
    functions=(*FUNCTIONS, *FUNCTIONS_SINCE_3_2, SET_RUN_STATE),
    exceptions=EXCEPTIONS,
    # It skips partitions that have a run, and knows them by their key instead of their date.
    knows_partitions=False,
    conf_for_all_since=2,
)
