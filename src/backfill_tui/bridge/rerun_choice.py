"""What a rerun takes of some runs, why it leaves the others alone, and the clearing of what it takes.

Only runs that have ended are cleared. Of a run that still goes on, more may fail, and clearing what runs
would kill it: it is left alone. A queued run that no one but its cancelled backfill keeps from starting is
let go.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from airflow.models.backfill import Backfill
from airflow.models.dagrun import DagRun
from airflow.utils.state import DagRunState
from sqlalchemy import select

from backfill_tui.bridge.backfill_facts import optional_instant
from backfill_tui.bridge.clearing import Clearing, choose, clear, is_moved
from backfill_tui.bridge.compat import installed
from backfill_tui.bridge.run_notes import replace_notes
from backfill_tui.domain.ids import RunId
from backfill_tui.domain.repairing import LeftAlone, RerunOutcome, RerunRequest, RerunScope

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy.orm import Session

    from backfill_tui.bridge.rerun_versions import Versions


class Choice:
    """One part of a rerun, decided when it is made and carried out when asked.

    `request` is the whole of it, `run_ids` the runs of this part. `refused` are runs that are left alone
    whatever they are at, with the reason.
    """

    def __init__(
        self,
        session: Session,
        request: RerunRequest,
        run_ids: Collection[RunId],
        versions: Versions,
        *,
        refused: Mapping[RunId, str] | None = None,
        lock: bool = False,
    ) -> None:
        """Decide; with `lock` nobody else changes the runs before the end of the transaction."""
        self._session = session
        self._request = request
        self._versions = versions
        self._lock = lock
        self._left_alone: dict[RunId, str] = {}
        self._clearings: dict[RunId, Clearing] = {}
        versions.look(session)
        found = self._found(run_ids)
        for run_id in run_ids:
            why = (refused or {}).get(run_id) or self._decide(run_id, found.get(run_id))
            if why:
                self._left_alone[run_id] = why
        self._cancelled = self._cancelled_backfills()

    @property
    def chosen(self) -> list[DagRun]:
        """The runs of which something runs again, or that are let go."""
        return [clearing.run for clearing in self._clearings.values()]

    @property
    def outcome(self) -> RerunOutcome:
        """What it touches."""
        clearings = self._clearings.values()
        owners = filter(None, map(self._owner, self.chosen))
        return RerunOutcome(
            affected=tuple(task for clearing in clearings for task in clearing.affected),
            let_go=tuple(RunId(clearing.run.run_id) for clearing in clearings if not clearing.affected),
            untouched=sum(clearing.untouched for clearing in clearings),
            left_alone=tuple(
                LeftAlone(run_id=run_id, reason=reason) for run_id, reason in self._left_alone.items()
            ),
            unblocked=tuple(sorted(backfill.id for backfill in self._cancelled)),
            completed=tuple(sorted({owner.id for owner in owners if owner.completed_at is not None})),
            unversioned=sum(map(self._versions.keeps_none, self.chosen)),
        )

    def carry_out(self) -> None:
        """Clear, write the notes, and lift the pause of cancelled backfills; the session's owner commits.

        Raises StrayClearError, upon which nothing may be kept.
        """
        clear(self._session, list(self._clearings.values()))
        if self._request.note:
            replace_notes(self._session, [run.id for run in self.chosen], self._request.note)
        for backfill in self._cancelled:
            backfill.is_paused = False
        self._session.flush()

    def _found(self, run_ids: Collection[RunId]) -> dict[str, DagRun]:
        query = select(DagRun).where(DagRun.dag_id == self._request.dag_id, DagRun.run_id.in_(run_ids))
        if self._lock:
            query = query.with_for_update(of=DagRun)
        return {run.run_id: run for run in self._session.scalars(query)}

    def _decide(self, run_id: RunId, run: DagRun | None) -> str:
        """Take the run, or say why not."""
        if run is None:
            return "it was deleted"
        if why := self._belongs_elsewhere(run) or self._is_under_way(run) or self._is_not_meant(run):
            return why
        target = self._versions.target_of(self._session, run)
        if target is None:
            return "the version of the Dag that it ran on is no longer known"
        stuck = run.state == DagRunState.QUEUED
        clearing = choose(self._session, target, run, self._request, stuck=stuck)
        # One that is stuck is let go also when all its tasks have ended: only then does it end too.
        if not clearing.affected and not stuck:
            return self._why_nothing(run, clearing)
        if stuck and is_moved(clearing) and not installed().moves_queued_runs:
            return (
                f"it is queued, and Airflow {installed().minor} takes no queued run to the latest version of "
                "the Dag: rerun it on its own version"
            )
        self._clearings[run_id] = clearing
        return ""

    def _belongs_elsewhere(self, run: DagRun) -> str:
        asked = self._request.backfill_id
        if asked is None or run.backfill_id == asked:
            return ""
        if run.backfill_id is None:
            return f"it is no longer a run of backfill {asked}"
        return f"backfill {run.backfill_id} has taken it over: rerun it from there"

    def _is_under_way(self, run: DagRun) -> str:
        if run.state == DagRunState.RUNNING:
            return "it is running: wait for its end"
        if run.state == DagRunState.QUEUED and not self._owner_cancelled(run):
            return "it is queued: it runs by itself"
        return ""

    def _is_not_meant(self, run: DagRun) -> str:
        """Why an ended run is not taken, though it could be."""
        if run.state == DagRunState.QUEUED:
            return ""
        since, queued_at = self._request.not_since, optional_instant(run.queued_at)
        if since is not None and queued_at is not None and queued_at >= since:
            return "it was cleared already, and has ended since"
        never_ran = run.state == DagRunState.FAILED and run.start_date is None and run.end_date is None
        scope = self._request.scope
        if not never_ran or scope is RerunScope.WHOLE_RUN:
            return ""
        why = "all of it would run" if scope.of_a_task else "no task of it failed"
        return f"it was cancelled before it started, so {why}: rerun the whole run"

    def _why_nothing(self, run: DagRun, clearing: Clearing) -> str:
        scope, task_id = self._request.scope, self._request.task_id
        versioned = clearing.target.latest_version_id is not None and bool(run.bundle_version)
        if scope is RerunScope.WHOLE_RUN:
            return "it has no task that the Dag still has"
        if not clearing.lost:
            return f'it was made without a task "{task_id}"' if scope.of_a_task else "nothing in it failed"
        first, *others = clearing.lost
        names = f'"{first}"' + (f" and {len(others)} more" if others else "")
        why = f"the Dag no longer has its {'task' if scope.of_a_task else 'failed task'} {names}"
        return f"{why}: rerun it on its own version" if versioned else why

    def _owner(self, run: DagRun) -> Any:
        return None if run.backfill_id is None else self._session.get(Backfill, run.backfill_id)

    def _owner_cancelled(self, run: DagRun) -> bool:
        owner = self._owner(run)
        return owner is not None and bool(owner.is_paused) and owner.completed_at is not None

    def _cancelled_backfills(self) -> list[Backfill]:
        """The cancelled backfills that keep the chosen runs from starting.

        Cancelling pauses a backfill for ever, and Airflow starts no queued run of a paused one, though it
        was cleared since. Lifting the pause starts all queued runs of that backfill: when there are others
        than those asked for, its runs are left alone instead.
        """
        by_owner: defaultdict[int, list[RunId]] = defaultdict(list)
        for run_id, clearing in self._clearings.items():
            if self._owner_cancelled(clearing.run):
                by_owner[cast(int, clearing.run.backfill_id)].append(run_id)
        cancelled = []
        for backfill_id, run_ids in by_owner.items():
            others = self._other_queued(backfill_id)
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

    def _other_queued(self, backfill_id: int) -> int:
        # With the Dag, for there is no index on the backfill alone.
        query = select(DagRun.run_id).where(
            DagRun.dag_id == self._request.dag_id,
            DagRun.state == DagRunState.QUEUED,
            DagRun.backfill_id == backfill_id,
        )
        wanted = set(self._request.run_ids) - set(self._left_alone)
        return len(set(self._session.scalars(query)) - wanted)

    def _backfill(self, backfill_id: int) -> Backfill:
        query = select(Backfill).where(Backfill.id == backfill_id)
        if self._lock:
            query = query.with_for_update(of=Backfill)
        return self._session.scalars(query).one()
