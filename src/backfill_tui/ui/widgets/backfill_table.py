"""The backfills in lines: what has room of each, the status that its runs give it always."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timezone
from typing import Final

from rich.cells import cell_len
from rich.style import Style

from backfill_tui.domain.ids import BackfillId, DagId
from backfill_tui.domain.instants import minute, zone_named
from backfill_tui.domain.states import RunState
from backfill_tui.domain.watching import BackfillFacts, BackfillSummary
from backfill_tui.ui.glyphs import RUN_MARKS, STATUS_MARKS, Look, Mark
from backfill_tui.ui.listing import BackfillRow, percent_done, standing_of, took_words
from backfill_tui.ui.text import Part, fit, lit
from backfill_tui.ui.widgets.line_list import LineList
from backfill_tui.ui.widgets.progress_words import bar

_PLAIN: Final = Style()
_GAP: Final = "  "
_RANGE: Final = 22
_STATUS: Final = 25
_LEAST_DAG: Final = 14
_MOST_DAG: Final = 40
_RIVAL: Final = Mark("!", "another is active", "warning")


@dataclass(frozen=True, slots=True)
class _Extra:
    """A column that is there where it has room; the first of `_EXTRAS` has the first claim."""

    name: str
    width: int


_TOOK: Final = _Extra("Took", 9)
_CREATED: Final = _Extra("Created (UTC)", 16)
_WHO: Final = _Extra("Who", 12)
_PROGRESS: Final = _Extra("Progress", 20)
_EXTRAS: Final = (_TOOK, _CREATED, _WHO, _PROGRESS)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Widths:
    """The columns whose width depends on the screen and on what is in them."""

    number: int
    dag: int
    runs: int
    extras: tuple[_Extra, ...]


class BackfillTable(LineList):
    """One line a backfill; the cursor stays on its backfill while the list changes."""

    HELP = "Where a Dag has more than one active backfill, each of them has a ! before its name."

    def __init__(self) -> None:
        super().__init__(id="backfills")
        self._rows: tuple[BackfillRow, ...] = ()
        self._needs = _needs_of(())
        self._wanted = ""

    @property
    def row_count(self) -> int:
        """How many backfills there are."""
        return len(self._rows)

    @property
    def current(self) -> BackfillRow | None:
        """The row under the cursor."""
        return self._rows[self.cursor] if self._rows else None

    def show(
        self, rows: tuple[BackfillRow, ...], wanted: str = "", among: tuple[BackfillRow, ...] | None = None
    ) -> None:
        """Take over what was read; only lines that changed are drawn again.

        The letters that are wanted stand out, and the first of the rows that fit other ones has the cursor.
        The columns are as wide as the rows `among` which they were found need: they do not move at each
        letter of a filter.
        """
        before, self._rows = self._rows, rows
        looked_for, self._wanted = self._wanted, wanted
        needed, self._needs = self._needs, _needs_of(rows if among is None else among)
        numbers = [_number(row) for row in rows]
        same = wanted == looked_for and needed == self._needs
        if same and numbers == [_number(row) for row in before]:
            for at, (was, now) in enumerate(zip(before, rows, strict=True)):
                if _looks(was) != _looks(now):
                    self.refresh_row(at)
            return
        under = _number(before[self.cursor]) if before else None
        self.reload()
        if wanted.strip() and wanted != looked_for:
            self.cursor = 0
        elif under in numbers:
            self.cursor = numbers.index(under)

    def go_to_dag(self, dag_id: DagId) -> None:
        """Put the cursor on the newest backfill of a Dag, if it has one."""
        dags = [row.summary.facts.dag_id for row in self._rows]
        if dag_id in dags:
            self.cursor = dags.index(dag_id)

    def draw_header(self, width: int) -> str:
        """The names of the columns."""
        at = self._widths(width)
        words = f"{'#':>{at.number}}   {fit('Dag', at.dag)}  {fit('Range', _RANGE)}  {fit('Status', _STATUS)}"
        words += f"  {'Runs':>{at.runs}}"
        return words + "".join(
            _GAP + fit(extra.name, extra.width, right=extra is _TOOK) for extra in at.extras
        )

    def draw_row(self, row: int, width: int, look: Look) -> list[Part]:
        """One backfill."""
        item = self._rows[row]
        summary = item.summary
        facts = summary.facts
        at = self._widths(width)
        parts: list[Part] = [
            (f"{facts.backfill_id:>{at.number}} ", look.muted),
            (f"{look.sign(_RIVAL) if item.rivals else ' '} ", look.warning),
            *lit(facts.dag_id, at.dag, self._wanted, _PLAIN, look.match),
            (_GAP, _PLAIN),
            (f"{fit(range_words(facts), _RANGE)}  ", look.muted),
            *_status_parts(item, look),
            (f"  {runs_words(summary):>{at.runs}}", _PLAIN),
        ]
        for extra in at.extras:
            parts.append((_GAP, _PLAIN))
            parts += _extra_parts(extra, summary, look)
        return parts

    def _widths(self, width: int) -> _Widths:
        number, name, runs = self._needs
        number, runs = max(2, number), max(len("Runs"), runs)
        room = width - (number + 3 + 2 + _RANGE + 2 + _STATUS + 2 + runs + 1)
        wanted = max(_LEAST_DAG, min(name, _MOST_DAG))
        extras = []
        for extra in _EXTRAS:
            if room - wanted < extra.width + len(_GAP):
                break
            extras.append(extra)
            room -= extra.width + len(_GAP)
        return _Widths(
            number=number, dag=max(8, min(room, _MOST_DAG) if extras else room), runs=runs,
            extras=tuple(extras),
        )  # fmt: skip


def _needs_of(rows: tuple[BackfillRow, ...]) -> tuple[int, int, int]:
    """How many cells the number, the name and the runs would fill."""
    return (
        max((len(str(_number(row))) for row in rows), default=1),
        max((cell_len(row.summary.facts.dag_id) for row in rows), default=0),
        max((len(runs_words(row.summary)) for row in rows), default=0),
    )


def range_words(facts: BackfillFacts) -> str:
    """`2024-01-01..2024-03-31` in the Dag's timezone; days only, the lines below the list have the rest."""
    zone = zone_named(facts.timezone)
    first, last = (minute(bound, zone)[:10] for bound in (facts.from_date, facts.to_date))
    return first if first == last else f"{first}..{last}"


