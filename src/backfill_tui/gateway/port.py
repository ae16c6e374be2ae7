"""What the screen and the commands ask of Airflow, whoever answers.

Every method blocks; the screen calls them from thread workers. All of them raise
`backfill_tui.domain.problems.Problem` and nothing else that is expected; after `close` every call, also one
that is waiting, raises `Unreachable`. Nothing here assumes a database: the next implementation speaks HTTP.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Protocol

from backfill_tui.domain.control import ControlOutcome, ControlRequest
from backfill_tui.domain.dag_range import DagRange, RangeUpdate
from backfill_tui.domain.dags import DagFile, DagList
from backfill_tui.domain.environment import EngineStatus, Environment, StartupStep
from backfill_tui.domain.failures import FailuresFound, FailuresQuery, FailuresRead
from backfill_tui.domain.ids import BackfillId, DagId
from backfill_tui.domain.instances import InstancesFound, InstancesQuery
from backfill_tui.domain.journal import JournalPart, JournalQuery
from backfill_tui.domain.launching import CreationProgress, Launch, Launched
from backfill_tui.domain.map_indexes import IndexCells, IndexQuery
from backfill_tui.domain.marking import MarkOutcome, MarkProgress, MarkRequest
from backfill_tui.domain.planning import BackfillPlan, BackfillRequest
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
from backfill_tui.domain.undoing import UndoOutcome, UndoRequest
from backfill_tui.domain.watching import BackfillSummary, GridUpdate

IsCancelled = Callable[[], bool]
InView = Callable[[], tuple[int, ...]]
"""Gives the ordinals of the rows that somebody looks at now; called in the thread that reads a stream."""


def never() -> bool:
    """The default for calls that are not cancelled."""
    return False


def nothing() -> tuple[int, ...]:
    """The default for streams that are not drawn row by row."""
    return ()


def ignore(_event: object) -> None:
    """The default for calls whose progress nobody follows."""


class Memory(Protocol):
    """Keeps names that came by, for who types them."""

    def saw_dags(self, listed: DagList, *, are_all: bool) -> None:
        """These are all Dags, or some of them."""
        ...

    def saw_backfills(self, dag_id: DagId | None, summaries: Iterable[BackfillSummary]) -> None:
        """These are all backfills, or all of a Dag."""
        ...

    def saw_launch(self, dag_id: DagId, backfill_id: BackfillId) -> None:
        """There is one more backfill."""
        ...


class Gateway(Protocol):
    """Airflow, as far as this program needs it."""

    def open(self, on_step: Callable[[StartupStep], None] = ignore) -> Environment:
        """Come up: import Airflow, see to the database, read the Dags. Tells each step; call it first."""
        ...

    def environment(self) -> Environment:
        """The environment with the scheduler's latest heartbeat."""
        ...

    def dags(self, only: tuple[DagId, ...] | None = None) -> DagList:
        """The Dags as Airflow knows them now; `only` some of them, or of all.

        Of very many not all are `detailed`. Those that are asked for by name are, as far as they are there.
        """
        ...

    def parse(
        self, on_step: Callable[[StartupStep], None] = ignore, *, file: DagFile | None = None
    ) -> DagList:
        """Parse the Dag files again, let Airflow know of them, and list the Dags.

        An Airflow that is not ours parses its own: then it is asked to take `file` first, which takes its
        time, and the list is as it was. Raises Refused where no file is named or nothing may be written.
        """
        ...

    def plan(
        self,
        request: BackfillRequest,
        is_cancelled: IsCancelled = never,
        on_partial: Callable[[BackfillPlan], None] = ignore,
    ) -> BackfillPlan:
        """What the request would do, date by date; changes nothing.

        A timetable that takes long is told as far as it has come, by plans that are not `complete`.
        """
        ...

    def launch(
        self,
        launch: Launch,
        on_progress: Callable[[CreationProgress], None] = ignore,
        is_cancelled: IsCancelled = never,
    ) -> Launched:
        """Create the backfill, wholly or not at all; cancelled before its end, nothing is left of it.

        Raises PlanChanged when the world is no longer the one of its fingerprint.
        """
        ...

    def backfills(self, dag_id: DagId | None = None) -> tuple[BackfillSummary, ...]:
        """The backfills of one Dag or of all, newest first."""
        ...

    def watch(
        self, backfill_id: BackfillId, in_view: InView = nothing
    ) -> AbstractContextManager[Iterator[GridUpdate]]:
        """Follow a backfill until the context is left (from any thread); the first update has everything.

        An update comes at every reading, changed or not, so that the age of the data is known. What was
        edited in rows that are `in_view` is told within about a second, elsewhere once their turn comes.
        """
        ...

    def watch_range(
        self, dates: DagRange, in_view: InView = nothing
    ) -> AbstractContextManager[Iterator[RangeUpdate]]:
        """The same for the dates of a Dag in a range, whatever made their runs."""
        ...

    def preview_control(self, request: ControlRequest) -> ControlOutcome:
        """What the deed would touch; changes nothing. Raises Refused for what can not be done to it."""
        ...

    def control(self, request: ControlRequest) -> ControlOutcome:
        """Pause, resume, cancel, reopen or remove a backfill, wholly or not at all."""
        ...

    def preview_rerun(self, request: RerunRequest, is_cancelled: IsCancelled = never) -> RerunOutcome:
        """What a rerun would touch, from Airflow's own dry clear; changes nothing."""
        ...

    def rerun(
        self,
        request: RerunRequest,
        on_progress: Callable[[RerunProgress], None] = ignore,
        is_cancelled: IsCancelled = never,
    ) -> RerunOutcome:
        """Clear the task instances of the request, so that the scheduler runs them again.

        That is done in parts of `RUNS_AT_ONCE` runs, each wholly or not at all. When it ends early, cancelled
        or by a problem, the outcome says what was done and what not; the problem is raised only when nothing
        was done.
        """
        ...

    def preview_mark(self, request: MarkRequest, is_cancelled: IsCancelled = never) -> MarkOutcome:
        """What a mark would change; changes nothing."""
        ...

    def mark(
        self,
        request: MarkRequest,
        on_progress: Callable[[MarkProgress], None] = ignore,
        is_cancelled: IsCancelled = never,
    ) -> MarkOutcome:
        """Mark the runs or task instances of the request, wholly or not at all, also when it is cancelled.

        Nothing that is marked runs, but what waited for it may, and what had failed downstream of a marked
        task does.
        """
        ...

    def preview_undo(self, request: UndoRequest) -> UndoOutcome:
        """What taking back a deed would put back; changes nothing. Raises Refused where there is no way."""
        ...

    def undo(self, request: UndoRequest) -> UndoOutcome:
        """Take back a mark or a pause that was done from here, as far as it is still as that left it."""
        ...

    def cell(self, query: CellQuery) -> CellDetails:
        """The task instances behind one cell of the grid."""
        ...

    def indexes(self, query: IndexQuery) -> IndexCells:
        """The states of mapped tasks one map index at a time, for a few runs."""
        ...

    def instances(self, query: InstancesQuery) -> AbstractContextManager[Iterator[InstancesFound]]:
        """All task instances of some runs, a part at a time; the next is read when it is asked for.

        A run that is gone has none.
        """
        ...

    def log(self, query: LogQuery) -> TaskLog:
        """The log of one try; empty when nothing was written yet, NotThere when there was no such try."""
        ...

    def find_in_log(self, search: LogSearch, is_cancelled: IsCancelled = never) -> LogMatch:
        """The next line of a whole log that has some words, however long the log is."""
        ...

    def count_in_log(self, search: LogSearch, is_cancelled: IsCancelled = never) -> LogMatches:
        """The lines of a log that have some words, from a place on; no more than so many at once."""
        ...

    def failures(
        self,
        query: FailuresQuery,
        on_found: Callable[[FailuresFound], None] = ignore,
        is_cancelled: IsCancelled = never,
    ) -> FailuresRead:
        """Tell every failed task instance of a backfill, with the error that its log ends with."""
        ...

    def pause_dag(self, dag_id: DagId, *, is_paused: bool) -> tuple[str, ...]:
        """Pause or unpause a Dag; gives back sentences on what else is to be known."""
        ...

    def journal(self, query: JournalQuery) -> AbstractContextManager[Iterator[JournalPart]]:
        """What was done to this Airflow from this program, part by part; one at least.

        It needs no `open`, because it is not in Airflow's database.
        """
        ...

    def hold_attempts(self, dag_id: DagId) -> AbstractContextManager[None]:
        """Be the only one who reruns until nothing fails on that Dag, until the context is left.

        Raises Refused while another session is. Needs no `open` either.
        """
        ...

    def close(self) -> None:
        """Let go at once; every waiting call returns. Safe to call twice and from any thread."""
        ...


class Engine(Protocol):
    """The embedded Airflow's processes; there is none in attached mode."""

    def start(self) -> EngineStatus:
        """Start it unless it runs, and return without waiting for it to be ready."""
        ...

    def status(self) -> EngineStatus:
        """How it is now; cheap enough to ask every second."""
        ...

    def stop(self, timeout_seconds: float = 30) -> EngineStatus:
        """End it and all its processes; runs under way stay in the database and go on at the next start."""
        ...
