"""Why the tasks of a backfill failed: the ends of their logs, read while the list of them is told."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from airflow.utils.log.log_reader import TaskLogReader
from sqlalchemy.exc import SQLAlchemyError

from backfill_tui.bridge.backfill_facts import FactsReader
from backfill_tui.bridge.failed_by_scheduler import noted_by_scheduler
from backfill_tui.bridge.failed_tries import FailedTry, Runs, read_failed, runs_of_backfill, runs_of_range
from backfill_tui.bridge.log_bytes import LogBytes
from backfill_tui.bridge.log_ends import error_at_end
from backfill_tui.bridge.log_names import LogNames
from backfill_tui.bridge.log_sources import LogSources
from backfill_tui.bridge.range_entries import RangeFactsReader
from backfill_tui.domain.dag_range import DagRange
from backfill_tui.domain.environment import Mode
from backfill_tui.domain.failures import Failure, FailureKind, FailuresFound, FailuresQuery, FailuresRead
from backfill_tui.domain.ids import DagId, RunId, TaskId
from backfill_tui.domain.instants import SECOND, Instant
from backfill_tui.domain.log_errors import shortened
from backfill_tui.domain.problems import Interrupted, NotThere, Problem
from backfill_tui.domain.repairing import TaskInstanceKey
from backfill_tui.domain.tasks import LogQuery
from backfill_tui.wire.methods import FAILURES

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from backfill_tui.bridge.environment import AirflowEnvironment
    from backfill_tui.bridge.server import Call, Server

_AT_ONCE: Final = 100
"""Failures in one event; later ones have a tenth of what was told before, where that is more."""
_SOON_SECONDS: Final = 0.3
"""What was read is told after so long, however little it is: logs may come from far away."""
_SETTLED_SECONDS: Final = 30
"""A log that is not there so long after the end of its try will not come any more."""
_MOST_KEPT: Final = 50_000


def register(server: Server, airflow: AirflowEnvironment) -> None:
    """Let the server answer `failures`."""
    known = KnownErrors()
    sources = LogSources(served=airflow.mode is not Mode.EMBEDDED)

    def failures(query: FailuresQuery, call: Call[FailuresFound]) -> FailuresRead:
        return read_failures(airflow, query, call, known, sources)

    server.handle(FAILURES, failures)


class Said(NamedTuple):
    """What the log of a try says; `passing` where it could not be read, and may say more the next time."""

    kind: FailureKind
    error: str = ""
    passing: bool = False


class KnownErrors:
    """What the logs of ended tries said, so that a list that is read again and again reads each log once."""

    def __init__(self) -> None:
        self._said: dict[tuple[object, ...], Said] = {}

    def of(self, failed: FailedTry) -> Said | None:
        """What is known of a try; None when its log is still to be read."""
        return self._said.get(_key(failed))

    def learn(self, failed: FailedTry, said: Said) -> None:
        """Keep what a log said."""
        if len(self._said) >= _MOST_KEPT:
            # The oldest is the first.
            self._said.pop(next(iter(self._said)), None)
        self._said[_key(failed)] = said


def _key(failed: FailedTry) -> tuple[object, ...]:
    named = failed.named
    return (
        *(named.dag_id, named.run_id, named.task_id, named.map_index, named.try_number),
        failed.ended_at,
    )


def read_failures(
    airflow: AirflowEnvironment,
    query: FailuresQuery,
    call: Call[FailuresFound],
    known: KnownErrors,
    sources: LogSources,
) -> FailuresRead:
    """Tell the failures of a backfill or a range, in order, as fast as their logs are read.

    Raises NotThere for a backfill or a Dag that does not exist, Interrupted once nobody wants them any more.
    """
    names = LogNames(TaskLogReader().log_handler)
    with airflow.session() as session:
        runs, timezone = _runs_of(airflow, session, query)
        now = airflow.now(session)
        failed = read_failed(session, runs)
        names.learn(session, {one.log_template_id for one in failed.tries})
    total = len(failed.tries) + len(failed.alone)
    reading = _Reading(airflow=airflow, names=names, known=known, sources=sources, now=now, look=call.check)
    done = 0
    for batch in batches(reading.failures(failed.tries), failed.alone, time.monotonic):
        done += len(batch)
        call.emit(FailuresFound(failures=tuple(batch), done=done, total=total))
    return FailuresRead(dag_id=DagId(runs.dag_id), timezone=timezone, total=total)


def _runs_of(airflow: AirflowEnvironment, session: Session, query: FailuresQuery) -> tuple[Runs, str]:
    """The runs that are meant, and the clock of their Dag."""
    about = query.about
    if isinstance(about, DagRange):
        reader = RangeFactsReader(about)
        timezone = reader.read(session).timezone
        return runs_of_range(about, partitioned=reader.partitioned), timezone
    facts = FactsReader(airflow.journal).one(session, about)
    if facts is None:
        raise NotThere(f"There is no backfill {about}", remedy="look at the list of backfills")
    return runs_of_backfill(facts), facts.timezone


def batches(
    failures: Iterator[Failure], first: list[Failure], clock: Callable[[], float]
) -> Iterator[list[Failure]]:
    """What needs no log comes first, then as much as was read at a time, or in a third of a second."""
    batch = list(first)
    if batch:
        yield batch
    told, batch, since = len(batch), [], clock()
    for failure in failures:
        batch.append(failure)
        if len(batch) >= max(_AT_ONCE, told // 10) or clock() - since >= _SOON_SECONDS:
            yield batch
            told += len(batch)
            batch, since = [], clock()
    if batch:
        yield batch


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """One reading of logs, with what it needs of Airflow."""

    airflow: AirflowEnvironment
    names: LogNames
    known: KnownErrors
    sources: LogSources
    now: Instant
    look: Callable[[], None]

    def failures(self, tries: list[FailedTry]) -> Iterator[Failure]:
        """The failures, each once its log was looked at."""
        for failed in tries:
            self.look()
            said = self.known.of(failed)
            if said is None:
                said = self._look_at(failed)
                if not said.passing and (said.kind is FailureKind.ERROR or self._is_settled(failed)):
                    self.known.learn(failed, said)
            yield failed.failure(said.kind, said.error)

    def _is_settled(self, failed: FailedTry) -> bool:
        return failed.ended_at is not None and self.now - failed.ended_at > _SETTLED_SECONDS * SECOND

    def _look_at(self, failed: FailedTry) -> Said:
        if failed.named.try_number < 1:
            return Said(FailureKind.NEVER_RAN)
        path = self.names.file_of(failed.named, failed.log_template_id)
        error = ""
        if path is not None:
            with suppress(OSError), LogBytes.of(path) as log:
                error = error_at_end(log)
        if error:
            return Said(FailureKind.ERROR, error)
        # Not there, or what ended it is told elsewhere: only Airflow's own reader knows all places.
        with self.airflow.session() as session:
            said = self._ask_airflow(session, failed)
            return said if said.error else said._replace(error=noted_by_scheduler(session, failed.named))

    def _ask_airflow(self, session: Session, failed: FailedTry) -> Said:
        named = failed.named
        without = Said(FailureKind.NO_LOG if failed.has_run else FailureKind.NEVER_RAN)
        key = TaskInstanceKey(
            run_id=RunId(named.run_id), task_id=TaskId(named.task_id), map_index=named.map_index
        )
        query = LogQuery(dag_id=DagId(named.dag_id), key=key, try_number=named.try_number)
        try:
            log = self.sources.open(session, query, self.look)
            if log is None:
                return without
            with log.data:
                error = error_at_end(log.data)
        except NotThere:
            return without
        except (Interrupted, SQLAlchemyError):
            # A database that does not answer says nothing of this log, nor of those after it.
            raise
        except Problem as problem:
            return Said(FailureKind.NO_LOG, shortened(problem.message), passing=True)
        except Exception as broken:
            # A remote store that does not answer costs its error, not those of the other logs.
            told = shortened(f"{type(broken).__name__}: {broken}")
            return Said(FailureKind.NO_LOG, told, passing=True)
        return Said(FailureKind.ERROR, error) if error else Said(FailureKind.NO_ERROR)
