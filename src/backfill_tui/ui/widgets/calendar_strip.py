"""The range of a plan as a calendar: a cell for each date, from which a span can be taken into the range."""

from __future__ import annotations

from typing import ClassVar, Final

from textual import events
from textual.binding import BindingType
from textual.message import Message

from backfill_tui.domain.instants import Instant
from backfill_tui.domain.planning import BackfillPlan
from backfill_tui.ui.command import bindings
from backfill_tui.ui.widget_commands import STRIP
from backfill_tui.ui.widgets.strip_canvas import StripCanvas

_DOUBLE: Final = 2


class CalendarStrip(StripCanvas, can_focus=True):
    """The strip with its keys and the mouse: the cursor moves, a span is begun, stretched and taken.

    A `place` is where a date stands in the columns of the plan, `plan.judged`; `plan.place(place)` is its row
    in `plan.runs`.
    """

    HELP = (
        "A cell is a date of the schedule, grouped on the Dag's clock, and shows how it stands now: its run, "
        "or that it has none. A span that is taken here becomes the range of the plan."
    )
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(STRIP)]

    class Moved(Message):
        """The cursor was moved to another date."""

        def __init__(self, strip: CalendarStrip, place: int) -> None:
            super().__init__()
            self.strip = strip
            self.place = place

        @property
        def control(self) -> CalendarStrip:
            """The strip."""
            return self.strip

        def can_replace(self, message: Message) -> bool:
            """Only where the cursor is now matters."""
            return isinstance(message, CalendarStrip.Moved)

    class SpanTaken(Message):
        """The dates from `first` to `last`, both included and in calendar order, are to be the range."""

        def __init__(
            self, strip: CalendarStrip, ends: tuple[Instant, Instant], places: tuple[int, int]
        ) -> None:
            super().__init__()
            self.strip = strip
            self.first, self.last = ends
            self.first_place, self.last_place = places

        @property
        def control(self) -> CalendarStrip:
            """The strip."""
            return self.strip

    _pressed: int | None = None
    """The cell on which the mouse went down, while it is down."""

    def show(self, plan: BackfillPlan | None) -> None:
        """Take over another plan; other dates end what the mouse was doing. Nothing is told."""
        before = self.dates
        super().show(plan)
        if before is None or self.dates is None or before.calendar is not self.dates.calendar:
            self._pressed = None

    # The cursor

    @property
    def cursor_place(self) -> int | None:
        """The place of the date under the cursor, None when there is no date."""
        return None if self.dates is None else self.dates.calendar.place(self.cursor)

    def go_to(self, place: int) -> None:
        """Put the cursor on the date of a place, because another list moved there; nothing is told."""
        if self.dates is not None and 0 <= place < len(self.dates.calendar):
            self._go(self.dates.calendar.cell(place), tell=False)

    def _go(self, cell: int, *, tell: bool = True) -> None:
        if self.dates is None:
            return
        before, self.cursor = self.cursor, max(0, min(cell, len(self.dates.calendar) - 1))
        if before == self.cursor:
            return
        if self.fixed_end is None:
            self.redraw_cells(before, self.cursor)
        else:
            self.redraw()
        self.show_cursor()
        if tell:
            self.post_message(self.Moved(self, self.dates.calendar.place(self.cursor)))

    def action_move(self, dates: int, stretch: bool = False) -> None:
        """Move the cursor by some dates; `stretch` takes them into the span."""
        self._stretch(stretch)
        self._go(self.cursor + dates)

    def action_move_line(self, lines: int, stretch: bool = False) -> None:
        """Move the cursor by some lines; `stretch` takes what is between into the span."""
        self._stretch(stretch)
        self._go_by_lines(lines)

    def action_move_page(self, pages: int) -> None:
        """Move the cursor by the lines that are seen."""
        self._go_by_lines(pages * max(1, self.scrollable_content_region.height))

    def action_move_to(self, cell: int) -> None:
        """Move the cursor to the first date or, for -1, to the last."""
        if self.dates is not None:
            self._go(cell if cell >= 0 else len(self.dates.calendar) - 1)

    def _go_by_lines(self, lines: int) -> None:
        laid = self.laid_out
        if laid is not None:
            line, x = laid.position(self.cursor)
            self._go(laid.nearest(line + lines, x))

    def action_hole(self, step: int) -> None:
        """Go to the next failed date or the first one of a hole, or back (-1); around the end."""
        if self.dates is None:
            return
        found = self.dates.next_hole(self.cursor, step)
        if found is None:
            self.notify("No date of this plan has failed or is missing")
        else:
            self._go(found)

    # The span

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Without a span, the key that drops it is the screen's."""
        if action == "drop_span":
            return bool(self.span)
        return super().check_action(action, parameters)

    def action_span(self) -> None:
        """Begin a span at the cursor, or drop the one there is."""
        self._fix(None if self.span else self.cursor)

    def action_drop_span(self) -> None:
        """Drop the span."""
        self._fix(None)

    def action_take(self) -> None:
        """Tell that the span, else the date under the cursor, is to be the range; the span is done with."""
        if self.dates is None:
            return
        span, calendar = self.span or range(self.cursor, self.cursor + 1), self.dates.calendar
        first, last = span[0], span[-1]
        self._fix(None)
        self.post_message(
            self.SpanTaken(
                self,
                (calendar.instant(first), calendar.instant(last)),
                (calendar.place(first), calendar.place(last)),
            )
        )

    def _stretch(self, stretch: bool) -> None:
        if stretch and not self.span:
            self._fix(self.cursor)

    def _fix(self, cell: int | None) -> None:
        if self.fixed_end != cell:
            self.fixed_end = cell
            self.redraw()
            self.refresh_bindings()

    # The mouse

    def _point(self, event: events.MouseEvent) -> tuple[int, int]:
        """The line and the cell of the terminal under the mouse."""
        gutter = self.styles.gutter
        return event.y - gutter.top + self.scroll_offset.y, event.x - gutter.left

    def _cell_under(self, event: events.MouseEvent) -> int | None:
        laid, seen = self.laid_out, event.y - self.styles.gutter.top
        if laid is None or not 0 <= seen < self.scrollable_content_region.height:
            return None
        return laid.cell_at(*self._point(event))

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Put the cursor there, with shift as the end of a span; a span that is clicked stays."""
        cell = self._cell_under(event)
        if cell is None or event.button != 1:
            return
        self._pressed = cell
        self.capture_mouse()
        if event.shift:
            self._stretch(stretch=True)
        elif cell in self.span:
            return
        else:
            self._fix(None)
        self._go(cell)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Stretch a span from where the mouse went down."""
        laid, pressed = self.laid_out, self._pressed
        if laid is None or pressed is None:
            return
        cell = laid.nearest(*self._point(event))
        if cell != pressed or self.fixed_end == pressed:
            if not event.shift:
                self._fix(pressed)
            self._go(cell)

    def on_mouse_up(self) -> None:
        """Leave the span as it is."""
        self._pressed = None
        self.release_mouse()

    def on_click(self, event: events.Click) -> None:
        """Take the span, or the date, on a double click."""
        event.stop()
        if event.chain == _DOUBLE and self._cell_under(event) is not None:
            self.action_take()
