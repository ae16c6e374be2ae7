"""Creates a backfill with Airflow's own function, and adds what that lacks.

All of it becomes visible at once at the end; the plan the user saw is compared with the world inside the
transaction; progress is told while it is made, cancelling leaves nothing, and what Airflow made is compared
with the plan.
"""

from __future__ import annotations

import getpass
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Final, TypeVar

from backfill_tui.bridge.compat import Adapter, Creation, installed_adapter, quiet_creation
from backfill_tui.bridge.enumeration import Asker
from backfill_tui.bridge.environment import AirflowEnvironment
from backfill_tui.bridge.finished_backfills import mark_finished
from backfill_tui.bridge.launch_session import BUSY_SECONDS, as_airflows_session, launch_transaction
from backfill_tui.bridge.made_runs import differences, is_whole, launched, made_by
from backfill_tui.bridge.planned_dag import latest_hash
from backfill_tui.bridge.planning import Dates, judge, read_dates
from backfill_tui.bridge.requests import conf_of
from backfill_tui.bridge.server import Call, Server
from backfill_tui.domain.fingerprint import what_changed
from backfill_tui.domain.ids import BackfillId
from backfill_tui.domain.launching import CreationProgress, Launch, Launched
from backfill_tui.domain.planning import BackfillPlan
from backfill_tui.domain.problems import AirflowFailed, Problem, Refused
from backfill_tui.domain.text import one_line
from backfill_tui.wire.methods import LAUNCH

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.orm import Session

T = TypeVar("T")

_EVENT_SECONDS: Final = 0.05


def register(server: Server, airflow: AirflowEnvironment) -> None:
    """Let the server answer `launch`."""
    quiet_creation()
    server.handle(LAUNCH, lambda params, call: launch(airflow, params, call))


def launch(
    airflow: AirflowEnvironment,
    params: Launch,
    call: Call[CreationProgress],
    *,
    busy_seconds: float = BUSY_SECONDS,
) -> Launched:
    """Create the backfill of a request, wholly or not at all.

    Raises Refused when read-only, when a warning blocks, when no run would come of it and when the world is
    no longer the one of the fingerprint; Interrupted when cancelled; Unreachable when another process writes
    for longer than `busy_seconds`; AirflowFailed for what Airflow can not do.
    """
    airflow.require_writable("launching a backfill")
    adapter = installed_adapter()
    with airflow.session() as session:
        dates = read_dates(airflow, session, params.request, Asker(unwanted=lambda: call.cancelled))
        # Once before the transaction too, so that what is refused waits for nobody and locks nothing.
        _refuse_unfit(judge(airflow, session, dates), params.fingerprint)
    return _in_own_thread(lambda: _Creator(airflow, adapter, params, call).run(dates, busy_seconds))


