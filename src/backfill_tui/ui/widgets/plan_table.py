"""The dates of a plan, each with its verdict and the reason; only the rows that are seen are formatted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.style import Style
from textual.binding import BindingType

from backfill_tui.domain.instants import minute, zone_named
from backfill_tui.domain.planning import BackfillPlan
from backfill_tui.ui.command import bindings
from backfill_tui.ui.commands import DATES, shown_key
from backfill_tui.ui.glyphs import VERDICT_MARKS, Look
from backfill_tui.ui.plan_values import date_words
from backfill_tui.ui.text import Part, fit
from backfill_tui.ui.widgets.line_list import LineList

_NO_DATE = ("No date of the schedule lies in this range",)
_NUMBER = 7
_DATE = 20
_VERDICT = 11
_PLAIN = Style()
_WIDE = 130
_RUN_AFTER = 16


class PlanTable(LineList):
    """Shows one plan; a stale one is drawn muted until the next is there."""

    DEFAULT_CSS = """
    PlanTable.-stale { color: $muted; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(DATES)]

    def __init__(self) -> None:
        super().__init__(id="dates")
        self._plan: BackfillPlan | None = None
        self._only = ""
        self._shown: Sequence[int] = ()

    @property
    def row_count(self) -> int:
        """How many dates there are."""
        return len(self._shown)

    def show(self, plan: BackfillPlan | None) -> None:
        """Take over another plan; the cursor goes to its first date when the dates are others."""
        old, self._plan = self._plan, plan
        self._choose()
        if old is None or plan is None or old.request.from_date != plan.request.from_date:
            self.cursor = 0
        self.reload()

    def action_only(self, word: str) -> None:
        """Show only the dates whose verdict has that word; all of them for none."""
        self._only = word
        self._choose()
        self.reload()

    def _choose(self) -> None:
        runs = self._plan.runs if self._plan else ()
        self._shown = range(len(runs))
        if self._only:
            self._shown = [place for place, run in enumerate(runs) if run.verdict.label == self._only]
        self.empty = (f"No date has the verdict {self._only}",) if self._only else _NO_DATE
        if self._plan is None:
            self.empty = ()

    def draw_header(self, width: int) -> str:
        """The names of the columns."""
        words = f"{fit('#', _NUMBER, right=True)}  {fit('Logical date', _DATE)}  {fit('Verdict', _VERDICT)}"
        why = f"Why (only {self._only}, {shown_key('dates.all')} shows all)" if self._only else "Why"
        return words + (f"  {fit('Run after', _RUN_AFTER)}" if width >= _WIDE else "") + f"  {why}"

    def draw_row(self, row: int, width: int, look: Look) -> list[Part]:
        """One date."""
        plan = self._plan
        if plan is None:
            return []
        run = plan.runs[self._shown[row]]
        mark = VERDICT_MARKS[run.verdict]
        stale = self.has_class("-stale")
        plain = look.muted if stale else look.text
        number = "-" if run.ordinal is None else f"{run.ordinal:,}"
        parts: list[Part] = [
            (fit(number, _NUMBER, right=True), look.muted),
            ("  ", _PLAIN),
            (
                fit(date_words(run.occurrence, plan.timezone), _DATE),
                plain if run.verdict.runs else look.muted,
            ),
            ("  ", _PLAIN),
            (fit(f"{look.sign(mark)} {mark.word}", _VERDICT), look.muted if stale else look.style(mark)),
        ]
        room = width - _NUMBER - _DATE - _VERDICT - 6
        if width >= _WIDE:
            after = minute(run.occurrence.run_after, zone_named(plan.timezone))
            parts.append((f"  {fit(after, _RUN_AFTER)}", look.muted))
            room -= _RUN_AFTER + 2
        return [*parts, (f"  {fit(run.reason, room)}", look.muted)]
