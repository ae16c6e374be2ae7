"""Airflow through the bridge: a child process that imports Airflow, spoken to in frames."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import TypeVar

from backfill_tui.domain.control import ControlOutcome, ControlRequest
from backfill_tui.domain.dag_range import DagRange, RangeUpdate
from backfill_tui.domain.dags import DagFile, DagList
from backfill_tui.domain.environment import Environment, StartupStep
from backfill_tui.domain.failures import FailuresFound, FailuresQuery, FailuresRead
from backfill_tui.domain.ids import BackfillId, DagId
from backfill_tui.domain.instances import InstancesFound, InstancesQuery
from backfill_tui.domain.journal import JournalPart, JournalQuery
from backfill_tui.domain.launching import CreationProgress, Launch, Launched
from backfill_tui.domain.map_indexes import IndexCells, IndexQuery
from backfill_tui.domain.marking import MarkOutcome, MarkProgress, MarkRequest
from backfill_tui.domain.planning import BackfillPlan, BackfillRequest
from backfill_tui.domain.problems import Problem
from backfill_tui.domain.repairing import RerunOutcome, RerunProgress, RerunRequest
from backfill_tui.domain.tasks import (
    CellDetails,
    CellQuery,
    LogMatch,
    LogMatches,
    LogQuery,
    LogSearch,
    TaskLog,
)
from backfill_tui.domain.text import one_line
from backfill_tui.domain.undoing import UndoOutcome, UndoRequest
from backfill_tui.domain.watching import BackfillSummary, GridUpdate
from backfill_tui.gateway.agreement import Agreement
from backfill_tui.gateway.calls import GREETING_SECONDS, Conversation, PendingCall
from backfill_tui.gateway.child import BridgeChild
from backfill_tui.gateway.port import InView, IsCancelled, Memory, ignore, never, nothing
from backfill_tui.gateway.rerunning import Gathering
from backfill_tui.wire import methods
from backfill_tui.wire.methods import Method

P = TypeVar("P")
E = TypeVar("E")
R = TypeVar("R")

_CANCEL_POLL_SECONDS = 0.05
_LETTING_GO_SECONDS = 5.0


class BridgeGateway:
    """The gateway to a bridge that is already starting; see `gateway.port.Gateway` for the methods.

    `call_seconds` is the longest a plain call may take before it counts as unanswered; opening, parsing,
    planning, launching and clearing take as long as they take, and are watched by their progress. A stream,
    which tells something every second, may be silent for `silent_seconds`; None where the end of a bridge is
    always noticed by itself. `agreement` is asked before each change, and `memory` gets the names that are
    listed.
    """

    def __init__(
        self,
        child: BridgeChild,
        *,
        call_seconds: float = 60,
        greeting_seconds: float = GREETING_SECONDS,
        silent_seconds: float | None = None,
        agreement: Agreement | None = None,
        memory: Memory | None = None,
    ) -> None:
        self._agreement = agreement or Agreement()
        self._memory = memory
        self._conversation = Conversation(child, greeting_seconds=greeting_seconds)
        self._call_seconds = call_seconds
        self._silent_seconds = silent_seconds

    def open(self, on_step: Callable[[StartupStep], None] = ignore) -> Environment:
        return self._call(methods.OPEN, methods.Nothing(), on_event=on_step)

    def environment(self) -> Environment:
        return self._call(methods.ENVIRONMENT, methods.Nothing(), seconds=self._call_seconds)

    def dags(self, only: tuple[DagId, ...] | None = None) -> DagList:
        listed = self._call(methods.DAGS, methods.Dags(only=only), seconds=self._call_seconds)
        return self._remembered(listed, are_all=only is None)

    def parse(
        self, on_step: Callable[[StartupStep], None] = ignore, *, file: DagFile | None = None
    ) -> DagList:
        listed = self._call(methods.PARSE, methods.Parse(file=file), on_event=on_step)
        return self._remembered(listed, are_all=True)

    def plan(
        self,
        request: BackfillRequest,
        is_cancelled: IsCancelled = never,
        on_partial: Callable[[BackfillPlan], None] = ignore,
    ) -> BackfillPlan:
        return self._call(methods.PLAN, request, on_event=on_partial, is_cancelled=is_cancelled)

    def launch(
        self,
        launch: Launch,
        on_progress: Callable[[CreationProgress], None] = ignore,
        is_cancelled: IsCancelled = never,
    ) -> Launched:
        self._agreement.require(f"launch a backfill of {one_line(launch.request.dag_id)}")
        launched = self._call(methods.LAUNCH, launch, on_event=on_progress, is_cancelled=is_cancelled)
        if self._memory is not None:
            self._memory.saw_launch(launch.request.dag_id, launched.backfill_id)
        return launched

    def backfills(self, dag_id: DagId | None = None) -> tuple[BackfillSummary, ...]:
        asked = methods.ForDag(dag_id=dag_id)
        found = self._call(methods.BACKFILLS, asked, seconds=self._call_seconds).backfills
        if self._memory is not None:
            self._memory.saw_backfills(dag_id, found)
        return found

    def watch(
        self, backfill_id: BackfillId, in_view: InView = nothing
    ) -> AbstractContextManager[Iterator[GridUpdate]]:
        watch = methods.Watch(backfill_id=backfill_id)
        return self._updates(methods.WATCH, watch, seconds=self._silent_seconds, in_view=in_view)

    def watch_range(
        self, dates: DagRange, in_view: InView = nothing
    ) -> AbstractContextManager[Iterator[RangeUpdate]]:
        watch = methods.WatchRange(dates=dates)
        return self._updates(methods.WATCH_RANGE, watch, seconds=self._silent_seconds, in_view=in_view)

    def preview_control(self, request: ControlRequest) -> ControlOutcome:
        return self._call(methods.PREVIEW_CONTROL, request)

    def control(self, request: ControlRequest) -> ControlOutcome:
        if not request.reason:
            # With a reason it is the breaker that pauses, as was agreed to when it was set.
            deed = request.deed.replace("_", " ")
            self._agreement.require(f"{deed} backfill {request.backfill_id}")
        return self._call(methods.CONTROL, request)

    def preview_rerun(self, request: RerunRequest, is_cancelled: IsCancelled = never) -> RerunOutcome:
        return self._call(methods.PREVIEW_RERUN, request, is_cancelled=is_cancelled)

    def rerun(
        self,
        request: RerunRequest,
        on_progress: Callable[[RerunProgress], None] = ignore,
        is_cancelled: IsCancelled = never,
    ) -> RerunOutcome:
        self._agreement.require(f"rerun task instances of {one_line(request.dag_id)}")
        gathering = Gathering(request, on_progress)
        try:
            return self._call(methods.RERUN, request, on_event=gathering.take, is_cancelled=is_cancelled)
        except Problem as problem:
            return gathering.ended_by(problem, sure=not self._conversation.is_over)

    def preview_mark(self, request: MarkRequest, is_cancelled: IsCancelled = never) -> MarkOutcome:
        return self._call(methods.PREVIEW_MARK, request, is_cancelled=is_cancelled)

    def mark(
        self,
        request: MarkRequest,
        on_progress: Callable[[MarkProgress], None] = ignore,
        is_cancelled: IsCancelled = never,
    ) -> MarkOutcome:
        self._agreement.require(f"mark runs of {one_line(request.dag_id)}")
        return self._call(methods.MARK, request, on_event=on_progress, is_cancelled=is_cancelled)

    def preview_undo(self, request: UndoRequest) -> UndoOutcome:
        return self._call(methods.PREVIEW_UNDO, request)

    def undo(self, request: UndoRequest) -> UndoOutcome:
        self._agreement.require("take back what was done")
        return self._call(methods.UNDO, request)

    def cell(self, query: CellQuery) -> CellDetails:
        return self._call(methods.CELL, query, seconds=self._call_seconds)

    def indexes(self, query: IndexQuery) -> IndexCells:
        return self._call(methods.INDEXES, query, seconds=self._call_seconds)

    def instances(self, query: InstancesQuery) -> AbstractContextManager[Iterator[InstancesFound]]:
        return self._updates(methods.INSTANCES, query, seconds=self._call_seconds)

    def log(self, query: LogQuery) -> TaskLog:
        return self._call(methods.LOG, query, seconds=self._call_seconds)

    def find_in_log(self, search: LogSearch, is_cancelled: IsCancelled = never) -> LogMatch:
        return self._call(methods.FIND_IN_LOG, search, is_cancelled=is_cancelled, seconds=self._call_seconds)

    def count_in_log(self, search: LogSearch, is_cancelled: IsCancelled = never) -> LogMatches:
        return self._call(methods.COUNT_IN_LOG, search, is_cancelled=is_cancelled, seconds=self._call_seconds)

    def failures(
        self,
        query: FailuresQuery,
        on_found: Callable[[FailuresFound], None] = ignore,
        is_cancelled: IsCancelled = never,
    ) -> FailuresRead:
        return self._call(methods.FAILURES, query, on_event=on_found, is_cancelled=is_cancelled)

    def pause_dag(self, dag_id: DagId, *, is_paused: bool) -> tuple[str, ...]:
        self._agreement.require(f"{'pause' if is_paused else 'unpause'} {one_line(dag_id)}")
        asked = methods.PauseDag(dag_id=dag_id, is_paused=is_paused)
        return self._call(methods.PAUSE_DAG, asked, seconds=self._call_seconds).remarks

    def journal(self, query: JournalQuery) -> AbstractContextManager[Iterator[JournalPart]]:
        return self._updates(methods.JOURNAL, query, seconds=self._call_seconds)

    @contextmanager
    def hold_attempts(self, dag_id: DagId) -> Generator[None, None, None]:
        with self._conversation.begin(methods.HOLD_ATTEMPTS, methods.ForDag(dag_id=dag_id)) as call:
            # Its one event says that it is held.
            next(call.events(), None)
            try:
                yield
            finally:
                # Whoever comes next is not to find it held, so its end is waited for.
                call.cancel()
                with suppress(Problem):
                    for _ in call.events(timeout_seconds=_LETTING_GO_SECONDS):
                        pass

    def close(self) -> None:
        self._conversation.close()

    def _call(
        self,
        method: Method[P, E, R],
        params: P,
        *,
        on_event: Callable[[E], None] = ignore,
        is_cancelled: IsCancelled = never,
        seconds: float | None = None,
    ) -> R:
        with self._conversation.begin(method, params) as call:
            for event in _events(call, is_cancelled, seconds):
                on_event(event)
            return call.result()

    def _remembered(self, listed: DagList, *, are_all: bool) -> DagList:
        if self._memory is not None:
            self._memory.saw_dags(listed, are_all=are_all)
        return listed

    @contextmanager
    def _updates(
        self, method: Method[P, E, R], params: P, *, seconds: float | None, in_view: InView = nothing
    ) -> Generator[Iterator[E], None, None]:
        with self._conversation.begin(method, params) as call:
            yield call.events(timeout_seconds=seconds, in_view=in_view)


def _events(call: PendingCall[E, R], is_cancelled: IsCancelled, seconds: float | None) -> Iterator[E]:
    if is_cancelled is never:
        yield from call.events(timeout_seconds=seconds)
        return
    done = threading.Event()

    def look() -> None:
        while not done.wait(_CANCEL_POLL_SECONDS):
            if is_cancelled():
                call.cancel()
                return

    watcher = threading.Thread(target=look, name="cancel-watch", daemon=True)
    watcher.start()
    try:
        yield from call.events(timeout_seconds=seconds)
    finally:
        done.set()
        watcher.join()
