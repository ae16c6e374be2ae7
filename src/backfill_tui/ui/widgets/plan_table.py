"""The dates of a plan, each with its verdict and the reason; only the rows that are seen are formatted."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import ClassVar, Final

from rich.style import Style
from textual.binding import BindingType

from backfill_tui.domain.instants import minute, zone_named
from backfill_tui.domain.outcomes import Verdict
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
_ONLY: Final = {
    "create": (Verdict.CREATE,),
    "reprocess": (Verdict.REPROCESS,),
    "skip": (Verdict.SKIP_EXISTS, Verdict.SKIP_IN_FLIGHT),
    "not yet": (Verdict.NOT_YET,),
    "what runs": (Verdict.CREATE, Verdict.REPROCESS),
}
"""The verdicts that each filter leaves."""
_WIDE = 130
_RUN_AFTER = 16


class PlanTable(LineList):
    """Shows one plan; one that is stale or not complete is drawn muted until the next is there."""

    HELP = "The dates in the order in which they would run, each with its verdict and the reason for it."

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

    @property
    def only(self) -> str:
        """The filter, empty when all dates are shown."""
        return self._only

    @property
    def place(self) -> int | None:
        """Where the date under the cursor stands in the plan's columns."""
        return self._plan.place(self._shown[self.cursor]) if self._plan and self._shown else None

    def go_to(self, place: int) -> None:
        """Put the cursor on a date, or where it would stand if the filter did not hide it."""
        if self._plan is not None and self._shown:
            self.cursor = bisect_left(self._shown, self._plan.place(place))

    def action_only(self, word: str) -> None:
        """Show only the dates whose verdict has that word; all of them for none."""
        place = self.place
        self._only = word
        self._choose()
        self.reload()
        if place is not None:
            self.go_to(place)

    def _choose(self) -> None:
        plan = self._plan
        self._shown = range(len(plan.judged) if plan else 0)
        if plan is not None and self._only:
            places = plan.judged.where(*_ONLY[self._only])
            # A plan that runs backwards has its dates in another order than its columns.
            self._shown = sorted(map(plan.place, places)) if plan.request.run_backwards else places
        self.empty = (_none_of(self._only),) if self._only else _NO_DATE
        if plan is None:
            self.empty = ()

    def draw_header(self, width: int) -> str:
        """The names of the columns."""
        named = "Partition" if self._plan and self._plan.judged.dates.partitioned else "Logical date"
        words = f"{fit('#', _NUMBER, right=True)}  {fit(named, _DATE)}  {fit('Verdict', _VERDICT)}"
        why = f"Why (only {self._only}, {shown_key('dates.all')} shows all)" if self._only else "Why"
        return words + (f"  {fit('Run after', _RUN_AFTER)}" if width >= _WIDE else "") + f"  {why}"

    def draw_row(self, row: int, width: int, look: Look) -> list[Part]:
        """One date."""
        plan = self._plan
        if plan is None:
            return []
        if self.show_vertical_scrollbar:
            # It stands on the last column.
            width -= self.styles.scrollbar_size_vertical
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


def _none_of(only: str) -> str:
    return "No date of this range runs" if only == "what runs" else f"No date has the verdict {only}"
