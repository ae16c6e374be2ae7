"""The outcome of a backfill, or of the dates of a Dag in a range, as an export has it.

What is read whole is what the screen holds too: the grid, and the errors of what failed. The task instances
themselves come as a stream, and nothing that is written holds more of them than those of one run.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from backfill_tui.domain.dag_range import Watchable, grid_words
from backfill_tui.domain.environment import Environment
from backfill_tui.domain.failures import Failure, FailureGroup, FailuresFound, FailuresQuery, grouped
from backfill_tui.domain.ids import RunId, TaskId
from backfill_tui.domain.instances import InstancesQuery, RunInstances, whole_runs
from backfill_tui.domain.instants import SECOND, Instant, Microseconds, minute, zone_named
from backfill_tui.domain.problems import Interrupted
from backfill_tui.domain.progress import Standing, last_end, standing, with_causes
from backfill_tui.domain.range_progress import range_standing
from backfill_tui.domain.watching import BackfillFacts, BackfillSummary, RunRow
from backfill_tui.gateway.port import Gateway, IsCancelled, never
from backfill_tui.gateway.whole import WholeGrid, read_whole

MOST_FAILURES: Final = 20_000
"""So many failures are told with their errors; of more the logs are not read."""

Tell = Callable[[str, int, int], None]
"""What an export is doing, and how much of it is done of how much; 0 of 0 where that is not known."""

Errors = dict[tuple[RunId, TaskId, int], str]
"""What ended a task instance, by its run, its task and its map index; without a task what ended the run."""

Pair = tuple[RunRow, RunInstances | None]
"""A date, and its run with all its task instances where it has one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What was read; `failed_in_all` is how many failures there are, `failures` those that were looked at."""

    version: str
    environment: Environment
    whole: WholeGrid
    stands: Standing
    failures: tuple[Failure, ...] = ()
    failed_in_all: int = 0
    groups: tuple[FailureGroup, ...] = field(default=())

    @property
    def backfill(self) -> BackfillSummary | None:
        """The backfill with its counts; None of a range."""
        facts, store = self.whole.facts, self.whole.store
        if not isinstance(facts, BackfillFacts):
            return None
        counts = store.counts()
        return BackfillSummary(
            facts=facts,
            counts=counts,
            read_at=self.whole.read_at,
            ended_at=last_end(self.rows, counts),
            causes=self.whole.causes,
        )

    @property
    def rows(self) -> list[RunRow]:
        """The dates in the order of execution."""
        return [row for row in self.whole.store.rows if row is not None]

    @property
    def title(self) -> str:
        """What it is of: `Backfill 7 of sales`."""
        return grid_words(self.whole.facts)

    def date_of(self, row: RunRow) -> str:
        """A date in words, on the clock of the Dag."""
        if row.logical_date is None:
            return row.partition_key or "no logical date"
        return minute(row.logical_date, zone_named(self.whole.facts.timezone))

    def errors(self) -> dict[tuple[RunId, TaskId, int], str]:
        """What ended each task instance that failed, as far as it is known."""
        return {
            (one.run_id, one.task_id, one.map_index): one.error or one.kind.words for one in self.failures
        }


def read_outcome(
    gateway: Gateway,
    about: Watchable,
    environment: Environment,
    version: str,
    *,
    tell: Tell,
    is_cancelled: IsCancelled = never,
) -> Outcome:
    """Read the grid, and the errors of what failed.

    Raises Interrupted once it is not wanted, NotThere for what there is not.
    """
    tell("Reading the dates", 0, 0)
    whole = read_whole(gateway, about, is_cancelled)
    facts, counts = whole.facts, whole.store.counts()
    if isinstance(facts, BackfillFacts):
        stands = with_causes(standing(facts, counts, whole.read_at), whole.causes)
    else:
        stands = range_standing(facts, counts, whole.read_at)
    failures, total = _read_failures(gateway, about, tell, is_cancelled)
    return Outcome(
        version=version,
        environment=environment,
        whole=whole,
        stands=stands,
        failures=tuple(failures),
        failed_in_all=total,
        groups=grouped(failures),
    )


def _read_failures(
    gateway: Gateway, about: Watchable, tell: Tell, is_cancelled: IsCancelled
) -> tuple[list[Failure], int]:
    found: list[Failure] = []
    total = 0

    def more(part: FailuresFound) -> None:
        nonlocal total
        found.extend(part.failures)
        total = part.total
        tell("Reading the ends of logs", part.done, part.total)

    def is_enough() -> bool:
        return is_cancelled() or len(found) >= MOST_FAILURES

    try:
        gateway.failures(FailuresQuery(about=about), more, is_enough)
    except Interrupted:
        if is_cancelled() or len(found) < MOST_FAILURES:
            raise
    return found[:MOST_FAILURES], total


@contextmanager
def task_instances(
    gateway: Gateway, outcome: Outcome, *, tell: Tell, is_cancelled: IsCancelled = never
) -> Generator[tuple[str, Iterator[Pair]], None, None]:
    """The conf of the backfill, JSON text or empty, and its dates, each read when it is asked for."""
    whole, rows = outcome.whole, outcome.rows
    query = InstancesQuery(
        dag_id=whole.facts.dag_id,
        run_ids=tuple(row.run_id for row in rows if row.run_id is not None),
        task_ids=tuple(column.task_id for column in whole.store.columns),
        backfill_id=whole.facts.backfill_id if isinstance(whole.facts, BackfillFacts) else None,
    )
    with gateway.instances(query) as found:
        head = next(found)

        def parts() -> Iterator[RunInstances]:
            done = 0
            for part in found:
                if is_cancelled():
                    raise Interrupted("The export was given up")
                yield from part.runs
                done += len(part.runs)
                tell("Writing the task instances", done, len(query.run_ids))

        def pairs() -> Iterator[Pair]:
            runs = whole_runs(parts())
            for row in rows:
                yield row, None if row.run_id is None else next(runs, None)

        yield head.conf, pairs()


def taken(started_at: Instant | None, ended_at: Instant | None) -> Microseconds | None:
    """How long it took; None of what has not begun or not ended."""
    if started_at is None or ended_at is None:
        return None
    return Microseconds(max(0, ended_at - started_at))


def second(instant: Instant, timezone: str) -> str:
    """A time in words, to the second."""
    return minute(Instant(instant - instant % SECOND), zone_named(timezone))
