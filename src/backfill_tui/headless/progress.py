"""How far something that is followed has come, as it is told: in a line, or drawn."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from backfill_tui.domain.grid import GridStore
from backfill_tui.domain.ids import RunId
from backfill_tui.domain.instants import SECOND, Instant
from backfill_tui.domain.progress import BackfillStatus, TaskProgress, task_progress
from backfill_tui.domain.states import CODES
from backfill_tui.domain.text import one_line
from backfill_tui.domain.throughput import Pace, pace_of
from backfill_tui.domain.watching import RunCounts, RunRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Where it stands in words, its runs and tasks counted, and how fast runs end as far as that is known.

    `title` names it, `said` is the sentence that goes with its status, `why` what keeps it waiting, and
    `remedy` what to do about that; the last two may be empty.
    """

    title: str
    status: BackfillStatus
    said: str
    counts: RunCounts
    why: str = ""
    remedy: str = ""
    tasks: TaskProgress = field(default_factory=TaskProgress)
    pace: Pace = field(default_factory=Pace)

    @property
    def status_words(self) -> str:
        """`done with failures`."""
        return str(self.status).replace("_", " ")

    @property
    def sentence(self) -> str:
        """All of it in one line: `Backfill 7 of sales: running, 4 of 4 slots`."""
        why = f", {self.why}" if self.why else ""
        remedy = f": {self.remedy}" if self.remedy else ""
        return one_line(f"{self.title}: {self.status_words}, {self.said}{why}{remedy}")


class Counter:
    """Counts the tasks and the pace of what is followed: of all rows of a store, or of some runs."""

    def __init__(self, store: GridStore, run_ids: frozenset[RunId] | None) -> None:
        self._store = store
        self._run_ids = run_ids
        self._paced_at = Instant(0)
        self._pace = Pace()

    def of(self, store: GridStore) -> Counter:
        """One that counts the same in another store."""
        return Counter(store, self._run_ids)

    @property
    def rows(self) -> list[RunRow]:
        """The rows that count."""
        return [row for row in self._store.rows if row is not None and self._is_meant(row)]

    def tasks(self) -> TaskProgress:
        """Their cells, counted."""
        if self._run_ids is None:
            return task_progress(self._store.task_counts())
        places = (at for at, row in enumerate(self._store.rows) if row is not None and self._is_meant(row))
        cells = b"".join(map(self._store.row_cells, places))
        return task_progress([cells.count(code) for code in range(len(CODES))])

    def pace(self, rows: Iterable[RunRow], counts: RunCounts, now: Instant, *, moves: bool) -> Pace:
        """How fast their runs end; once a second is often enough to go through all rows."""
        if not moves:
            return Pace()
        if not 0 <= now - self._paced_at < SECOND:
            self._paced_at = now
            self._pace = pace_of(rows, now, running=counts.running, left=counts.active)
        return self._pace

    def _is_meant(self, row: RunRow) -> bool:
        return self._run_ids is None or row.run_id in self._run_ids
