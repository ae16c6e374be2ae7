"""The command `journal`: what was done from here, from its file or through a bridge elsewhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Protocol

from backfill_tui.domain.ids import BackfillId, DagId
from backfill_tui.domain.instants import SECOND, Instant, to_datetime
from backfill_tui.domain.journal import JournalEntry, JournalPart, JournalQuery, Phase, whole_entries
from backfill_tui.domain.numbers import counted
from backfill_tui.domain.problems import Unreachable
from backfill_tui.domain.text import one_line
from backfill_tui.domain.undoing import UNDO_WORDS, past_deeds, undo_word
from backfill_tui.forms import encode
from backfill_tui.gateway.port import Gateway
from backfill_tui.headless.paper import Paper
from backfill_tui.headless.tables import Cell, Column, Table, Tone
from backfill_tui.headless.voice import Voice
from backfill_tui.wire.journal import entries_meant


class Source(Protocol):
    """A journal that can be read more than once."""

    @property
    def place(self) -> str:
        """Where it is kept, known once it was read."""
        ...

    def entries(self) -> Iterator[JournalEntry]:
        """All its entries without their marks, the oldest first; raises Unreachable when it can not."""
        ...


class JournalFile:
    """The journal of this machine, which may not exist yet."""

    def __init__(self, path: Path) -> None:
        self.place = str(path)
        self._path = path

    def entries(self) -> Iterator[JournalEntry]:
        """See `Source`."""
        try:
            yield from entries_meant(self._path, JournalQuery())
        except OSError as cause:
            raise Unreachable(
                f"The journal {one_line(self.place)} can not be read: {cause.strerror}",
                remedy="see to its rights",
            ) from cause


class JournalElsewhere:
    """The journal that is kept where a bridge runs."""

    def __init__(self, gateway: Gateway) -> None:
        self.place = ""
        self._gateway = gateway

    def entries(self) -> Iterator[JournalEntry]:
        """See `Source`."""
        with self._gateway.journal(JournalQuery()) as parts:
            yield from whole_entries(self._noted(parts))

    def _noted(self, parts: Iterator[JournalPart]) -> Iterator[JournalPart]:
        for part in parts:
            self.place = part.place
            yield part


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalRoom:
    """A journal, and who wants to see it."""

    source: Source
    voice: Voice
    paper: Paper
    as_json: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Which deeds are wanted: of a Dag, of a backfill or its runs, the last few; None for all."""

    dag_id: str | None = None
    backfill_id: int | None = None
    last: int | None = None


@dataclass(slots=True, kw_only=True)
class _Deed:
    """What all lines of one deed say together; of its runs only the counts are kept."""

    at: Instant
    deed: str
    dag_id: DagId
    user: str
    backfill_id: BackfillId | None = None
    phase: Phase = Phase.BEGUN
    note: str = ""
    problem: str = ""
    details: dict[str, str | int | bool | None] = field(default_factory=dict)
    runs: Counter[str] = field(default_factory=Counter)
    tasks: Counter[str] = field(default_factory=Counter)
    backfills: set[int] = field(default_factory=set)


def show_journal(room: JournalRoom, search: Search) -> int:
    """Show the deeds that are wanted, newest last; with `--json` their lines, an object each."""
    found = _Found()
    undoing = {number: undo_word(past) for number, past in past_deeds(found.of(room.source)).items()}
    deeds = _wanted(found.deeds, search)
    room.voice.say(f"The journal is {one_line(room.source.place)}, its times are UTC")
    if room.as_json:
        for entry in room.source.entries():
            if entry.number in deeds:
                room.paper.json_line({**encode.journal_entry(entry), "undo": undoing[entry.number]})
    elif deeds:
        rows = [_row(deed, undoing[number]) for number, deed in deeds.items()]
        room.paper.table(Table(columns=_COLUMNS, rows=rows))
    if not deeds:
        every = search == Search(last=search.last)
        room.voice.say(f"Nothing {'' if every else 'of the kind '}was done from here yet")
    return 0


