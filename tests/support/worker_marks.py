"""A worker that marks runs and tasks, beside what Airflow's own API does when it marks them.

Started as `python worker_marks.py`; it can do all that `worker_control.py` can.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.support import worker_control, worker_main  # they take over stdout, and this is started by itself


def stock_mark_run(dag_id: str, run_id: str, state: str) -> None:
    """The service behind the route that patches a run."""
    from airflow.api_fastapi.core_api.datamodels.dag_run import DagRunMutableStates
    from airflow.api_fastapi.core_api.services.public.dag_run import patch_dag_run_state
    from airflow.models.dagbag import DBDagBag
    from airflow.models.dagrun import DagRun
    from sqlalchemy import select

    with worker_control._session() as session:
        run = session.scalars(select(DagRun).filter_by(dag_id=dag_id, run_id=run_id)).one()
        dag = DBDagBag().get_dag_for_run(run, session=session)
        assert dag is not None
        patch_dag_run_state(dag=dag, dag_run=run, state=DagRunMutableStates(state), session=session)


def stock_mark_task(dag_id: str, run_id: str, task_id: str, state: str, map_index: int | None = None) -> None:
    """The service behind the route that patches a task instance."""
    from airflow.api_fastapi.core_api.datamodels.task_instances import BulkTaskInstanceBody
    from airflow.api_fastapi.core_api.services.public.task_instances import _patch_task_instance_state
    from airflow.models.dagbag import DBDagBag
    from airflow.utils.state import TaskInstanceState

    wanted = TaskInstanceState(state)
    with worker_control._session() as session:
        dag = DBDagBag().get_latest_version_of_dag(dag_id, session=session)
        assert dag is not None
        body = BulkTaskInstanceBody(task_id=task_id, map_index=map_index, new_state=wanted)
        _patch_task_instance_state(task_id, run_id, dag, body, {"new_state": wanted}, session)


def columns_of(dag_id: str, run_id: str) -> list[Any]:
    """All that a mark overwrites, of a run and of its task instances."""
    from airflow.models.dagrun import DagRun
    from airflow.models.taskinstance import TaskInstance
    from sqlalchemy import select

    of_run = (DagRun.state, DagRun.start_date, DagRun.end_date, DagRun.clear_number)
    of_task = (
        TaskInstance.id, TaskInstance.task_id, TaskInstance.map_index, TaskInstance.state,
        TaskInstance.start_date, TaskInstance.end_date, TaskInstance.duration,
    )  # fmt: skip
    with worker_control._session() as session:
        found = [
            *session.execute(select(*of_run).filter_by(dag_id=dag_id, run_id=run_id)),
            *session.execute(
                select(*of_task).filter_by(dag_id=dag_id, run_id=run_id).order_by(TaskInstance.task_id)
            ),
        ]
        return [[None if value is None else str(value) for value in row] for row in found]


_READERS: dict[str, Any] = {}
_FOLLOWED: dict[str, Any] = {}


def range_followed(dag_id: str, from_date: int, to_date: int, *, anew: bool = False) -> dict[str, Any]:
    """What a screen has of a range after one more reading, by a stream that begins `anew` when asked to.

    `stream` are its rows as date, run and state; `read` those of one that was never looked at before.
    """
    from backfill_tui.domain.grid import GridStore

    asked = _asked(dag_id, from_date, to_date)
    with worker_control._session() as session:
        store, grid = _FOLLOWED.get(dag_id) or (GridStore(), _sent_grid(asked, session))
        grid = _sent_grid(asked, session) if anew else grid
        _FOLLOWED[dag_id] = store, grid
        fresh = GridStore()
        return {
            "stream": _after_a_tick(session, asked, store, grid),
            "read": _after_a_tick(session, asked, fresh, _sent_grid(asked, session)),
            "counts": [str(store.counts()), str(fresh.counts())],
        }


def _asked(dag_id: str, from_date: int, to_date: int) -> Any:
    from backfill_tui.domain.dag_range import DagRange
    from backfill_tui.domain.ids import DagId
    from backfill_tui.domain.instants import Instant

    return DagRange(dag_id=DagId(dag_id), from_date=Instant(from_date), to_date=Instant(to_date))


def _sent_grid(asked: Any, session: Any) -> Any:
    from backfill_tui.bridge.watched import WatchedRange
    from backfill_tui.domain.instants import Instant

    watched = WatchedRange(asked)
    return watched.grid(session, watched.facts(session, Instant(0)), ())


def _after_a_tick(session: Any, asked: Any, store: Any, grid: Any) -> list[Any]:
    from backfill_tui.bridge.watched import WatchedRange
    from backfill_tui.domain.instants import Instant

    watched = WatchedRange(asked)
    facts = watched.facts(session, Instant(0))
    for rows in grid.updates(session.connection(), Instant(0), moved=True):
        store.apply(watched.update(rows, facts))
    return [
        [_day(row.logical_date), row.run_id, None if row.state is None else str(row.state)]
        for row in store.rows
    ]


def range_read(dag_id: str, from_date: int, to_date: int) -> dict[str, Any]:
    """A range as its stream reads it, by one reader for each Dag; `adds_up` says whether the sums tell it."""
    from airflow.utils.session import create_session

    from backfill_tui.bridge.grid_columns import read_columns
    from backfill_tui.bridge.grid_entries import Sums
    from backfill_tui.bridge.grid_reader import GridReader
    from backfill_tui.bridge.range_entries import RangeFactsReader, RangeReader

    asked = _asked(dag_id, from_date, to_date)
    facts_reader = RangeFactsReader(asked)
    with create_session(scoped=False) as session:
        facts = facts_reader.read(session)
        reader = _READERS.setdefault(dag_id, RangeReader(asked, partitioned=facts_reader.partitioned))
        connection = session.connection()
        entries = reader.everything(connection)
        sums, added = reader.sums(connection), Sums()
        for entry in entries.values():
            gone = (entry[0], entry[1], None, None, None, None, None)
            added = added.with_change(gone, entry)
        columns = read_columns(session, asked.dag_id, reader.versions())
        rows = GridReader(reader, asked.dag_id, columns).rows(connection, list(entries.values()))
        dates = {row.ordinal: row.logical_date for row, _ in rows}
        return {
            "rows": [
                [ordinal, _day(dates.get(ordinal)), entry[5]] for ordinal, entry in sorted(entries.items())
            ],
            "running": len(reader.glance(connection)[0]),
            "adds_up": sums == added._replace(entries=len(entries)),
            "timezone": facts.timezone,
        }


def _day(date: Any) -> str | None:
    from backfill_tui.domain.instants import to_datetime

    return None if date is None else to_datetime(date).date().isoformat()


_MORE: tuple[Callable[..., Any], ...] = (
    stock_mark_run,
    stock_mark_task,
    columns_of,
    range_read,
    range_followed,
)
worker_main.DEEDS.update({deed.__name__: deed for deed in _MORE})

if __name__ == "__main__":
    worker_main.main()
