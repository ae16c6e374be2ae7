"""The list of Dags: one line each, with what is wrong and what is running."""

from __future__ import annotations

from rich.cells import cell_len
from rich.style import Style

from backfill_tui.domain.dags import DagSummary
from backfill_tui.domain.instants import minute, zone_named
from backfill_tui.domain.states import RunState
from backfill_tui.ui.glyphs import BROKEN_MARK, PAUSED_MARK, RUN_MARKS, STATUS_MARKS, Look
from backfill_tui.ui.listing import Row, percent_done, standing_of
from backfill_tui.ui.text import Part, fit
from backfill_tui.ui.widgets.line_list import LineList

_RUNS = 16
_BACKFILL = 12
_SCHEDULE = 34
_NEXT_RUN = 16
_ROOMY = 110
"""From this width on the next run has a column; names keep more than 30 cells."""
_PLAIN = Style()
_BROKEN = "does not import: "
_FAILED = RUN_MARKS[RunState.FAILED]


class DagTable(LineList):
    """Rows are kept by key: what did not change is not drawn again, and the cursor stays on its Dag."""

    def __init__(self) -> None:
        super().__init__(id="dags")
        self._rows: list[Row] = []
        self._longest = 0

    @property
    def row_count(self) -> int:
        """How many rows there are."""
        return len(self._rows)

    @property
    def current(self) -> Row | None:
        """The row under the cursor."""
        return self._rows[self.cursor] if self._rows else None

    def show(self, rows: list[Row]) -> None:
        """Take over new rows."""
        old, self._rows = self._rows, rows
        self._longest = max((cell_len(row.name) for row in rows), default=0)
        if rows and [row.key for row in old] == [row.key for row in rows]:
            for at, (was, now) in enumerate(zip(old, rows, strict=True)):
                if was != now:
                    self.refresh_row(at)
            return
        key = old[self.cursor].key if old else ""
        self.reload()
        self.go_to(key)

    def go_to(self, key: str) -> None:
        """Put the cursor on a row, if it is there."""
        for at, row in enumerate(self._rows):
            if row.key == key:
                self.cursor = at

    def draw_header(self, width: int) -> str:
        """The names of the columns."""
        name, schedule, extra = _widths(width, self._longest)
        words = f"   {fit('Dag', name)}  {fit('Schedule', schedule)}  {fit('Last runs', _RUNS)}  "
        return words + fit("Backfill", _BACKFILL) + (f"  {fit('Next run', extra)}" if extra else "")

    def draw_row(self, row: int, width: int, look: Look) -> list[Part]:
        """A Dag, or a file that does not import."""
        item = self._rows[row]
        if item.dag is None:
            return _broken(item, width, _widths(width, self._longest)[0], look)
        return _dag(item, item.dag, _widths(width, self._longest), look)


def _widths(width: int, longest: int) -> tuple[int, int, int]:
    """Cells for the name, the schedule and the next run (0: no room for it)."""
    extra = _NEXT_RUN if width >= _ROOMY else 0
    rest = width - 3 - 2 - _RUNS - 2 - _BACKFILL - 2 - (extra + 2 if extra else 0) - 1
    name = max(rest - _SCHEDULE, min(longest, rest * 3 // 5))
    return name, rest - name, extra


def _broken(item: Row, width: int, name: int, look: Look) -> list[Part]:
    sentence = item.problem.sentence if item.problem else ""
    return [
        (f" {look.sign(BROKEN_MARK)} ", look.error),
        (fit(item.name, name), look.text),
        ("  ", _PLAIN),
        (_BROKEN, look.error),
        (fit(sentence, width - name - 6 - len(_BROKEN)), look.muted),
    ]


def _dag(item: Row, dag: DagSummary, widths: tuple[int, int, int], look: Look) -> list[Part]:
    name, schedule, extra = widths
    sign = (f" {look.sign(PAUSED_MARK)} ", look.style(PAUSED_MARK)) if dag.is_paused else ("   ", _PLAIN)
    parts: list[Part] = [
        sign,
        (fit(dag.dag_id, name), look.text if dag.backfillable else look.muted),
        ("  ", _PLAIN),
        (fit(dag.schedule, schedule), look.muted),
        ("  ", _PLAIN),
    ]
    recent = dag.recent_runs[-_RUNS:]
    parts += [(look.sign(RUN_MARKS[run.state]), look.style(RUN_MARKS[run.state])) for run in recent]
    parts.append((" " * (_RUNS - len(recent) + 2), _PLAIN))
    parts += _active(item, dag, look)
    if extra and dag.next_run is not None:
        parts.append((f"  {minute(dag.next_run, zone_named(dag.timezone))}", look.muted))
    return parts


def _active(item: Row, dag: DagSummary, look: Look) -> list[Part]:
    if item.active is None:
        words = "" if dag.backfillable else "–"
        return [(fit(words, _BACKFILL), look.muted)]
    mark = STATUS_MARKS[standing_of(item.active).status]
    progress = f"{look.sign(mark)} {percent_done(item.active)} %"
    failed = item.active.counts.failed
    trouble = f" {failed} {look.sign(_FAILED)}" if failed else ""
    return [
        (progress, look.style(mark)),
        (fit(trouble, _BACKFILL - len(progress)), look.error),
    ]
