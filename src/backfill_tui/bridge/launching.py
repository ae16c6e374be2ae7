"""Creates a backfill with Airflow's own function, and adds what that lacks.

All of it becomes visible at once at the end; the plan the user saw is compared with the world inside the
transaction; progress is told while it is made, cancelling leaves nothing, and what Airflow made is compared
with the plan, and with the runs that were there before. The journal has a line before and one after.
"""

from __future__ import annotations

import sys
import threading
import traceback
from collections.abc import Callable, Generator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeVar

from backfill_tui.bridge import journal
from backfill_tui.bridge.compat import Adapter, Creation, installed, quiet_creation
from backfill_tui.bridge.compat.sessions import session_within
from backfill_tui.bridge.creation_counter import CreationCounter
from backfill_tui.bridge.enumeration import Asker
from backfill_tui.bridge.environment import AirflowEnvironment
from backfill_tui.bridge.finished_backfills import mark_finished, take_back_mark
from backfill_tui.bridge.launch_session import BUSY_SECONDS, as_airflows_session, commit, launch_transaction
from backfill_tui.bridge.launch_wishes import (
    check_wishes,
    details_of,
    pause_at_once,
    unpause_dag,
    write_notes,
)
from backfill_tui.bridge.made_runs import created_at, differences, is_whole, launched, made_by
from backfill_tui.bridge.planned_dag import latest_hash
from backfill_tui.bridge.planning import Dates, judge, read_dates
from backfill_tui.bridge.requests import conf_of
from backfill_tui.bridge.run_snapshots import Snapshot, lost_since, take_snapshot
from backfill_tui.bridge.server import Call, Server
from backfill_tui.bridge.write_session import lock_is_taken
from backfill_tui.domain.fingerprint import what_changed
from backfill_tui.domain.ids import BackfillId
from backfill_tui.domain.launching import CreationProgress, Launch, Launched
from backfill_tui.domain.planning import BackfillPlan
from backfill_tui.domain.problems import AirflowFailed, PlanChanged, Problem, Refused, Unreachable
from backfill_tui.domain.text import one_line
from backfill_tui.wire.methods import LAUNCH

if TYPE_CHECKING:
    from sqlalchemy import Connection

T = TypeVar("T")

