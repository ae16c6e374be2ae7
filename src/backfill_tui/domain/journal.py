"""What was done from here, to which runs, and how they were before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from backfill_tui.domain.enums import StrEnum
from backfill_tui.domain.ids import BackfillId, DagId, RunId, TaskId
from backfill_tui.domain.instants import Instant


class Phase(StrEnum):
    """How far a deed has come."""

    BEGUN = "begun"
    """About to be done: written before anything is, so that a crash in the middle leaves a trace."""
    DONE = "done"
    UNDONE = "undone"
    """It failed or was taken back; nothing of it is left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunBefore:
    """A run that a deed touches, as it was before; `tasks` are its task instances counted by state."""

    run_id: RunId
    state: str
    logical_date: Instant | None = None
    partition_key: str | None = None
    backfill_id: BackfillId | None = None
    tasks: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskMark:
    """A task instance that was marked: its id then, and all that the mark has overwritten.

    Airflow gives it another id once it is cleared or tried again. `was` is None for no state.
    """

    id: str
    task_id: TaskId
    map_index: int
    was: str | None
    became: str
    started_at: Instant | None = None
    ended_at: Instant | None = None
    duration: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunMark:
    """A run that was marked, and its task instances that were; `became` is None where its state stayed."""

    run_id: RunId
    was: str
    became: str | None
    clear_number: int
    tasks: tuple[TaskMark, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalEntry:
    """One line of the journal.

    `deed` is `launch`, `rerun`, `mark_success`, `mark_failed`, `undo`, `pause_dag`, `unpause_dag` or a
    `control.Deed`. The lines of one deed share its `number`, a random word. `runs` are the runs it touches,
    in its first line only, as are `marks`, which are what its undoing needs. `details` are plain words and
    numbers, never a conf: that may hold secrets, so only its keys are kept. `note` is the user's.
    `left_out` says that the line has marks which were not read.
    """

    at: Instant
    number: str
    phase: Phase
    deed: str
    user: str
    where: str
    dag_id: DagId
    backfill_id: BackfillId | None = None
    note: str = ""
    runs: tuple[RunBefore, ...] = ()
    marks: tuple[RunMark, ...] = ()
    details: dict[str, str | int | bool | None] = field(default_factory=dict)
    problem: str = ""
    left_out: bool = False

    @property
    def has_marks(self) -> bool:
        """Whether its line has any marks."""
        return self.left_out or bool(self.marks)


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalQuery:
    """Which entries of a journal are wanted: of one Dag, only those of `rerun --max-attempts`; else all."""

    dag_id: DagId | None = None
    attempts_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalPart:
    """Some entries of a journal, the oldest first, without their marks; `place` says where it is kept.

    Of an entry with very many runs the last one of a part has only some: it `goes_on` with the first entry of
    the next part, which is the same one with more of its runs.
    """

    place: str
    entries: tuple[JournalEntry, ...] = ()
    goes_on: bool = False


def is_attempt(entry: JournalEntry) -> bool:
    """Whether it is of a rerun that counts its attempts, as `rerun --max-attempts` does."""
    return entry.deed == "rerun" and bool(entry.details.get("attempt"))


RUNS_OF_A_PART: Final = 2_000
"""The most runs of all entries of a part together, about 300 kB of them."""
_ENTRIES_OF_A_PART: Final = 500


def in_parts(place: str, entries: Iterable[JournalEntry]) -> Iterator[JournalPart]:
    """The entries in parts of a bounded size; one part at least, which is empty where there are none."""
    held: list[JournalEntry] = []
    room = RUNS_OF_A_PART
    first = True
    for entry in entries:
        rest = entry
        while len(rest.runs) > room:
            held.append(replace(rest, runs=rest.runs[:room]))
            yield JournalPart(place=place, entries=tuple(held), goes_on=True)
            rest, held, room, first = replace(rest, runs=rest.runs[room:]), [], RUNS_OF_A_PART, False
        held.append(rest)
        room -= len(rest.runs)
        if len(held) >= _ENTRIES_OF_A_PART:
            yield JournalPart(place=place, entries=tuple(held))
            held, room, first = [], RUNS_OF_A_PART, False
    if held or first:
        yield JournalPart(place=place, entries=tuple(held))


def whole_entries(parts: Iterable[JournalPart]) -> Iterator[JournalEntry]:
    """The entries of parts, each with all its runs."""
    begun: JournalEntry | None = None
    for part in parts:
        for number, entry in enumerate(part.entries, 1):
            whole = entry if begun is None else replace(begun, runs=begun.runs + entry.runs)
            begun = whole if part.goes_on and number == len(part.entries) else None
            if begun is None:
                yield whole
