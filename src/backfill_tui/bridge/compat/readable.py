"""Whether the tables are those that are read here: asked where a version of Airflow is not known."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sqlalchemy import Connection

READ: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        table: frozenset(columns.split())
        for table, columns in {
            "backfill": "id dag_id from_date to_date reprocess_behavior max_active_runs is_paused created_at "
            "completed_at triggering_user_name",
            "backfill_dag_run": "id backfill_id dag_run_id exception_reason logical_date sort_ordinal",
            "dag": "dag_id dag_display_name description fileloc relative_fileloc bundle_name owners "
            "is_paused is_stale max_active_runs max_active_tasks max_consecutive_failed_dag_runs "
            "next_dagrun_create_after timetable_summary",
            "dag_run": "id dag_id run_id run_type state logical_date run_after start_date end_date queued_at "
            "backfill_id clear_number created_dag_version_id last_scheduling_decision log_template_id "
            "triggering_user_name",
            "dag_tag": "dag_id name",
            "dag_version": "id dag_id bundle_name bundle_version version_number",
            "dag_warning": "dag_id warning_type",
            "import_error": "bundle_name filename stacktrace",
            "job": "id job_type state latest_heartbeat",
            "log": "id dag_id event owner",
            "serialized_dag": "id dag_id dag_hash dag_version_id data",
            "slot_pool": "pool slots include_deferred",
            "task_instance": "id dag_id run_id task_id map_index state try_number max_tries start_date "
            "end_date operator custom_operator_name pool pool_slots queue executor queued_dttm trigger_id",
            "task_instance_history": "dag_id run_id task_id map_index try_number state start_date end_date",
            "task_reschedule": "id ti_id reschedule_date",
            "trigger": "id classpath created_date triggerer_id",
        }.items()
    }
)
"""The tables and columns without which a list, a watched grid, a log or the failures can not be read."""


def columns_missing(connection: Connection) -> list[str]:
    """Of what is read that which a database lacks, as `dag_run.clear_number` or as `trigger`."""
    from sqlalchemy import inspect

    inspector = inspect(connection)
    tables = set(inspector.get_table_names())
    missing = sorted(READ.keys() - tables)
    for table in sorted(READ.keys() & tables):
        found = {column["name"] for column in inspector.get_columns(table)}
        missing += [f"{table}.{name}" for name in sorted(READ[table] - found)]
    return missing
