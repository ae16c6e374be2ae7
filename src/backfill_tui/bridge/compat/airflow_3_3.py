"""Airflow 3.3."""

from __future__ import annotations

from typing import Final

from backfill_tui.bridge.compat.adapter import Adapter, Function, Words
from backfill_tui.domain.problems import AirflowFailed, BadRequest, Refused

PARAMETERS: Final = frozenset(
    {
        "dag_id",
        "from_date",
        "to_date",
        "max_active_runs",
        "reverse",
        "dag_run_conf",
        "triggering_user_name",
        "reprocess_behavior",
        "run_on_latest_version",
    }
)
"""Of `_create_backfill`, since Airflow 3.1."""

OF_CLEAR: Final = ("run_id", "task_ids", "only_failed", "exclude_task_ids", "dry_run", "session")

FUNCTIONS: Final = (
    Function(
        "airflow.models.taskinstance",
        "clear_task_instances",
        ("tis", "session", "dag_run_state", "run_on_latest_version"),
    ),
    Function("airflow.models.taskinstance", "TaskInstance.set_state", ("state", "session")),
    Function("airflow.models.dagbag", "DBDagBag.get_dag_for_run", ("dag_run", "session")),
    Function("airflow.models.dagrun", "DagRun._tis_for_dagrun_state", ("dag", "tis")),
)
"""What writes in every version."""

FUNCTIONS_SINCE_3_2: Final = (
    Function(
        "airflow.models.taskinstance", "find_relevant_relatives", ("direction", "dag", "run_id", "session")
    ),
    Function("airflow.serialization.definitions.dag", "SerializedDAG.clear", OF_CLEAR),
)

_NO_PERIODS: Final = Words(
    BadRequest, "The schedule of {dag} has no periods", "choose a Dag with a cron or timedelta schedule"
)
_NO_DATE_DUE: Final = Words(Refused, "No date of the range is due for {dag}", "choose another range")

# What has the same name in all versions, and what older ones lack, who raise it as little as they know it.
EXCEPTIONS: Final[dict[str, Words]] = {
    "AlreadyRunningBackfill": Words(
        Refused, "Another backfill of {dag} is active", "watch it, and launch when it is done"
    ),
    "UnknownActiveBackfills": Words(
        AirflowFailed, "Airflow can not tell whether a backfill of {dag} is active", "launch again"
    ),
    "DagNotFound": Words(BadRequest, "Airflow does not know the Dag {dag} any more", "parse the Dags again"),
    "NoResultFound": Words(BadRequest, "Airflow has no row for the Dag {dag}", "parse the Dags again"),
    "DagRunTypeNotAllowed": Words(
        Refused, "{dag} does not allow backfill runs", "add them to allowed_run_types in the Dag's file"
    ),
    "InvalidBackfillDirection": Words(
        Refused,
        "A task of {dag} depends on its past, so the dates can not run backwards",
        "run them forwards",
    ),
    "InvalidReprocessBehavior": Words(
        Refused,
        "A task of {dag} depends on its past, so Airflow does not backfill the missing runs alone",
        "choose Missing and Errored Runs or All Runs",
    ),
    "InvalidBackfillDate": Words(BadRequest, "The range is in the future", "begin it in the past"),
    "InvalidBackfillDateRange": Words(BadRequest, "The range ends before it begins", "swap its bounds"),
    "InvalidBackfillConf": Words(BadRequest, "The conf does not fit the params of {dag}", "change the conf"),
    "NoBackfillRunsToCreate": _NO_DATE_DUE,
    "DagNonPeriodicScheduleException": _NO_PERIODS,
    # Its name before Airflow 3.3.
    "DagNoScheduleException": _NO_PERIODS,
}

_SETTERS: Final = tuple(
    Function(
        "airflow.api.common.mark_tasks",
        f"set_dag_run_state_to_{state}",
        ("dag", "run_id", "commit", "session"),
    )
    for state in ("failed", "success")
)

OF_3_3: Final = Adapter(
    minor="3.3",
    parameters=PARAMETERS,
    functions=(*FUNCTIONS, *FUNCTIONS_SINCE_3_2, *_SETTERS),
    exceptions=EXCEPTIONS,
)