_NOTHING_LEFT: Final = "nothing of it is left; the bridge's log says what went wrong"


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

    Raises Refused when read-only, when a warning blocks and when no run would come of it; PlanChanged when
    the world is no longer the one of the fingerprint; Interrupted when cancelled; Unreachable when another
    process writes for longer than `busy_seconds`; AirflowFailed for what Airflow can not do.
    """
    airflow.require_writable("launching a backfill")
    check_wishes(params)
    adapter = installed()
    with airflow.session() as session:
        dates = read_dates(airflow, session, params.request, Asker(unwanted=lambda: call.cancelled))
        # Once before the transaction too, so that what is refused waits for nobody and locks nothing.
        _refuse_unfit(judge(airflow, session, dates), params.fingerprint)
    done = _in_own_thread(lambda: _Creator(airflow, adapter, params, call).run(dates, busy_seconds))
    remarks = [*done.remarks, *_marked_too_early(airflow, params, done.backfill_id)]
    for remark in remarks:
        sys.stderr.write(f"backfill {done.backfill_id} of {params.request.dag_id}: {remark}\n")
    return replace(done, remarks=tuple(remarks))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """The world as it is when nobody else can launch the Dag: its dates, the plan, the runs in the range."""

    dates: Dates
    plan: BackfillPlan
    before: Snapshot


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
        params, dag_id = self._params, self._params.request.dag_id
        with launch_transaction(dag_id, self._call, busy_seconds=busy_seconds) as connection:
            look = self._look_again(connection, dates)
            mark_finished(connection, dag_id)
            counter = CreationCounter(self._call, total=look.plan.judged.due)
            with self._airflow.journal.deed(
                journal.LAUNCH, dag_id, note=params.note, runs=look.before.taken,
                details=details_of(params, look.plan),
            ) as opened:  # fmt: skip
                done = self._create_all(connection, look, counter)
                opened.backfill_id = done.backfill_id
                opened.details |= {
                    journal.CREATED_AT: created_at(connection, done.backfill_id),
                    "created": done.created,
                    "reprocessed": done.reprocessed,
                    "skipped": done.skipped,
                    "unpaused": done.unpaused,
                }
                # The last moment at which cancelling leaves nothing.
                self._call.check()
                commit(connection)
        counter.tell_end()
        return replace(done, remarks=(*done.remarks, *opened.remarks))

    def _look_again(self, connection: Connection, dates: Dates) -> _Look:
        """Plan once more; the dates are read again only for another version of the Dag."""
        request = self._params.request
        with session_within(connection) as session:
            if latest_hash(session, request.dag_id) != dates.planned.dag_hash:
                asker = Asker(unwanted=lambda: self._call.cancelled)
                dates = read_dates(self._airflow, session, request, asker)
            plan = judge(self._airflow, session, dates)
            _refuse_unfit(plan, self._params.fingerprint)
            return _Look(dates=dates, plan=plan, before=take_snapshot(session, plan))

    def _create_all(self, connection: Connection, look: _Look, counter: CreationCounter) -> Launched:
        """The backfill as it is to be seen; raises AirflowFailed when it is not what it should be."""
        with self._problems_told(), as_airflows_session(connection) as session:
            counter.listen_to(session)
            backfill_id = self._adapter.create(self._creation(look.dates))
        with self._problems_told():
            made = made_by(connection, backfill_id, counter.new_run_ids)
            lost = lost_since(connection, look.plan, look.before)
            unpaused = self._grant_wishes(connection, backfill_id)
        name = one_line(self._params.request.dag_id)
        if not is_whole(made, look.plan):
            raise AirflowFailed(
                f"Airflow created only a part of the backfill of {name}", remedy=_NOTHING_LEFT
            )
        if lost:
            raise AirflowFailed(
                f"{len(lost)} of the runs of {name} went away while its backfill was created, "
                f"the first is {one_line(lost[0])}",
                remedy="nothing was changed by the launch; look at the runs, then launch again",
                detail="\n".join(lost),
            )
        done = launched(backfill_id, made, look.plan)
        return replace(done, unpaused=unpaused, remarks=tuple(differences(made, look.plan)))

    def _grant_wishes(self, connection: Connection, backfill_id: BackfillId) -> bool:
        params = self._params
        if params.paused:
            pause_at_once(connection, backfill_id)
        if params.note:
            write_notes(connection, backfill_id, params.note)
        # At the end, for as long as its row is locked nothing else of the Dag is parsed or scheduled.
        return params.unpause and unpause_dag(connection, params.request.dag_id)

    def _creation(self, dates: Dates) -> Creation:
        request = self._params.request
        earliest, latest = dates.planned.bounds(request)
        return Creation(
            dag_id=request.dag_id,
            from_date=earliest,
            to_date=latest,
            max_active_runs=request.max_active_runs,
            run_backwards=request.run_backwards,
            conf=conf_of(request),
            reprocess_behavior=request.reprocess_behavior,
            run_on_latest_version=request.run_on_latest_version,
            triggering_user=journal.user_name(),
        )

    @contextmanager
    def _problems_told(self) -> Generator[None, None, None]:
        """Whatever Airflow or the database raises, as a problem; the log has the traceback."""
        from sqlalchemy.exc import DBAPIError

        dag_id = self._params.request.dag_id
        try:
            yield
        except Problem:
            raise
        except Exception as failure:
            traceback.print_exc()
            if isinstance(failure, DBAPIError) and lock_is_taken(failure):
                raise Unreachable(
                    f"Another transaction has held a row for too long that a backfill of {one_line(dag_id)} "
                    "has to change",
                    remedy="wait for it to end, then launch again; nothing was created",
                    detail=str(failure.orig),
                ) from failure
            raise self._adapter.problem_of(failure, dag_id) from failure


def _marked_too_early(airflow: AirflowEnvironment, params: Launch, backfill_id: BackfillId) -> list[str]:
    """What to say of a mark of completion that came before the runs had run; it is taken back."""
    from sqlalchemy.exc import SQLAlchemyError

    try:
        early = take_back_mark(airflow, backfill_id, paused=params.paused)
    except (Problem, SQLAlchemyError) as failure:
        # The backfill is there by now, so this is no reason to say that the launch has failed.
        return [f"It could not be seen whether Airflow counts it as complete: {one_line(str(failure))}"]
    if not early:
        return []
    return ["Airflow's scheduler had marked it as complete before its runs had run: the mark is taken back"]


def _refuse_unfit(plan: BackfillPlan, fingerprint: str) -> None:
    if fingerprint and (changed := what_changed(fingerprint, plan.judged)):
        raise PlanChanged(
            f"The plan has changed since it was shown: {changed}", remedy="look at it again, then launch"
        )
    for warning in plan.blocking:
        raise Refused(warning.message, remedy=warning.remedy)
    if not plan.run_count:
        raise Refused(
            f"There is no run to create for {one_line(plan.request.dag_id)}: every date has one that stays",
            remedy="choose another reprocess behavior or range",
        )


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
