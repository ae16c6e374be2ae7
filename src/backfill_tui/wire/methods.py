"""Every method of the bridge, with the types of its parameter, its events and its result.

Both sides read this table, so neither can encode what the other does not expect.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Generic, TypeVar

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

P = TypeVar("P")
E = TypeVar("E")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Method(Generic[P, E, R]):
    """One method: its name on the wire, and the types that travel.

    `unread` is how many of a call's events may be under way without having been taken by the caller: what
    comes after them waits in the handler, or is dropped where the next one says it all. None where a call has
    few events.
    """

    name: str
    params: type[P]
    event: type[E]
    result: type[R]
    unread: int | None = None


@dataclass(frozen=True, slots=True)
class Nothing:
    """No parameter, no events, or no result."""


@dataclass(frozen=True, slots=True)
class Remarks:
    """Sentences on what else is to be known of something that was done."""

    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Dags:
    """All Dags, or `only` some of them, in detail."""

    only: tuple[DagId, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parse:
    """The Dag file that matters, where an Airflow that is not ours parses its own."""

    file: DagFile | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ForDag:
    """A Dag by name; None means all Dags."""

    dag_id: DagId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """A backfill to follow, read every `interval_ms` milliseconds."""

    backfill_id: BackfillId
    interval_ms: int = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchRange:
    """The dates of a Dag to follow, read every `interval_ms` milliseconds."""

    dates: DagRange
    interval_ms: int = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseDag:
    """A Dag, and whether it is to be paused."""

    dag_id: DagId
    is_paused: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Backfills:
    """Backfills, newest first."""

    backfills: tuple[BackfillSummary, ...]


OPEN: Final = Method("open", Nothing, StartupStep, Environment)
ENVIRONMENT: Final = Method("environment", Nothing, Nothing, Environment)
DAGS: Final = Method("dags", Dags, Nothing, DagList)
PARSE: Final = Method("parse", Parse, StartupStep, DagList)
PLAN: Final = Method("plan", BackfillRequest, BackfillPlan, BackfillPlan, unread=2)
LAUNCH: Final = Method("launch", Launch, CreationProgress, Launched, unread=16)
BACKFILLS: Final = Method("backfills", ForDag, Nothing, Backfills)
WATCH: Final = Method("watch", Watch, GridUpdate, Nothing, unread=4)
WATCH_RANGE: Final = Method("watch_range", WatchRange, RangeUpdate, Nothing, unread=4)
PREVIEW_CONTROL: Final = Method("preview_control", ControlRequest, Nothing, ControlOutcome)
CONTROL: Final = Method("control", ControlRequest, Nothing, ControlOutcome)
PREVIEW_RERUN: Final = Method("preview_rerun", RerunRequest, Nothing, RerunOutcome)
RERUN: Final = Method("rerun", RerunRequest, RerunProgress, RerunOutcome)
PREVIEW_MARK: Final = Method("preview_mark", MarkRequest, Nothing, MarkOutcome)
MARK: Final = Method("mark", MarkRequest, MarkProgress, MarkOutcome, unread=16)
PREVIEW_UNDO: Final = Method("preview_undo", UndoRequest, Nothing, UndoOutcome)
UNDO: Final = Method("undo", UndoRequest, Nothing, UndoOutcome)
CELL: Final = Method("cell", CellQuery, Nothing, CellDetails)
INDEXES: Final = Method("indexes", IndexQuery, Nothing, IndexCells)
INSTANCES: Final = Method("instances", InstancesQuery, InstancesFound, Nothing, unread=4)
LOG: Final = Method("log", LogQuery, Nothing, TaskLog)
FIND_IN_LOG: Final = Method("find_in_log", LogSearch, Nothing, LogMatch)
COUNT_IN_LOG: Final = Method("count_in_log", LogSearch, Nothing, LogMatches)
FAILURES: Final = Method("failures", FailuresQuery, FailuresFound, FailuresRead)
PAUSE_DAG: Final = Method("pause_dag", PauseDag, Nothing, Remarks)
JOURNAL: Final = Method("journal", JournalQuery, JournalPart, Nothing, unread=4)
HOLD_ATTEMPTS: Final = Method("hold_attempts", ForDag, Nothing, Nothing)
