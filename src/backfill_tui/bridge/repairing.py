"""Running again what failed: Airflow's clear, with what it lacks for runs of backfills.

The preview and the rerun take the same way; the rerun locks what it reads and commits. Only runs that have
ended are cleared. Of a run that still goes on, more may fail, and clearing what runs would kill it: it is
left alone. A queued run that no one but its cancelled backfill keeps from starting is let go.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from airflow.models.backfill import Backfill
from airflow.models.dag import DagModel
from airflow.models.dag_version import DagVersion
from airflow.models.dagbag import DBDagBag
from airflow.models.dagrun import DagRun
from airflow.utils.state import DagRunState
from sqlalchemy import select

from backfill_tui.bridge.clearing import Clearing, Target, choose, clear, release
from backfill_tui.bridge.journal import Detail
from backfill_tui.bridge.planned_dag import unreadable_is_said
from backfill_tui.bridge.runs_before import runs_before
from backfill_tui.bridge.write_session import write
from backfill_tui.domain.ids import RunId
from backfill_tui.domain.problems import NotThere, Refused
from backfill_tui.domain.repairing import LeftAlone, RerunOutcome, RerunRequest, RerunScope
from backfill_tui.wire.methods import PREVIEW_RERUN, RERUN, Nothing

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from backfill_tui.bridge.environment import AirflowEnvironment
from backfill_tui.bridge.server import Call, Server


def register(server: Server, airflow: AirflowEnvironment) -> None:
    """Let the server answer `preview_rerun` and `rerun`."""

    def preview(request: RerunRequest, _call: Call[Nothing]) -> RerunOutcome:
        with airflow.session() as session:
            return Repair(session, request).outcome

    def rerun(request: RerunRequest, _call: Call[Nothing]) -> RerunOutcome:
        airflow.require_writable("a rerun")

        def carry_out(session: Session) -> RerunOutcome:
            repair = Repair(session, request, lock=True)
            outcome = repair.outcome
            if repair.chosen:
                details: dict[str, Detail] = {
                    "scope": str(request.scope),
                    "latest_version": request.run_on_latest_version,
                    "task_instances": len(outcome.affected),
                }
                runs = runs_before(session, request.dag_id, repair.chosen)
                with airflow.journal.deed("rerun", request.dag_id, runs=runs, details=details):
                    repair.carry_out()
                    session.commit()
            return outcome

        return write(airflow, "rerun", carry_out)

    server.handle(PREVIEW_RERUN, preview)
    server.handle(RERUN, rerun)


class Repair:
    """One rerun, decided when it is made and carried out when asked."""

    def __init__(self, session: Session, request: RerunRequest, *, lock: bool = False) -> None:
        """Decide. Raises NotThere for an unknown Dag, Refused for one whose runs would not start."""
        self._session = session
        self._request = request
        self._lock = lock
        self._bag = DBDagBag(load_op_links=False)
        self._targets: dict[object, Target | None] = {}
        self._left_alone: dict[RunId, str] = {}
        self._clearings: dict[RunId, Clearing] = {}
        self._check_dag()
        for run_id, run in self._runs():
            self._decide(run_id, run)
        self._cancelled = self._cancelled_backfills()

    @property
    def chosen(self) -> list[DagRun]:
        """The runs of which something runs again."""
        return [clearing.run for clearing in self._clearings.values()]

    @property
    def outcome(self) -> RerunOutcome:
        """What it touches."""
        clearings = self._clearings.values()
        return RerunOutcome(
            affected=tuple(task for clearing in clearings for task in clearing.affected),
            untouched=sum(clearing.untouched for clearing in clearings),
            left_alone=tuple(
                LeftAlone(run_id=run_id, reason=reason) for run_id, reason in self._left_alone.items()
            ),
            unblocked=tuple(sorted(backfill.id for backfill in self._cancelled)),
        )

    def carry_out(self) -> None:
        """Clear, and lift the pause of cancelled backfills; the session's owner commits."""
        for clearing in self._clearings.values():
            if clearing.instances:
                clear(self._session, clearing)
        for backfill in self._cancelled:
            backfill.is_paused = False
        self._session.flush()

    def _check_dag(self) -> None:
        dag_id = self._request.dag_id
        stale = self._session.execute(select(DagModel.is_stale).where(DagModel.dag_id == dag_id)).first()
        if stale is None:
            raise NotThere(f'There is no Dag "{dag_id}"', remedy="look at the list of Dags")
        if stale[0]:
            raise Refused(
                f'"{dag_id}" is no longer in its file, so nothing of it would run',
                remedy="restore the Dag and parse again, then rerun",
            )

    def _runs(self) -> list[tuple[RunId, DagRun | None]]:
        """The runs asked for, each once, in the order asked for; None for one that is not there."""
        wanted = list(dict.fromkeys(self._request.run_ids))
        found: dict[str, DagRun] = {}
        for start in range(0, len(wanted), 500):
            query = select(DagRun).where(
                DagRun.dag_id == self._request.dag_id, DagRun.run_id.in_(wanted[start : start + 500])
            )
            if self._lock:
                query = query.with_for_update(of=DagRun)
            found.update((run.run_id, run) for run in self._session.scalars(query))
        return [(run_id, found.get(run_id)) for run_id in wanted]

    def _decide(self, run_id: RunId, run: DagRun | None) -> None:
        if run is None:
            self._left_alone[run_id] = "it was deleted"
            return
        target = self._target_of(run)
        if target is None:
            self._left_alone[run_id] = "the version of the Dag that it ran on is no longer known"
        elif run.state == DagRunState.RUNNING:
            self._left_alone[run_id] = "it is running: wait for its end"
        elif run.state == DagRunState.QUEUED:
            if self._owner_cancelled(run):
                self._clearings[run_id] = release(self._session, target, run)
            else:
                self._left_alone[run_id] = "it is queued: it runs by itself"
        else:
            clearing = choose(self._session, target, run, self._request.scope)
            if clearing.affected:
                self._clearings[run_id] = clearing
            else:
                self._left_alone[run_id] = self._why_nothing(run)

    def _target_of(self, run: DagRun) -> Target | None:
        """The version that the run would run on, as Airflow's clear chooses it; None when it is gone.

        A run without a version of its own has nothing to run on but the latest.
        """
        own = run.created_dag_version_id
        to_latest = self._request.run_on_latest_version or own is None
        key = None if to_latest else own
        if key not in self._targets:
            self._targets[key] = self._latest() if to_latest else self._target_of_its_own(run)
        return self._targets[key]

    def _latest(self) -> Target | None:
        version = DagVersion.get_latest_version(self._request.dag_id, session=self._session)
        with unreadable_is_said(self._request.dag_id):
            dag = self._bag.get_latest_version_of_dag(self._request.dag_id, session=self._session)
        return None if dag is None or version is None else Target(dag, version.id)

    def _target_of_its_own(self, run: DagRun) -> Target | None:
        with unreadable_is_said(self._request.dag_id):
            dag = self._bag.get_dag_for_run(run, session=self._session)
        return None if dag is None else Target(dag)

    def _why_nothing(self, run: DagRun) -> str:
        if self._request.scope is RerunScope.WHOLE_RUN:
            return "it has no task that the Dag still has"
        if run.state == DagRunState.FAILED and run.start_date is None and run.end_date is None:
            return "it was cancelled before it started, so no task of it failed: rerun the whole run"
        return "nothing in it failed"

    def _owner_cancelled(self, run: DagRun) -> bool:
        owner = None if run.backfill_id is None else self._session.get(Backfill, run.backfill_id)
        return owner is not None and bool(owner.is_paused) and owner.completed_at is not None

    def _cancelled_backfills(self) -> list[Backfill]:
        """The cancelled backfills that keep the chosen runs from starting.

        Cancelling pauses a backfill for ever, and Airflow starts no queued run of a paused one, though it
        was cleared since. Lifting the pause starts all queued runs of that backfill: when there are others
        than the chosen ones, its runs are left alone instead.
        """
        by_owner: defaultdict[int, list[RunId]] = defaultdict(list)
        for run_id, clearing in self._clearings.items():
            if self._owner_cancelled(clearing.run) and clearing.run.backfill_id is not None:
                by_owner[clearing.run.backfill_id].append(run_id)
        cancelled = []
        for backfill_id, run_ids in by_owner.items():
            others = self._other_queued(backfill_id, run_ids)
            if others:
                for run_id in run_ids:
                    del self._clearings[run_id]
                    self._left_alone[run_id] = (
                        f"its backfill {backfill_id} was cancelled, and to lift that would also start "
                        f"{others} other queued {'run' if others == 1 else 'runs'}: choose those with it"
                    )
                continue
            cancelled.append(self._backfill(backfill_id))
        return cancelled

    def _other_queued(self, backfill_id: int, run_ids: list[RunId]) -> int:
        query = select(DagRun.run_id).where(
            DagRun.backfill_id == backfill_id, DagRun.state == DagRunState.QUEUED
        )
        return len(set(self._session.scalars(query)) - set(run_ids))

    def _backfill(self, backfill_id: int) -> Backfill:
        query = select(Backfill).where(Backfill.id == backfill_id)
        if self._lock:
            query = query.with_for_update(of=Backfill)
        return self._session.scalars(query).one()
