"""The drawing of the calendar strip: a plan, a cursor and a span; a line is drawn once until it changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from rich.cells import cell_len
from rich.style import Style
from textual import events, on
from textual.cache import LRUCache
from textual.content import Content
from textual.geometry import Region, Size
from textual.strip import Strip

from backfill_tui.domain.instants import zone_named
from backfill_tui.domain.outcomes import Outcome
from backfill_tui.domain.planning import BackfillPlan
from backfill_tui.domain.states import RunState
from backfill_tui.domain.text import one_line
from backfill_tui.ui.glyphs import MISSING_MARK, RUN_MARKS, Look
from backfill_tui.ui.keymap import shown_key
from backfill_tui.ui.plan_values import date_words
from backfill_tui.ui.text import count, fit
from backfill_tui.ui.widgets.scrolling import Scrolling
from backfill_tui.ui.widgets.strip_calendar import Calendar
from backfill_tui.ui.widgets.strip_layout import StripLayout
from backfill_tui.ui.widgets.strip_painter import Grounds, Selected, StripPainter, mark_of, words_of

_KEPT_LINES: Final = 256
_KEPT_BORDER: Final = 4
"""Cells of the border's line that its words can not have."""


@dataclass(frozen=True, slots=True)
class ShownDates:
    """A plan that has dates, and these in calendar order."""

    plan: BackfillPlan
    calendar: Calendar

    def has_the_dates_of(self, plan: BackfillPlan) -> bool:
        """Whether another plan has the same dates on the same clock."""
        mine = self.plan
        return (mine.timezone, mine.judged.dates) == (plan.timezone, plan.judged.dates)

    def outcome(self, cell: int) -> Outcome:
        """What becomes of the date of a cell."""
        return self.plan.judged.outcome(self.calendar.place(cell))

    def words(self, cell: int, room: int) -> str:
        """`Tue 2024-02-06 02:00  failed, reprocess`, in `room` cells."""
        said = words_of(self.outcome(cell))
        return f"{self._date(cell, room - cell_len(said) - 2)}  {said}"

    def span_words(self, span: range, room: int) -> str:
        """`Tue 2024-02-06 02:00 to Wed 2024-02-07 02:00  2 dates, enter takes them`, in `room` cells."""
        one = len(span) == 1
        said = f"{count(len(span), 'date')}, {shown_key('strip.take')} takes {'it' if one else 'them'}"
        left = room - cell_len(said) - 2
        if one:
            return f"{self._date(span[0], left)}  {said}"
        half = (left - len(" to ")) // 2
        return f"{self._date(span[0], half)} to {self._date(span[-1], half)}  {said}"

    def next_hole(self, cell: int, step: int) -> int | None:
        """The nearest failed date or first date of a hole after a cell (before it for -1), around the end.

        A hole are dates in a row that have no run and could have one. None when there is neither.
        """
        marks = [mark_of(outcome) for outcome in self.plan.judged.outcomes]
        failed = [mark is RUN_MARKS[RunState.FAILED] for mark in marks]
        missing = [mark is MISSING_MARK for mark in marks]
        outcomes, place, number = self.plan.judged.places, self.calendar.place, len(self.calendar)
        for away in range(1, number + 1):
            at = (cell + step * away) % number
            outcome = outcomes[place(at)]
            if failed[outcome] or (missing[outcome] and not (at and missing[outcomes[place(at - 1)]])):
                return at
        return None

    def _date(self, cell: int, room: int) -> str:
        occurrence = self.plan.judged.dates.occurrence(self.calendar.place(cell))
        words = one_line(date_words(occurrence, self.plan.timezone))
        return words if cell_len(words) <= room else fit(words, room)