_COLUMNS: Final = (
    Column(heading="When (UTC)"),
    Column(heading="Who"),
    Column(heading="Deed"),
    Column(heading="Dag"),
    Column(heading="Backfill", number=True),
    Column(heading="Undo"),
    Column(heading="Touched, as it was before", folds=True, least=20),
    Column(heading="Outcome", folds=True, least=20),
)


class _Found:
    """The deeds by number, in the order in which they began."""

    def __init__(self) -> None:
        self.deeds: dict[str, _Deed] = {}

    def of(self, source: Source) -> Iterator[JournalEntry]:
        """The outlines of its entries, while its deeds are taken in: of the runs only the counts are kept."""
        for entry in source.entries():
            deed = self.deeds.get(entry.number)
            if deed is None:
                deed = self.deeds[entry.number] = _Deed(
                    at=entry.at, deed=entry.deed, dag_id=entry.dag_id, user=entry.user
                )
            _take_in(deed, entry)
            yield replace(entry, runs=())


def _take_in(deed: _Deed, entry: JournalEntry) -> None:
    deed.phase, deed.problem = entry.phase, entry.problem
    deed.note = entry.note or deed.note
    deed.details |= entry.details
    if entry.backfill_id is not None:
        deed.backfill_id = entry.backfill_id
        deed.backfills.add(entry.backfill_id)
    for run in entry.runs:
        deed.runs[run.state] += 1
        deed.tasks.update(run.tasks)
        if run.backfill_id is not None:
            deed.backfills.add(run.backfill_id)


def _wanted(deeds: dict[str, _Deed], search: Search) -> dict[str, _Deed]:
    chosen = [
        (number, deed)
        for number, deed in deeds.items()
        if search.dag_id in {None, deed.dag_id}
        and (search.backfill_id is None or search.backfill_id in deed.backfills)
    ]
    return dict(chosen if search.last is None else chosen[-search.last :])


def _row(deed: _Deed, undo: str) -> tuple[Cell, ...]:
    backfills = [deed.backfill_id] if deed.backfill_id is not None else sorted(deed.backfills)
    return (
        Cell(to_datetime(Instant(deed.at - deed.at % SECOND)).strftime("%Y-%m-%d %H:%M:%S")),
        Cell(deed.user),
        Cell(deed.deed.replace("_", " ")),
        Cell(deed.dag_id),
        Cell(", ".join(map(str, backfills))),
        Cell(undo, Tone.FAINT if undo in UNDO_WORDS else Tone.PLAIN),
        Cell(_touched(deed)),
        _outcome(deed),
    )


def _touched(deed: _Deed) -> str:
    """`3 runs: 2 failed, 1 success; 9 task instances: 6 success, 3 failed`."""
    if not deed.runs:
        return ""
    words = f"{counted(deed.runs.total(), 'run')}: {_states(deed.runs)}"
    if not deed.tasks:
        return words
    return f"{words}; {counted(deed.tasks.total(), 'task instance')}: {_states(deed.tasks)}"


def _states(counts: Counter[str]) -> str:
    return ", ".join(f"{number:,} {state or 'none'}" for state, number in counts.most_common())


def _outcome(deed: _Deed) -> Cell:
    words = {Phase.BEGUN: "did not end", Phase.DONE: "done", Phase.UNDONE: "nothing of it is left"}[
        deed.phase
    ]
    tone = {Phase.BEGUN: Tone.ODD, Phase.DONE: Tone.PLAIN, Phase.UNDONE: Tone.FAINT}[deed.phase]
    more = [
        deed.problem,
        *(f"{number:,} {word}" for word, number in _numbers(deed)),
        str(deed.details.get("reason") or ""),
        f'note "{deed.note}"' if deed.note else "",
    ]
    return Cell(", ".join(filter(None, [words, *more])), tone)


def _numbers(deed: _Deed) -> Iterator[tuple[str, int]]:
    """What became of the dates of a launch; of one that did not end, how many runs were planned."""
    words = ("created", "reprocessed", "skipped") if deed.phase is Phase.DONE else ("planned",)
    for word in words:
        number = deed.details.get(word)
        if isinstance(number, int) and number:
            yield word, number