class _Creator:
    """One creation, in its own thread."""

    def __init__(
        self, airflow: AirflowEnvironment, adapter: Adapter, params: Launch, call: Call[CreationProgress]
    ) -> None:
        self._airflow = airflow
        self._adapter = adapter
        self._params = params
        self._call = call

    def run(self, dates: Dates, busy_seconds: float) -> Launched:
        """Create in one transaction, and see what came of it before it ends."""
        request = self._params.request
        with launch_transaction(request.dag_id, self._call, busy_seconds=busy_seconds) as connection:
            plan = self._plan_again(connection, dates)
            mark_finished(connection, request.dag_id)
            counter = _Counter(self._call, total=_taken_up(plan))
            with as_airflows_session(connection) as session:
                counter.listen_to(session)
                backfill_id = self._create(dates)
            made = made_by(connection, backfill_id, counter.new_run_ids)
            if not is_whole(made, plan):
                raise AirflowFailed(
                    f"Airflow created only a part of the backfill of {one_line(request.dag_id)}",
                    remedy="nothing of it is left; the bridge's log says what went wrong",
                )
            # The last moment at which cancelling leaves nothing.
            self._call.check()
        counter.tell_end()
        for difference in differences(made, plan):
            sys.stderr.write(f"backfill {backfill_id} of {request.dag_id} is not as planned: {difference}\n")
        return launched(backfill_id, made, plan)

    def _plan_again(self, connection: Connection, dates: Dates) -> BackfillPlan:
        from sqlalchemy.orm import Session

        request = self._params.request
        with Session(bind=connection, join_transaction_mode="create_savepoint") as session:
            if latest_hash(session, request.dag_id) != dates.planned.dag_hash:
                asker = Asker(unwanted=lambda: self._call.cancelled)
                dates = read_dates(self._airflow, session, request, asker)
            plan = judge(self._airflow, session, dates)
        _refuse_unfit(plan, self._params.fingerprint)
        return plan

    def _create(self, dates: Dates) -> BackfillId:
        request = self._params.request
        earliest, latest = dates.planned.bounds(request)
        creation = Creation(
            dag_id=request.dag_id,
            from_date=earliest,
            to_date=latest,
            max_active_runs=request.max_active_runs,
            run_backwards=request.run_backwards,
            conf=conf_of(request),
            reprocess_behavior=request.reprocess_behavior,
            run_on_latest_version=request.run_on_latest_version,
            triggering_user=_user(),
        )
        try:
            return self._adapter.create(creation)
        except Problem:
            raise
        except Exception as failure:
            traceback.print_exc()
            raise self._adapter.problem_of(failure, request.dag_id) from failure


class _Counter:
    """Counts the dates Airflow has dealt with, as its session writes them; stops it when cancelled."""

    def __init__(self, call: Call[CreationProgress], *, total: int) -> None:
        self._call = call
        self._total = total
        self._done = 0
        self._told_at = 0.0
        self.new_run_ids: set[int] = set()
        """Ids of the Dag runs that were inserted, as opposed to those that were cleared."""

    def listen_to(self, session: Session) -> None:
        """Be told of every flush: Airflow flushes once or twice for each date."""
        from sqlalchemy import event

        event.listen(session, "after_flush", self._after_flush)

    def tell_end(self) -> None:
        """All dates are dealt with."""
        self._call.emit(CreationProgress(done=self._total, total=self._total))

    def _after_flush(self, session: Session, _context: object) -> None:
        from airflow.models.backfill import BackfillDagRun
        from airflow.models.dagrun import DagRun

        self._call.check()
        for thing in session.new:
            if isinstance(thing, BackfillDagRun):
                self._done += 1
            elif isinstance(thing, DagRun):
                self.new_run_ids.add(thing.id)
        now = time.monotonic()
        if now - self._told_at >= _EVENT_SECONDS:
            self._told_at = now
            self._call.emit(CreationProgress(done=min(self._done, self._total), total=self._total))


def _refuse_unfit(plan: BackfillPlan, fingerprint: str) -> None:
    if fingerprint and (changed := what_changed(fingerprint, plan.judged)):
        raise Refused(
            f"The plan has changed since it was shown: {changed}", remedy="look at it again, then launch"
        )
    for warning in plan.blocking:
        raise Refused(warning.message, remedy=warning.remedy)
    if not plan.run_count:
        raise Refused(
            f"There is no run to create for {one_line(plan.request.dag_id)}: every date has one that stays",
            remedy="choose another reprocess behavior or range",
        )


def _taken_up(plan: BackfillPlan) -> int:
    return plan.judged.due


def _user() -> str:
    """The user of the operating system, as the one who triggered the runs."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A container may run under a number that no one gave a name.
        return str(os.getuid())


def _in_own_thread(work: Callable[[], T]) -> T:
    """The result of `work`, done in a fresh thread: Airflow's scoped session belongs to a thread.

    Whatever it raises is raised here.
    """
    future: Future[T] = Future()

    def do() -> None:
        try:
            future.set_result(work())
        except BaseException as failure:
            future.set_exception(failure)

    threading.Thread(target=do, name="launch", daemon=True).start()
    return future.result()