class StripCanvas(Scrolling, inherit_bindings=False):
    """Draws a plan as a strip; the cursor and the end of the span that stays are cells of its calendar.

    It is as high as its lines need, up to its `max-height`, and takes no room for a plan without dates.
    The class `-stale` mutes it, as a plan that is not complete is muted.
    """

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {"strip--cursor", "strip--span"}
    DEFAULT_CSS = """
    StripCanvas {
        display: none;
        height: auto;
        max-height: 3;
        padding: 0 0 0 2;
        background: $background;
        border-bottom: solid $hairline;
        border-subtitle-align: left;
        border-subtitle-color: $foreground;
        overflow-x: hidden;
        scrollbar-size: 0 1;
        scrollbar-gutter: stable;
        & > .strip--cursor { color: $background; background: $accent; text-style: bold; }
        & > .strip--span { background: $cursor-background; }
        &.-shown { display: block; }
        &.-stale { color: $muted; }
    }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._laid: StripLayout | None = None
        self._painter: StripPainter | None = None
        self._strips: LRUCache[tuple[int, bool], Strip] = LRUCache(_KEPT_LINES)
        self.dates: ShownDates | None = None
        self.cursor = 0
        self.fixed_end: int | None = None

    # What is shown

    def show(self, plan: BackfillPlan | None) -> None:
        """Take over another plan; cursor and span stay on their dates as far as these are there."""
        before, self.dates = self.dates, self._dates_of(plan)
        if self.dates is None or before is None:
            self.cursor, self.fixed_end = 0, None
        elif self.dates.calendar is not before.calendar:
            self._keep_to_dates(before.calendar, self.dates.calendar)
        self._painter = None
        self.set_class(self.dates is not None, "-shown")
        self._lay_out()
        self.refresh_bindings()

    def _dates_of(self, plan: BackfillPlan | None) -> ShownDates | None:
        if plan is None or not len(plan.judged):
            return None
        shown = self.dates
        if shown is None or not shown.has_the_dates_of(plan):
            return ShownDates(plan, Calendar(plan.judged.dates, zone_named(plan.timezone)))
        return ShownDates(plan, shown.calendar)

    def _keep_to_dates(self, before: Calendar, now: Calendar) -> None:
        cursor, fixed = self.cursor, self.fixed_end
        self.cursor, self.fixed_end = now.nearest(before.instant(cursor)), None
        if fixed is not None:
            ends = now.nearest(before.instant(fixed)), self.cursor
            if [now.instant(end) for end in ends] == [before.instant(end) for end in (fixed, cursor)]:
                self.fixed_end = ends[0]

    @property
    def span(self) -> range:
        """The cells of the span, none when there is no span."""
        if self.fixed_end is None or self.dates is None:
            return range(0)
        return range(min(self.fixed_end, self.cursor), max(self.fixed_end, self.cursor) + 1)

    # Drawing

    def layout_at(self, width: int) -> StripLayout | None:
        """Where everything stands in `width` cells, None when there is nothing."""
        if self.dates is None or width <= 0:
            return None
        laid = self._laid
        if laid is None or laid.calendar is not self.dates.calendar or laid.width != width:
            laid = self._laid = StripLayout(self.dates.calendar, width)
            self._painter = None
            self._strips.clear()
        return laid

    @property
    def laid_out(self) -> StripLayout | None:
        """Where everything stands now."""
        return self.layout_at(self.scrollable_content_region.width)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        """As many lines as the dates need."""
        laid = self.layout_at(width - self.scrollbar_size_vertical)
        return len(laid) if laid else 0

    @on(events.Resize)
    def _lay_out(self) -> None:
        laid = self.laid_out
        lines = len(laid) if laid else 0
        if lines != self.virtual_size.height:
            self.virtual_size = Size(self.scrollable_content_region.width, lines)
            self.refresh(layout=True)
        self.redraw()
        self.show_cursor()

    def redraw(self) -> None:
        """Draw all that is seen again, and say it in words."""
        self._strips.clear()
        self.refresh()
        self._say()

    def redraw_cells(self, *cells: int) -> None:
        """Draw the lines of some cells again, and say in words what is under the cursor."""
        laid = self.laid_out
        if laid is None:
            return
        top = self.scroll_offset.y
        for line in {laid.position(cell)[0] for cell in cells}:
            self._strips.discard((line, True))
            self._strips.discard((line, False))
            if 0 <= line - top < self.size.height:
                self.refresh(Region(0, line - top, self.size.width, 1))
        self._say()

    def watch_has_focus(self, has_focus: bool) -> None:
        """The cursor is seen only where the keys go."""
        super().watch_has_focus(has_focus)
        self.redraw()

    def notify_style_update(self) -> None:
        """The theme or the styles have changed: nothing drawn before is right."""
        super().notify_style_update()
        self._painter = None
        self._strips.clear()

    def render_line(self, y: int) -> Strip:
        """One line of what is seen; the uppermost always says what its groups share."""
        laid, line = self.laid_out, y + self.scroll_offset.y
        if self.dates is None or laid is None or line >= len(laid):
            return Strip.blank(self.size.width, self.rich_style)
        key = (line, y == 0 or laid.begins_block(line))
        strip = self._strips.get(key)
        if strip is None:
            if self._painter is None:
                self._painter = self._new_painter(self.dates.plan, laid)
            selected = Selected(cursor=self.cursor if self.has_focus else None, span=self.span)
            strip = self._strips[key] = self._painter.line(line, selected, headed=key[1])
        return strip

    def _new_painter(self, plan: BackfillPlan, laid: StripLayout) -> StripPainter:
        grounds = Grounds(
            plain=self.rich_style,
            # What failed is drawn in reverse, but not under the cursor.
            cursor=self.get_component_rich_style("strip--cursor", partial=True) + Style(reverse=False),
            span=self.get_component_rich_style("strip--span", partial=True),
        )
        look = Look(self.app.theme_variables)
        muted = not plan.complete or self.has_class("-stale")
        marks = [mark_of(outcome) for outcome in plan.judged.outcomes]
        return StripPainter(plan.judged.places, marks, laid, look, grounds, muted=muted)

    def _say(self) -> None:
        words = ""
        room = self.outer_size.width - _KEPT_BORDER
        if self.dates is not None and self.span:
            words = self.dates.span_words(self.span, room)
        elif self.dates is not None and self.has_focus:
            words = self.dates.words(self.cursor, room)
        self.border_subtitle = Content(f" {words} ") if words else None

    def show_cursor(self) -> None:
        """Scroll as little as it takes to see the cursor."""
        laid, height = self.laid_out, self.scrollable_content_region.height
        if laid is None or not height:
            return
        line, top = laid.position(self.cursor)[0], self.scroll_offset.y
        y = max(min(top, line), line - height + 1)
        if y != top:
            self.scroll_to(y=y, animate=False, immediate=True)
