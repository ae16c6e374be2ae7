"""Dags that the metadata database has exactly as they were parsed: little of them needs to be written again.

A row of a Dag is made from its serialized form, its file, the configuration and its runs. Where the first two
are as stored, only what time and the runs decide is calculated anew, with Airflow's own functions and for
many Dags in one query (Airflow 3.3 dag_processing/collection.py has the same for each).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final

from airflow._shared.timezones.timezone import utcnow
from airflow.configuration import conf
from airflow.models.asset import AssetModel
from airflow.models.dag import DagModel
from airflow.models.dag_version import DagVersion
from airflow.models.dagcode import DagCode
from airflow.models.dagrun import DagRun
from airflow.models.dagwarning import DagWarning, DagWarningType
from airflow.models.serialized_dag import SerializedDagModel
from airflow.serialization.serialized_objects import LazyDeserializedDAG
from airflow.utils.types import DagRunType
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

_AUTOMATED: Final = (DagRunType.BACKFILL_JOB, DagRunType.SCHEDULED)
_WARNINGS: Final = (DagWarningType.NONEXISTENT_POOL, DagWarningType.RUNTIME_VARYING_VALUE)


def refresh_unchanged(
    session: Session, bundle_name: str, dags: Sequence[LazyDeserializedDAG]
) -> list[LazyDeserializedDAG]:
    """Refresh those of the Dags that are as the database has them; the others, which are to be written.

    What concerns assets, deadlines and permissions is left to Airflow wholly.
    """
    plain = {dag.dag_id: dag for dag in dags if _is_plain(dag)}
    if not plain or session.scalar(select(AssetModel.id).where(AssetModel.triggers.any()).limit(1)):
        return list(dags)
    stored = _stored(session, plain.keys())
    models = session.scalars(select(DagModel).where(DagModel.dag_id.in_(plain)))
    unchanged = {
        model.dag_id: model
        for model in models
        if model.dag_id in stored
        and _is_same_version(stored[model.dag_id], plain[model.dag_id], bundle_name)
        and _is_same_row(model, plain[model.dag_id], bundle_name)
    }
    if unchanged:
        _refresh(session, unchanged, plain)
    return [dag for dag in dags if dag.dag_id not in unchanged]


def _is_plain(dag: LazyDeserializedDAG) -> bool:
    data = dag.data["dag"]
    return (
        # A timetable of users may have changed without the Dag.
        data["timetable"]["__type"].startswith("airflow.timetables.")
        and not data.get("deadline")
        and not data.get("access_control")
        and not dag.timetable.asset_condition
        and not dag.timetable.partitioned
        and not any(_has_ports(task["__var"]) for task in data["tasks"])
    )


def _has_ports(task: dict[str, Any]) -> bool:
    return any(
        part.get(end) for part in (task, task.get("partial_kwargs", {})) for end in ("inlets", "outlets")
    )


def _stored(session: Session, dag_ids: Collection[str]) -> dict[str, Any]:
    """The latest version of each Dag, with the hashes of its serialized form and of its source."""
    newest = (
        select(DagVersion.dag_id, func.max(DagVersion.version_number).label("number"))
        .where(DagVersion.dag_id.in_(dag_ids))
        .group_by(DagVersion.dag_id)
        .subquery()
    )
    code = (
        select(DagCode.dag_id, func.max(DagCode.last_updated).label("updated"))
        .where(DagCode.dag_id.in_(dag_ids))
        .group_by(DagCode.dag_id)
        .subquery()
    )
    rows = session.execute(
        select(
            DagVersion.dag_id,
            DagVersion.bundle_name,
            DagVersion.bundle_version,
            DagVersion.version_data,
            SerializedDagModel.dag_hash,
            DagCode.source_code_hash,
        )
        .join(newest, (DagVersion.dag_id == newest.c.dag_id) & (DagVersion.version_number == newest.c.number))
        .join(SerializedDagModel, SerializedDagModel.dag_version_id == DagVersion.id)
        .join(code, code.c.dag_id == DagVersion.dag_id)
        .join(DagCode, (DagCode.dag_id == code.c.dag_id) & (DagCode.last_updated == code.c.updated))
    )
    return {row.dag_id: row for row in rows}


def _is_same_version(stored: Any, dag: LazyDeserializedDAG, bundle_name: str) -> bool:
    return (
        (stored.bundle_name, stored.bundle_version, stored.version_data) == (bundle_name, None, None)
        and stored.dag_hash == dag.hash
        and stored.source_code_hash == _source_hash(dag.fileloc)
    )


def _source_hash(fileloc: str) -> str | None:
    try:
        return str(DagCode.dag_source_hash(DagCode.get_code_from_file(fileloc)))
    except (OSError, ValueError, KeyError):
        # A file that is gone, or is no text: Airflow tells of it where it writes the Dag.
        return None


def _is_same_row(model: DagModel, dag: LazyDeserializedDAG, bundle_name: str) -> bool:
    """Whether the row says what it would say if it were written now, but for what is refreshed."""
    timetable = dag.timetable
    is_there = not model.is_stale and not model.has_import_errors
    place = (model.bundle_name, model.bundle_version, model.fileloc, model.relative_fileloc)
    return is_there and (
        *place,
        set((model.owners or "").split(", ")),
        model.max_active_tasks,
        model.max_active_runs,
        model.max_consecutive_failed_dag_runs,
        model.timetable_type,
        model.timetable_summary,
        model.timetable_description,
        model.timetable_partitioned,
        model.timetable_periodic,
    ) == (
        bundle_name,
        None,
        dag.fileloc,
        dag.relative_fileloc,
        set((dag.owner or conf.get("operators", "default_owner")).split(", ")),
        _or_configured(dag.max_active_tasks, "max_active_tasks_per_dag"),
        _or_configured(dag.max_active_runs, "max_active_runs_per_dag"),
        _or_configured(dag.max_consecutive_failed_dag_runs, "max_consecutive_failed_dag_runs_per_dag"),
        timetable.type_name,
        timetable.summary,
        timetable.description,
        timetable.partitioned,
        timetable.periodic,
    )


def _or_configured(value: int | None, key: str) -> int:
    return conf.getint("core", key) if value is None else value


def _refresh(session: Session, models: dict[str, DagModel], dags: dict[str, LazyDeserializedDAG]) -> None:
    """Calculate what the runs and the time decide, and note that the Dags were parsed."""
    latest = _latest_runs(session, models)
    active = DagRun.active_runs_of_dags(dag_ids=models, exclude_backfill=True, session=session)
    for dag_id, model in models.items():
        dag = dags[dag_id]
        can_run = dag.timetable.can_be_scheduled
        running = active.get(dag_id, 0) if can_run else 0
        model.exceeds_max_non_backfill = running >= model.max_active_runs
        model.calculate_dagrun_date_fields(dag, reference_run=latest.get(dag_id) if can_run else None)
    session.flush()
    session.execute(
        update(DagModel)
        .where(DagModel.dag_id.in_(models))
        .values(last_parsed_time=utcnow(), last_parse_duration=None)
        .execution_options(synchronize_session=False)
    )
    # Airflow forgets those that a parse does not give again, and ours gives none.
    session.execute(
        delete(DagWarning)
        .where(DagWarning.dag_id.in_(models), DagWarning.warning_type.in_(_WARNINGS))
        .execution_options(synchronize_session=False)
    )


def _latest_runs(session: Session, dag_ids: Collection[str]) -> dict[str, DagRun]:
    """The last automated run of each Dag that has any."""
    newest = (
        select(DagRun.dag_id, func.max(DagRun.logical_date).label("logical_date"))
        .where(DagRun.dag_id.in_(dag_ids), DagRun.run_type.in_(_AUTOMATED))
        .group_by(DagRun.dag_id)
        .subquery()
    )
    runs = session.scalars(
        select(DagRun).join(
            newest, (DagRun.dag_id == newest.c.dag_id) & (DagRun.logical_date == newest.c.logical_date)
        )
    )
    return {run.dag_id: run for run in runs}
