"""The dates of a plan, each with its verdict and the reason; only the rows that are seen are formatted."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Final

from rich.cells import cell_len
from rich.style import Style
from textual.binding import BindingType
from textual.reactive import reactive

from backfill_tui.domain.instants import SECOND, Instant, minute, to_datetime, zone_named
from backfill_tui.domain.outcomes import Verdict
from backfill_tui.domain.planning import BackfillPlan
from backfill_tui.domain.text import one_line
from backfill_tui.ui.command import bindings
from backfill_tui.ui.glyphs import VERDICT_MARKS, Look
from backfill_tui.ui.keymap import shown_key
from backfill_tui.ui.plan_values import date_words
from backfill_tui.ui.text import Part, fit
from backfill_tui.ui.widget_commands import DATES
from backfill_tui.ui.widgets.line_list import LineList

_NO_DATE = ("No date of the schedule lies in this range",)
_NUMBER = 3
_DATE = 20
_DATE_AND_OFFSET = 23
"""`2024-04-07 01:30 +10:30`"""
_VERDICT = 7
"""As wide as its name."""
_QUARTER: Final = 91 * 86_400 * SECOND
_GAP: Final = "  "
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
_RUN_AFTER = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class _Widths:
    """Cells of each column; the last one, the reason, has what is left."""

    number: int = _NUMBER
    date: int = _DATE
    verdict: int = _VERDICT
    run_after: int = 0

    def reason(self, width: int) -> int:
        """Cells of the reason in a row of `width` cells."""
        columns = [self.number, self.date, self.verdict, *filter(None, [self.run_after])]
        return width - sum(column + len(_GAP) for column in columns)


class PlanTable(LineList):
    """Shows one plan; one that is stale or not complete is drawn muted until the next is there."""

    HELP = "The dates in the order in which they would run, each with its verdict and the reason for it."

    DEFAULT_CSS = """
    PlanTable.-stale { color: $muted; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(DATES)]

    unread: reactive[str] = reactive("", repaint=False)
    """The reason of the row under the cursor where that row cuts it, else empty."""

    def __init__(self) -> None:
        super().__init__(id="dates")
        self._plan: BackfillPlan | None = None
        self._needs = _Widths()
        self._only = ""
        self._shown: Sequence[int] = ()

    @property
    def row_count(self) -> int:
        """How many dates there are."""
        return len(self._shown)

    def show(self, plan: BackfillPlan | None) -> None:
        """Take over another plan; the cursor goes to its first date when the dates are others."""
        old, self._plan = self._plan, plan
        self._needs = _needs_of(plan)
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

    @property
    def shown_places(self) -> Sequence[int]:
        """Where the dates that are shown stand in the plan's columns."""
        plan = self._plan
        return [plan.place(row) for row in self._shown] if plan is not None else ()

    def date_at(self, place: int) -> str:
        """The words of a date, by its place in the plan's columns."""
        plan = self._plan
        if plan is None:
            return ""
        return date_words(plan.judged.dates.occurrence(place), plan.timezone)

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

    def reload(self) -> None:
        """All rows may have changed, and with them what is cut."""
        super().reload()
        self._look_for_the_cut()

    def watch_cursor(self, old: int, new: int) -> None:
        """Another row may have a reason that is cut."""
        super().watch_cursor(old, new)
        self._look_for_the_cut()

    def _look_for_the_cut(self) -> None:
        reason = ""
        if self._plan is not None and self._shown:
            reason = one_line(self._plan.runs[self._shown[self.cursor]].reason)
        width = self._row_width(self.size.width - 1)
        self.unread = reason if cell_len(reason) > self._widths(width).reason(width) else ""

    def _row_width(self, width: int) -> int:
        # The scrollbar stands on the last column.
        return width - self.styles.scrollbar_size_vertical if self.show_vertical_scrollbar else width

    def _widths(self, width: int) -> _Widths:
        return replace(self._needs, run_after=_RUN_AFTER) if width >= _WIDE else self._needs

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
        at = self._widths(self._row_width(width))
        words = [fit("#", at.number, right=True), fit(named, at.date), fit("Verdict", at.verdict)]
        if at.run_after:
            words.append(fit("Run after", at.run_after))
        why = f"Why (only {self._only}, {shown_key('dates.all')} shows all)" if self._only else "Why"
        return _GAP.join([*words, why])

    def draw_row(self, row: int, width: int, look: Look) -> list[Part]:
        """One date."""
        plan = self._plan
        if plan is None:
            return []
        width = self._row_width(width)
        at = self._widths(width)
        run = plan.runs[self._shown[row]]
        mark = VERDICT_MARKS[run.verdict]
        stale = self.has_class("-stale")
        plain = look.muted if stale else look.text
        number = "-" if run.ordinal is None else f"{run.ordinal:,}"
        date = fit(date_words(run.occurrence, plan.timezone), at.date)
        verdict = fit(f"{look.sign(mark)} {mark.word}", at.verdict)
        parts: list[Part] = [
            (fit(number, at.number, right=True), look.muted),
            (_GAP, _PLAIN),
            (date, plain if run.verdict.runs else look.muted),
            (_GAP, _PLAIN),
            (verdict, look.muted if stale else look.style(mark)),
        ]
        if at.run_after:
            after = minute(run.occurrence.run_after, zone_named(plan.timezone))
            parts.append((f"{_GAP}{fit(after, at.run_after)}", look.muted))
        return [*parts, (f"{_GAP}{fit(run.reason, at.reason(width))}", look.muted)]


def _needs_of(plan: BackfillPlan | None) -> _Widths:
    """How wide the columns of a plan are."""
    if plan is None:
        return _Widths()
    marks = [VERDICT_MARKS[outcome.verdict] for outcome in plan.judged.outcomes]
    zone, first = zone_named(plan.timezone), plan.request.from_date
    names = {to_datetime(Instant(first + nth * _QUARTER), zone).tzname() or "" for nth in range(4)}
    # Where the zone has no letters for its two times, a time that the clock says twice has its offset.
    offset = len(names) > 1 and not all(name.isalpha() for name in names)
    return _Widths(
        number=max(_NUMBER, len(f"{plan.judged.due:,}")),
        date=_DATE_AND_OFFSET if offset else _DATE,
        verdict=max([_VERDICT, *(len(f"{mark.sign} {mark.word}") for mark in marks)]),
    )


def _none_of(only: str) -> str:
    return "No date of this range runs" if only == "what runs" else f"No date has the verdict {only}"
