"""The version of its Dag on which a run would run again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.models.dag import DagModel
from airflow.models.dag_version import DagVersion
from airflow.models.dagbag import DBDagBag
from sqlalchemy import select

from backfill_tui.bridge.clearing import Target
from backfill_tui.bridge.planned_dag import latest_hash, unreadable_is_said
from backfill_tui.domain.problems import NotThere, Refused

if TYPE_CHECKING:
    from airflow.models.dagrun import DagRun
    from sqlalchemy.orm import Session

    from backfill_tui.domain.ids import DagId


class Versions:
    """Reads each version once, for all transactions of one rerun."""

    def __init__(self, dag_id: DagId, *, to_latest: bool) -> None:
        self._dag_id = dag_id
        self._to_latest = to_latest
        self._latest: tuple[object, object] | None = None
        self._bag = DBDagBag(load_op_links=False)
        self._targets: dict[object, Target | None] = {}

    def look(self, session: Session) -> None:
        """See that the Dag is still there, and which version is its latest.

        Raises NotThere for an unknown Dag, and Refused for one whose runs would not start.
        """
        dag_id = self._dag_id
        stale = session.execute(select(DagModel.is_stale).where(DagModel.dag_id == dag_id)).first()
        if stale is None:
            raise NotThere(f'There is no Dag "{dag_id}"', remedy="look at the list of Dags")
        if stale[0]:
            raise Refused(
                f'"{dag_id}" is no longer in its file, so nothing of it would run',
                remedy="restore the Dag and parse again, then rerun",
            )
        version = DagVersion.get_latest_version(dag_id, session=session)
        latest = (None if version is None else version.id, latest_hash(session, dag_id))
        if latest != self._latest:
            self._latest = latest
            self._bag = DBDagBag(load_op_links=False)
            self._targets.clear()

    def target_of(self, session: Session, run: DagRun) -> Target | None:
        """The version that the run would run on, as Airflow's clear chooses it; None when it is gone.

        A run without a version of its own has nothing to run on but the latest.
        """
        own = run.created_dag_version_id
        to_latest = self._to_latest or own is None
        key = None if to_latest else (own, bool(run.bundle_version))
        if key not in self._targets:
            self._targets[key] = self._target_latest(session) if to_latest else self._target_own(session, run)
        return self._targets[key]

    def keeps_none(self, run: DagRun) -> bool:
        """Whether the run was to keep its version, but runs the code as it is now all the same.

        Airflow goes back to the code of a version only where the bundle of the Dag has versions (Airflow 3.3
        models/dagbag.py, `_version_from_dag_run`).
        """
        return not self._to_latest and (run.created_dag_version_id is None or not run.bundle_version)

    def _target_latest(self, session: Session) -> Target | None:
        version_id = None if self._latest is None else self._latest[0]
        with unreadable_is_said(self._dag_id):
            dag = self._bag.get_latest_version_of_dag(self._dag_id, session=session)
        return None if dag is None or version_id is None else Target(dag, version_id)

    def _target_own(self, session: Session, run: DagRun) -> Target | None:
        with unreadable_is_said(self._dag_id):
            dag = self._bag.get_dag_for_run(run, session=session)
        return None if dag is None else Target(dag)