def runs_words(summary: BackfillSummary) -> str:
    """`51/83`: the runs that ended of those that it has."""
    return f"{summary.counts.finished:,}/{summary.counts.included:,}"


def _number(row: BackfillRow) -> BackfillId:
    return row.summary.facts.backfill_id


def _looks(row: BackfillRow) -> tuple[object, ...]:
    """What a line is drawn from."""
    summary = row.summary
    return summary.facts, summary.counts, row.rivals, standing_of(summary), took_words(summary)


def _status_parts(row: BackfillRow, look: Look) -> list[Part]:
    summary = row.summary
    standing = standing_of(summary)
    mark = STATUS_MARKS[standing.status]
    words = f"{look.sign(mark)} {mark.word}"
    if not standing.status.finished:
        words += f" {percent_done(summary)} %"
    counts = summary.counts
    told = [f"{counts.failed:,} failed"] if counts.failed else []
    told += [f"{counts.cancelled:,} never ran"] if counts.cancelled else []
    style = look.style(RUN_MARKS[RunState.FAILED]) if counts.failed else look.muted
    if not told and row.rivals:
        told, style = [f"{len(row.rivals)} active"], look.warning
    words = fit(words, min(len(words), _STATUS - 2))
    room = _STATUS - len(words) - 2
    # Half a number would be a wrong one; the lines below the list have all of them.
    rest = fit(", ".join(told) if len(", ".join(told)) <= room else "".join(told[:1]), room)
    return [(f"{words}  ", look.style(mark) + Style(bold=True)), (rest, style)]


def _extra_parts(extra: _Extra, summary: BackfillSummary, look: Look) -> list[Part]:
    facts = summary.facts
    if extra is _TOOK:
        return [(fit(took_words(summary), extra.width, right=True), look.muted)]
    if extra is _CREATED:
        # The Dags of a list have clocks of their own, and this column is read from line to line.
        when = minute(facts.created_at, timezone.utc)
        return [(fit(when[: extra.width], extra.width), look.muted)]
    if extra is _WHO:
        return [(fit(facts.triggering_user or "", extra.width), look.muted)]
    cells = bar(summary.counts, extra.width)
    return [(look.sign(mark) * number, look.style(mark)) for mark, number in cells]
