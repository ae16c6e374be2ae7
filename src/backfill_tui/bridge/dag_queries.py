"""The queries of the Dag list: as many for a thousand Dags as for one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backfill_tui.bridge.compat.schema import column
from backfill_tui.bridge.dag_facts import FactsCache, instant_or_none, read_facts
from backfill_tui.bridge.environment import dialect_of
from backfill_tui.domain.dags import RecentRun
from backfill_tui.domain.ids import BackfillId, RunId
from backfill_tui.domain.states import RunState

RECENT_RUNS: Final = 16
_AT_ONCE: Final = 400
_VERY_MANY: Final = 500
"""A Dag in detail takes about half a millisecond, the first time two."""


def are_very_many(session: Session) -> bool:
    """Whether there are so many Dags that reading each in detail would hold the list back."""
    from airflow.models.dag import DagModel

    number = session.scalar(select(func.count()).select_from(DagModel).where(~DagModel.is_stale))
    return (number or 0) > _VERY_MANY


def lean_dags(session: Session, active: Collection[str]) -> list[Any]:
    """The rows of all Dags to list, with what costs next to nothing for each."""
    from airflow.models.dag import DagModel

    query = select(
        DagModel.dag_id,
        DagModel._dag_display_property_value,  # noqa: SLF001  # the column has no other name
        DagModel.relative_fileloc,
        DagModel.timetable_summary,
        DagModel.owners,
        DagModel.description,
        DagModel.is_paused,
        DagModel.is_stale,
        DagModel.max_active_runs,
        DagModel.bundle_name,
    ).order_by(DagModel.dag_id)
    rows = session.execute(query)
    return [row for row in rows if not row.is_stale or row.dag_id in active]


def listed_dags(session: Session, active: Collection[str], only: Collection[str] | None) -> list[Any]:
    """The rows of the Dags to list: those in a file, and those gone from it that are in `active`.

    Here and in what follows, `only` narrows it to some Dags; None means all.
    """
    from airflow.models.dag import DagModel

    query = _of(
        only,
        DagModel.dag_id,
        select(
            DagModel.dag_id,
            DagModel.relative_fileloc,
            DagModel.fileloc,
            DagModel.bundle_name,
            DagModel._dag_display_property_value.label("display_name"),  # noqa: SLF001  # the column has no other name
            DagModel.description,
            DagModel.owners,
            DagModel.is_paused,
            DagModel.is_stale,
            DagModel.max_active_runs,
            DagModel.next_dagrun_create_after,
            column(DagModel, "allowed_run_types"),
            DagModel.timetable_summary,
            _last_success().label("last_success"),
        ).order_by(DagModel.dag_id),
    )
    return [row for row in session.execute(query) if not row.is_stale or row.dag_id in active]


def _of(only: Collection[str] | None, dag_id: Any, query: Any) -> Any:
    return query if only is None else query.where(dag_id.in_(only))


_OF_THE_SCHEDULE: Final = ("scheduled", "backfill")
"""Runs that were started by hand are of no date of the schedule."""


def _last_success() -> Any:
    """The latest logical date of a Dag whose run succeeded: the newest in the index on Dag and date."""
    from airflow.models.dag import DagModel
    from airflow.models.dagrun import DagRun

    return (
        select(DagRun.logical_date)
        .where(
            DagRun.dag_id == DagModel.dag_id,
            DagRun.state == "success",
            DagRun.run_type.in_(_OF_THE_SCHEDULE),
            DagRun.logical_date.is_not(None),
        )
        .order_by(DagRun.logical_date.desc())
        .limit(1)
        .correlate(DagModel)
        .scalar_subquery()
    )


def last_partitions(session: Session, partitioned: Collection[str]) -> dict[str, Any]:
    """Of partitioned Dags the latest partition date whose run succeeded."""
    from airflow.models.dagrun import DagRun

    if not partitioned:
        return {}
    query = (
        select(DagRun.dag_id, func.max(DagRun.partition_date))
        .where(
            DagRun.dag_id.in_(partitioned),
            DagRun.state == "success",
            DagRun.run_type.in_(_OF_THE_SCHEDULE),
        )
        .group_by(DagRun.dag_id)
    )
    return dict(tuple(row) for row in session.execute(query))


def learn_facts(session: Session, cache: FactsCache, only: Collection[str] | None) -> None:
    """Bring the cache to the latest version of the Dags, loading the serialized forms it lacks."""
    from airflow.models.serialized_dag import SerializedDagModel

    latest = {
        row.dag_id: (row.id, row.dag_hash)
        for row in session.execute(
            _latest_versions(only).with_only_columns(
                SerializedDagModel.dag_id, SerializedDagModel.id, SerializedDagModel.dag_hash
            )
        )
    }
    missing = cache.missing({dag_id: found for dag_id, (_, found) in latest.items()})
    wanted = [latest[dag_id][0] for dag_id in missing]
    for some in _in_parts(wanted):
        for stored in session.scalars(select(SerializedDagModel).where(SerializedDagModel.id.in_(some))):
            cache.learn(stored.dag_id, stored.dag_hash, read_facts(stored))


def _latest_versions(only: Collection[str] | None) -> Any:
    """Of each Dag the serialized form with the highest version number, as Airflow itself chooses it."""
    from airflow.models.dag_version import DagVersion
    from airflow.models.serialized_dag import SerializedDagModel

    highest = _of(
        only,
        DagVersion.dag_id,
        select(DagVersion.dag_id, func.max(DagVersion.version_number).label("number"))
        .join(SerializedDagModel, SerializedDagModel.dag_version_id == DagVersion.id)
        .group_by(DagVersion.dag_id),
    ).subquery()
    return (
        select(SerializedDagModel)
        .join(DagVersion, SerializedDagModel.dag_version_id == DagVersion.id)
        .join(
            highest,
            (DagVersion.dag_id == highest.c.dag_id) & (DagVersion.version_number == highest.c.number),
        )
    )


def tags_of_dags(session: Session, only: Collection[str] | None) -> dict[str, list[str]]:
    """The tags of every Dag, in alphabetical order."""
    from airflow.models.dag import DagTag

    tags: dict[str, list[str]] = defaultdict(list)
    query = _of(only, DagTag.dag_id, select(DagTag.dag_id, DagTag.name).order_by(DagTag.name))
    for dag_id, name in session.execute(query):
        tags[dag_id].append(name)
    return tags


def active_backfills(session: Session) -> dict[str, list[BackfillId]]:
    """The backfills of every Dag that are not completed, newest first."""
    from airflow.models.backfill import Backfill

    active: dict[str, list[BackfillId]] = defaultdict(list)
    for dag_id, backfill_id in session.execute(
        select(Backfill.dag_id, Backfill.id)
        .where(Backfill.completed_at.is_(None))
        .order_by(Backfill.id.desc())
    ):
        active[dag_id].append(BackfillId(backfill_id))
    return active


def recent_runs(session: Session, only: Collection[str] | None) -> dict[str, list[RecentRun]]:
    """The last runs of every Dag by the time they were due, oldest first."""
    runs: dict[str, list[RecentRun]] = defaultdict(list)
    for row in session.execute(_recent_runs_statement(dialect_of(session), only)):
        runs[row.dag_id].append(
            RecentRun(
                run_id=RunId(row.run_id),
                logical_date=instant_or_none(row.logical_date),
                state=RunState(row.state),
            )
        )
    return runs


def _recent_runs_statement(dialect: str, only: Collection[str] | None) -> Any:
    """A look at the runs of each Dag by itself; a window function would sort every run there is.

    No index of Airflow has them in order, so all runs of a Dag are read for its last ones.
    """
    from airflow.models.dag import DagModel
    from airflow.models.dagrun import DagRun
    from sqlalchemy.orm import aliased

    one = aliased(DagRun)
    latest = (
        select(one.id)
        .where(one.dag_id == DagModel.dag_id)
        .order_by(one.run_after.desc(), one.id.desc())
        .limit(RECENT_RUNS)
    )
    columns = (DagRun.dag_id, DagRun.run_id, DagRun.logical_date, DagRun.state)
    if dialect == "sqlite":
        found = select(*columns).select_from(DagModel).join(DagRun, DagRun.id.in_(latest.correlate(DagModel)))
    else:
        looked_up = latest.correlate(DagModel).lateral()
        found = select(*columns).select_from(DagModel).join(looked_up, looked_up.c.id.is_not(None))
        found = found.join(DagRun, DagRun.id == looked_up.c.id)
    return _of(only, DagModel.dag_id, found).order_by(DagRun.dag_id, DagRun.run_after, DagRun.id)


def _in_parts(ids: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(ids), _AT_ONCE):
        yield ids[start : start + _AT_ONCE]
