"""The list of Dags: one line each, with what is wrong and what is running."""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len
from rich.style import Style

from backfill_tui.domain.dags import DagSummary
from backfill_tui.domain.instants import minute, zone_named
from backfill_tui.domain.states import RunState
from backfill_tui.ui.glyphs import BROKEN_MARK, PAUSED_MARK, RUN_MARKS, STATUS_MARKS, Look
from backfill_tui.ui.listing import Row, percent_done, standing_of
from backfill_tui.ui.text import Part, fit, lit
from backfill_tui.ui.widgets.line_list import LineList

_RUNS = 16
_BACKFILL = 12
_LEAST_NAME = 3
_LEAST_SCHEDULE = 8
_LEAST_RUNS = 9
_LEAST_BACKFILL = 8
"""As wide as their names."""
_SCHEDULE = 34
_NEXT_RUN = 16
_ROOMY = 110
"""From this width on the next run has a column; names keep more than 30 cells."""
_PLAIN = Style()
_BROKEN = "does not import: "
_FAILED = RUN_MARKS[RunState.FAILED]


class DagTable(LineList):
    """Rows are kept by key: what did not change is not drawn again, and the cursor stays on its Dag."""

    HELP = (
        "A line is a Dag with its last runs, the newest to the right, and its active backfill. Two bars "
        "stand before a Dag that is paused, a ! before a file that does not import."
    )

    def __init__(self) -> None:
        super().__init__(id="dags")
        self._rows: list[Row] = []
        self._needs = _needs_of([])
        self._wanted = ""

    @property
    def row_count(self) -> int:
        """How many rows there are."""
        return len(self._rows)

    @property
    def current(self) -> Row | None:
        """The row under the cursor."""
        return self._rows[self.cursor] if self._rows else None

    @property
    def in_view(self) -> list[Row]:
        """The rows that are seen."""
        top = self.scroll_offset.y
        return self._rows[top : top + self.size.height]

    def show(self, rows: list[Row], wanted: str = "", among: list[Row] | None = None) -> None:
        """Take over new rows; the letters that are wanted stand out in their names.

        The columns are as wide as the rows `among` which they were found need: they do not move at each
        letter of a filter.
        """
        looked_for, self._wanted = self._wanted, wanted
        old, self._rows = self._rows, rows
        before, self._needs = self._needs, _needs_of(rows if among is None else among)
        if (
            rows
            and wanted == looked_for
            and before == self._needs
            and [row.key for row in old] == [row.key for row in rows]
        ):
            for at, (was, now) in enumerate(zip(old, rows, strict=True)):
                if was != now:
                    self.refresh_row(at)
            return
        key = old[self.cursor].key if old else ""
        self.reload()
        if wanted.strip() and wanted != looked_for:
            # The first is the one that fits best.
            self.cursor = 0
        else:
            self.go_to(key)

    def go_to(self, key: str) -> None:
        """Put the cursor on a row, if it is there."""
        for at, row in enumerate(self._rows):
            if row.key == key:
                self.cursor = at

    def draw_header(self, width: int) -> str:
        """The names of the columns."""
        at = _widths(width, self._needs)
        words = f"   {fit('Dag', at.name)}  {fit('Schedule', at.schedule)}  {fit('Last runs', at.runs)}  "
        return words + fit("Backfill", at.backfill) + (f"  {fit('Next run', at.extra)}" if at.extra else "")

    def draw_row(self, row: int, width: int, look: Look) -> list[Part]:
        """A Dag, or a file that does not import."""
        item = self._rows[row]
        widths = _widths(width, self._needs)
        if item.dag is None:
            return _broken(
                item, width, lit(item.name, widths.name, self._wanted, look.text, look.match), look
            )
        plain = look.text if item.dag.backfillable else look.muted
        return _dag(
            item, item.dag, widths, lit(item.name, widths.name, self._wanted, plain, look.match), look
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Widths:
    """Cells of each column; `extra` is that of the next run, 0 where it has none."""

    name: int
    schedule: int
    runs: int
    backfill: int
    extra: int = 0


def _needs_of(rows: list[Row]) -> _Widths:
    """How many cells each column would fill."""
    dags = [row.dag for row in rows if row.dag is not None]
    return _Widths(
        name=max([_LEAST_NAME, *(_cells(row.name) for row in rows)]),
        schedule=max([_LEAST_SCHEDULE, *map(_cells, {dag.schedule for dag in dags})]),
        runs=max([_LEAST_RUNS, *(min(_RUNS, len(dag.recent_runs)) for dag in dags)]),
        backfill=_BACKFILL if any(row.active is not None for row in rows) else _LEAST_BACKFILL,
    )


def _part_cells(part: Part) -> int:
    return _cells(part[0])


def _cells(text: str) -> int:
    return len(text) if text.isascii() else cell_len(text)


def _widths(width: int, needs: _Widths) -> _Widths:
    """The columns as they have room; a schedule that would be cut takes what the others do not fill."""
    extra = _NEXT_RUN if width >= _ROOMY else 0
    rest = width - 3 - 2 - _RUNS - 2 - _BACKFILL - 2 - (extra + 2 if extra else 0) - 1
    name = max(rest - _SCHEDULE, min(needs.name, rest * 3 // 5))
    missing = max(0, needs.schedule - (rest - name))
    of_name = min(missing, max(0, name - needs.name))
    of_backfill = min(missing - of_name, _BACKFILL - needs.backfill)
    of_runs = min(missing - of_name - of_backfill, _RUNS - needs.runs)
    return _Widths(
        name=name - of_name,
        schedule=rest - name + of_name + of_backfill + of_runs,
        runs=_RUNS - of_runs,
        backfill=_BACKFILL - of_backfill,
        extra=extra,
    )


def _broken(item: Row, width: int, name: list[Part], look: Look) -> list[Part]:
    sentence = item.problem.sentence if item.problem else ""
    return [
        (f" {look.sign(BROKEN_MARK)} ", look.error),
        *name,
        ("  ", _PLAIN),
        (_BROKEN, look.error),
        (fit(sentence, width - sum(map(_part_cells, name)) - 6 - len(_BROKEN)), look.muted),
    ]


def _dag(item: Row, dag: DagSummary, widths: _Widths, name: list[Part], look: Look) -> list[Part]:
    sign = (f" {look.sign(PAUSED_MARK)} ", look.style(PAUSED_MARK)) if dag.is_paused else ("   ", _PLAIN)
    parts: list[Part] = [
        sign,
        *name,
        ("  ", _PLAIN),
        (fit(dag.schedule, widths.schedule), look.muted),
        ("  ", _PLAIN),
    ]
    recent = dag.recent_runs[-widths.runs :]
    parts += [(look.sign(RUN_MARKS[run.state]), look.style(RUN_MARKS[run.state])) for run in recent]
    parts.append((" " * (widths.runs - len(recent) + 2), _PLAIN))
    parts += _active(item, dag, widths.backfill, look)
    if widths.extra and dag.next_run is not None:
        parts.append((f"  {minute(dag.next_run, zone_named(dag.clock))}", look.muted))
    return parts


def _active(item: Row, dag: DagSummary, width: int, look: Look) -> list[Part]:
    if item.active is None:
        words = "" if dag.backfillable else "–"
        return [(fit(words, width), look.muted)]
    mark = STATUS_MARKS[standing_of(item.active).status]
    progress = f"{look.sign(mark)} {percent_done(item.active)} %"
    failed, room = item.active.counts.failed, width - len(progress)
    trouble = f" {failed:,} {look.sign(_FAILED)}" if failed else ""
    if len(trouble) > room:
        # Half a number would be a wrong one.
        trouble = f" {look.sign(_FAILED)}"
    return [(progress, look.style(mark)), (trouble.ljust(room), look.error)]
