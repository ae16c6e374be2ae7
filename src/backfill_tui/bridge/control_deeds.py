"""One deed on a backfill: decided first, which is its preview, and carried out when asked.

The preview and the deed take the same way; the deed locks what it reads, does all in one transaction and
commits. The row of the backfill is locked first: Airflow's scheduler passes over the queued runs of a
backfill whose row is locked (Airflow 3.3 scheduler_job_runner.py, `_lock_backfills`), so none of them starts
meanwhile. Then come its runs, then their task instances, in the order of the scheduler.

What is left by a cancel equals what Airflow's own route leaves (routes/public/backfills.py,
`cancel_backfill`), with one exception. Runs that a later backfill has taken over still have an entry in the
former one, and Airflow cancels them with it; here they are left alone, for they are not its runs any more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from airflow._shared.timezones import timezone
from airflow.models.backfill import Backfill
from airflow.models.dagbag import DBDagBag
from airflow.models.dagrun import DagRun
from airflow.utils.state import DagRunState
from sqlalchemy import delete, select, update

from backfill_tui.bridge import control_queries as queries
from backfill_tui.bridge.audit import write_audit_line
from backfill_tui.bridge.backfill_facts import FactsReader
from backfill_tui.bridge.backfills import count_by_backfill
from backfill_tui.bridge.control_words import not_there, refusal
from backfill_tui.bridge.ending_runs import GONE, Ending, end, ending_of, tell_listeners
from backfill_tui.bridge.environment import dialect_of
from backfill_tui.bridge.journal import FAILED, Detail
from backfill_tui.bridge.runs_before import runs_before
from backfill_tui.domain.control import ControlOutcome, ControlRequest, Deed, possible_deeds
from backfill_tui.domain.environment import STALE_HEARTBEAT_SECONDS
from backfill_tui.domain.instants import SECOND
from backfill_tui.domain.journal import RunBefore
from backfill_tui.domain.problems import Refused

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from backfill_tui.bridge.environment import AirflowEnvironment

_AT_ONCE: Final = 500
_STOPPING: Final = frozenset({Deed.CANCEL, Deed.CANCEL_RUNNING})
_ROUTE_OF: Final = {
    Deed.PAUSE: "pause_backfill",
    Deed.RESUME: "unpause_backfill",
    Deed.CANCEL: "cancel_backfill",
    Deed.CANCEL_RUNNING: "cancel_backfill",
    # Airflow itself has no such thing.
    Deed.REOPEN: "reopen_backfill",
    Deed.REMOVE: "remove_backfill",
}


class Control:
    """One deed on a backfill, decided when it is made and carried out when asked."""

    def __init__(
        self, airflow: AirflowEnvironment, session: Session, request: ControlRequest, *, lock: bool = False
    ) -> None:
        """Decide. Raises NotThere for an unknown backfill, Refused for what can not be done to it."""
        self._session = session
        self._request = request
        self._lock = lock
        if lock:
            queries.lock_row(session, request.backfill_id, for_removal=request.deed is Deed.REMOVE)
        facts = FactsReader(airflow.journal).one(session, request.backfill_id)
        if facts is None:
            raise not_there(request.backfill_id)
        self._facts = facts
        runs = (
            queries.own_active_runs(session, request.backfill_id, lock=lock)
            if request.deed in _STOPPING
            else []
        )
        self._queued = [run for run in runs if run.state == DagRunState.QUEUED]
        self._running = [run for run in runs if run.state == DagRunState.RUNNING]
        # Counted after the locks are there, so that nothing that is decided on moves any more.
        self._counts = count_by_backfill(session, [request.backfill_id])[request.backfill_id].counts
        self._now = airflow.now(session)
        self._check()
        self._unended: Counter[str] = Counter()
        """How many running runs can not be ended, by why."""
        self._endings = self._decide_endings() if request.deed is Deed.CANCEL_RUNNING else []

    @property
    def outcome(self) -> ControlOutcome:
        """What it touches."""
        deed, counts = self._request.deed, self._counts
        left = len(self._running) if deed in _STOPPING else counts.running
        return ControlOutcome(
            backfill_id=self._request.backfill_id,
            dag_id=self._facts.dag_id,
            deed=deed,
            changed=self._changes(),
            stopped_queued=len(self._queued),
            stopped_running=len(self._endings),
            ended_tasks=sum(len(ending.ended) for ending in self._endings),
            skipped_tasks=sum(len(ending.skipped) for ending in self._endings),
            left_running=left - len(self._endings),
            teardowns=sum(ending.has_teardown for ending in self._endings),
            starting=counts.queued if deed is Deed.RESUME else 0,
            remarks=tuple(self._remarks()),
        )

    def runs_before(self) -> tuple[RunBefore, ...]:
        """The runs that it changes, as they are now."""
        ended = {ending.run.run_id for ending in self._endings}
        touched = [*self._queued, *(run for run in self._running if run.run_id in ended)]
        return runs_before(self._session, self._facts.dag_id, touched)

    def details(self) -> dict[str, Detail]:
        """What the journal is to know of it besides."""
        details: dict[str, Detail] = {"reason": self._request.reason} if self._request.reason else {}
        if self._request.deed is Deed.RESUME:
            details[FAILED] = self._counts.failed
        return details

    def in_hand_of_scheduler(self) -> frozenset[int]:
        """The queued runs that a scheduler may be about to start, where no lock keeps it from that."""
        unlocked = dialect_of(self._session) == "sqlite"
        in_hand = unlocked and self._scheduler_is_alive()
        return frozenset(run.id for run in self._queued) if in_hand else frozenset()

    def carry_out(self) -> None:
        """Do it; the session's owner commits."""
        session, deed, number = self._session, self._request.deed, self._request.backfill_id
        write_audit_line(session, _ROUTE_OF[deed], self._facts.dag_id, backfill_id=str(number))
        if deed is Deed.REMOVE and self._scheduler_is_alive():
            # It may have the row in hand to mark it complete, and ends with an error where the row is gone.
            self._row(session, number).completed_at = timezone.utcnow()
        elif deed is Deed.REMOVE:
            session.execute(delete(Backfill).where(Backfill.id == number))
        else:
            self._change(self._row(session, number))
        session.flush()

    @staticmethod
    def _row(session: Session, number: int) -> Any:
        # Without `get_one`, which SQLAlchemy 1.4 lacks.
        return session.scalars(select(Backfill).where(Backfill.id == number)).one()

    def tell_listeners(self) -> None:
        """Tell Airflow's listeners of what was ended, once it is committed."""
        for ending in self._endings:
            tell_listeners(ending)

    def _change(self, backfill: Backfill) -> None:
        deed = self._request.deed
        if deed is Deed.REOPEN:
            backfill.completed_at = None
            return
        backfill.is_paused = deed is not Deed.RESUME
        if deed not in _STOPPING:
            return
        for some in _in_parts([run.id for run in self._queued]):
            self._session.execute(
                update(DagRun)
                .where(DagRun.id.in_(some), DagRun.state == DagRunState.QUEUED)
                .values(state=DagRunState.FAILED)
                .execution_options(synchronize_session=False)
            )
        for ending in self._endings:
            end(self._session, ending)
            write_audit_line(
                self._session, "patch_dag_run", self._facts.dag_id,
                run_id=ending.run.run_id, state=str(DagRunState.FAILED),
            )  # fmt: skip
        backfill.completed_at = backfill.completed_at or timezone.utcnow()

    def _check(self) -> None:
        deed, facts, now = self._request.deed, self._facts, self._now
        if not self._is_so_already() and deed not in possible_deeds(facts, self._counts, now):
            raise refusal(deed, facts, self._counts, now)
        if deed is Deed.REMOVE and (runs := queries.runs_that_name(self._session, facts.backfill_id)):
            raise Refused(
                f"Backfill {facts.backfill_id} has no dates, but {runs} Dag "
                f"{'run belongs' if runs == 1 else 'runs belong'} to it",
                remedy="delete these first",
            )

    def _scheduler_is_alive(self) -> bool:
        beat = self._facts.scheduler_heartbeat
        return beat is not None and self._now - beat <= STALE_HEARTBEAT_SECONDS * SECOND

    def _is_so_already(self) -> bool:
        """Whether it is to be paused and is, or is to be resumed and is not paused."""
        wanted = {Deed.PAUSE: True, Deed.RESUME: False}.get(self._request.deed)
        is_active = self._facts.completed_at is None and self._counts.active > 0
        return is_active and wanted is self._facts.is_paused

    def _changes(self) -> bool:
        if self._request.deed is not Deed.CANCEL_RUNNING:
            return not self._is_so_already()
        is_cancelled = self._facts.is_paused and self._facts.completed_at is not None
        return not is_cancelled or bool(self._queued) or any(ending.changes for ending in self._endings)

    def _decide_endings(self) -> list[Ending]:
        bag = DBDagBag(load_op_links=False)
        endings = []
        for some in _in_parts([run.id for run in self._running]):
            for run in self._session.scalars(select(DagRun).where(DagRun.id.in_(some)).order_by(DagRun.id)):
                ending = ending_of(self._session, bag, run, lock=self._lock)
                if isinstance(ending, str):
                    self._unended[ending] += 1
                else:
                    endings.append(ending)
        return endings

    def _remarks(self) -> list[str]:
        deed, facts = self._request.deed, self._facts
        remarks = []
        if deed is Deed.REMOVE and self._scheduler_is_alive():
            remarks.append(
                "A scheduler is at work, so it is marked complete and stays in the list, without runs"
            )
        if deed is Deed.RESUME and facts.dag_is_paused:
            remarks.append("The Dag is paused, so nothing starts before it is unpaused")
        if deed is Deed.REOPEN and (others := queries.other_active(self._session, facts)):
            named = f"Backfill {others[0]}" if len(others) == 1 else f"{len(others)} other backfills"
            verb = "is" if len(others) == 1 else "are"
            remarks.append(f"{named} of this Dag {verb} active too, and their runs go on side by side")
        if deed in _STOPPING and (taken := queries.unfinished_taken_over(self._session, facts.backfill_id)):
            remarks.append(
                f"{runs_are(taken, 'is', 'are')} left alone, which a later backfill has taken over"
            )
        if deed is Deed.CANCEL_RUNNING:
            remarks += self._remarks_on_endings()
        return remarks

    def _remarks_on_endings(self) -> list[str]:
        remarks = []
        for why, left in self._unended.items():
            because = "the version of the Dag is gone that would tell its tasks apart" if why == GONE else why
            remarks.append(f"{runs_are(left, 'goes', 'go')} on, because {because}")
        if any(ending.has_teardown for ending in self._endings):
            when = ", which start once the Dag is unpaused" if self._facts.dag_is_paused else ""
            remarks.append(
                f"Runs with teardown tasks end after these{when}; Airflow then counts one as succeeded whose "
                "last tasks were only skipped"
            )
        return remarks


def runs_are(count: int, one: str, many: str) -> str:
    """`1 run is` or `2 runs are`."""
    return f"1 run {one}" if count == 1 else f"{count:,} runs {many}"


def _in_parts(ids: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(ids), _AT_ONCE):
        yield ids[start : start + _AT_ONCE]
