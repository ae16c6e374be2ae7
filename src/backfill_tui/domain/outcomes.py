"""What becomes of the dates of a plan: a small table of outcomes, and for each date its place in that table.

However many dates a plan has, the outcomes that differ are few: no run, a scheduled one that succeeded, one
that failed with two of five tasks done. So what is said of a date is made from both only where it is seen.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Final

from backfill_tui.domain.enums import StrEnum
from backfill_tui.domain.ids import BackfillId
from backfill_tui.domain.instants import Instant
from backfill_tui.domain.plan_dates import DateColumns
from backfill_tui.domain.states import RunState, TaskState

_KIND: Final = "i"
_FIT_IN_A_BYTE: Final = 256


class Verdict(StrEnum):
    """What becomes of one date."""

    CREATE = "create"
    REPROCESS = "reprocess"
    SKIP_EXISTS = "skip_exists"
    SKIP_IN_FLIGHT = "skip_in_flight"
    NOT_YET = "not_yet"

    @property
    def runs(self) -> bool:
        """Whether a run comes of it."""
        return self in {Verdict.CREATE, Verdict.REPROCESS}

    @property
    def label(self) -> str:
        """The word the screen shows."""
        return {
            "create": "create",
            "reprocess": "reprocess",
            "skip_exists": "skip",
            "skip_in_flight": "skip",
            "not_yet": "not yet",
        }[self.value]


class Clash(StrEnum):
    """Why Airflow creates no run although none exists for the date; it then notes "in flight"."""

    NONE = ""
    SAME_DATE = "same_date"
    """An earlier entry of the same backfill makes a run of that very date."""
    RUN_ID_TAKEN = "run_id_taken"
    """The run id, which comes from run after alone, belongs to a run of another date."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExistingRun:
    """The run that Airflow would find for a date: the latest by start date.

    `backfill_id` is the backfill that owns it now, and `backfill_cancelled` whether that one was cancelled.
    `task_counts` are read only of runs that the request would take again.
    """

    state: RunState
    run_type: str
    triggering_user: str | None = None
    backfill_id: BackfillId | None = None
    backfill_cancelled: bool = False
    task_counts: tuple[tuple[TaskState, int], ...] = ()

    def count_of(self, *states: TaskState) -> int:
        """How many of its task instances are in one of the states."""
        return sum(count for state, count in self.task_counts if state in states)

    @property
    def task_total(self) -> int:
        """How many task instances it has."""
        return sum(count for _, count in self.task_counts)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExistingRuns:
    """The runs in a range of dates: the kinds that differ, and by the place of a date the kind of its run.

    `ids_taken` are the places of dates whose run id another date's run has.
    """

    kinds: tuple[ExistingRun, ...] = ()
    kind_at: Mapping[int, int]
    ids_taken: frozenset[int] = frozenset()


def runs_at(dates: DateColumns, runs: Mapping[Instant, ExistingRun]) -> ExistingRuns:
    """The runs of some dates, given by what a run is found by; those of other dates are left out."""
    numbers: dict[ExistingRun, int] = {}
    kind_at = {
        place: numbers.setdefault(run, len(numbers))
        for place, date in enumerate(dates.dates)
        if (run := runs.get(Instant(date))) is not None
    }
    return ExistingRuns(kinds=tuple(numbers), kind_at=kind_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A verdict and what it rests on."""

    verdict: Verdict
    existing: ExistingRun | None = None
    clash: Clash = Clash.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedDates:
    """Every date with its outcome, in the timetable's order, those not yet due last.

    `outcome_of` has for each date a place in `outcomes`: one byte, or four where there are more than 256
    outcomes. `tally` counts the dates of each. The first `due` dates are those Airflow takes up.
    """

    dates: DateColumns
    outcomes: tuple[Outcome, ...]
    outcome_of: bytes
    tally: tuple[int, ...]
    due: int

    def __len__(self) -> int:
        return len(self.dates)

    @property
    def places(self) -> Sequence[int]:
        """For each date the place of its outcome."""
        return self.outcome_of if self._fits_in_bytes else memoryview(self.outcome_of).cast(_KIND)

    @property
    def _fits_in_bytes(self) -> bool:
        return len(self.outcomes) <= _FIT_IN_A_BYTE

    def outcome(self, place: int) -> Outcome:
        """What becomes of one date."""
        return self.outcomes[self.places[place]]

    def count(self, *verdicts: Verdict) -> int:
        """How many dates have one of the verdicts."""
        pairs = zip(self.outcomes, self.tally, strict=True)
        return sum(number for outcome, number in pairs if outcome.verdict in verdicts)

    def where(self, *verdicts: Verdict) -> list[int]:
        """The places of the dates that have one of the verdicts, in the timetable's order."""
        wanted = bytes(outcome.verdict in verdicts for outcome in self.outcomes)
        return list(compress(range(len(self)), self.mapped(wanted)))

    def mapped(self, codes: bytes) -> bytes:
        """For each date the byte that `codes` has for its outcome."""
        if self._fits_in_bytes:
            return self.outcome_of.translate(codes.ljust(_FIT_IN_A_BYTE, b"\0"))
        return bytes([codes[number] for number in self.places])


class OutcomeTable:
    """Gives each outcome that differs a number, and each date the number of its own."""

    def __init__(self, size: int) -> None:
        self._numbers: dict[Outcome, int] = {}
        self.outcome_of = array(_KIND, bytes(4 * size))

    @property
    def numbered(self) -> tuple[Outcome, ...]:
        """The outcomes by their numbers."""
        return tuple(self._numbers)

    def number(self, outcome: Outcome) -> int:
        """The number of an outcome, a new one for one that was not there before."""
        return self._numbers.setdefault(outcome, len(self._numbers))

    def fill(self, start: int, stop: int, outcome: Outcome) -> None:
        """Give the dates from `start` up to `stop` one outcome."""
        self.outcome_of[start:stop] = array(_KIND, [self.number(outcome)]) * (stop - start)

    def judged(self, dates: DateColumns, due: int) -> JudgedDates:
        """The dates with what was said of them."""
        counted = Counter(self.outcome_of)
        numbers = self.outcome_of
        fits = len(self._numbers) <= _FIT_IN_A_BYTE
        return JudgedDates(
            dates=dates,
            outcomes=self.numbered,
            outcome_of=bytes(numbers.tolist()) if fits else numbers.tobytes(),
            tally=tuple(counted[number] for number in range(len(self._numbers))),
            due=due,
        )
