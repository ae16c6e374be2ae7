"""The calendar strip: its lines as plain text, what its cursor says, and the span that is taken from it."""

from __future__ import annotations

from array import array
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import ClassVar

import pytest
from tests.support.screen import Eyes, looking_at, on_screen
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.strip import Strip
from textual.widgets import Static

from backfill_tui.domain.ids import DagId
from backfill_tui.domain.instants import SECOND, Instant, from_datetime, zone_named
from backfill_tui.domain.judging import decide
from backfill_tui.domain.looks import Looks
from backfill_tui.domain.outcomes import ExistingRun, ExistingRuns
from backfill_tui.domain.plan_dates import DateColumns
from backfill_tui.domain.planning import BackfillPlan, BackfillRequest, ReprocessBehavior
from backfill_tui.domain.states import RunState
from backfill_tui.ui.themed import ThemedApp
from backfill_tui.ui.themes import DARK, LIGHT
from backfill_tui.ui.widgets.calendar_strip import CalendarStrip
from backfill_tui.ui.widgets.strip_calendar import Grain
from backfill_tui.ui.widgets.strip_painter import Selected, StripPainter

HOUR = 3600 * SECOND
NEW_YORK = "America/New_York"
FAR = Instant(2**62)


def days(first: str, number: int, zone: str = NEW_YORK) -> list[Instant]:
    """Midnight plus two hours of some days on a clock."""
    begin = datetime.fromisoformat(first)
    moments = (begin + timedelta(days=day, hours=2) for day in range(number))
    return [from_datetime(moment.replace(tzinfo=zone_named(zone))) for moment in moments]


def a_plan(
    dates: Sequence[int],
    runs: Mapping[int, RunState] | None = None,
    *,
    zone: str = NEW_YORK,
    behavior: ReprocessBehavior = ReprocessBehavior.FAILED,
    waiting: int = 0,
    keys: tuple[str, ...] | None = None,
    ascending: bool = True,
) -> BackfillPlan:
    """A plan of dates a day long each; `runs` by the number of a date, the last `waiting` are not yet due."""
    ends = [date + 24 * HOUR for date in dates]
    states = list(RunState)
    judged = decide(
        DateColumns(
            identities=array("q", dates).tobytes(),
            interval_ends=b"" if keys else array("q", ends).tobytes(),
            partition_keys=keys,
            ascending=ascending,
        ),
        ExistingRuns(
            kinds=tuple(ExistingRun(state=state, run_type="scheduled") for state in states),
            kind_at={place: states.index(state) for place, state in (runs or {}).items()},
        ),
        behavior=behavior,
        now=Instant(sorted(ends)[-waiting]) if waiting else FAR,
        run_backwards=False,
    )
    request = BackfillRequest(
        dag_id=DagId("sales"),
        from_date=Instant(min(dates, default=0)),
        to_date=Instant(max(dates, default=0)),
    )
    return BackfillPlan(request=request, timezone=zone, judged=judged, warnings=(), planned_at=Instant(0))


def a_quarter() -> BackfillPlan:
    """The first 91 days of 2024: a week of runs, some of February failed or running, the last day not due."""
    ok, failed = RunState.SUCCESS, RunState.FAILED
    runs = dict.fromkeys(range(7), ok) | dict.fromkeys(range(36, 39), failed)
    runs |= {40: RunState.RUNNING, 41: RunState.QUEUED}
    return a_plan(days("2024-01-01", 91), runs, waiting=1)


class StripApp(ThemedApp):
    """A strip between two lines, and an escape of its own."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "")]

    def __init__(self, plan: BackfillPlan | None, *, ascii_only: bool = False) -> None:
        super().__init__(looks=Looks(ascii_signs=ascii_only))
        self.plan = plan
        self.strip = CalendarStrip()
        self.told: list[CalendarStrip.Moved | CalendarStrip.SpanTaken] = []
        self.left = 0

    def compose(self) -> ComposeResult:
        yield Static("above")
        yield self.strip
        yield Static("below")

    def on_mount(self) -> None:
        self.strip.show(self.plan)

    def on_calendar_strip_moved(self, message: CalendarStrip.Moved) -> None:
        self.told.append(message)

    def on_calendar_strip_span_taken(self, message: CalendarStrip.SpanTaken) -> None:
        self.told.append(message)

    def action_leave(self) -> None:
        self.left += 1


@asynccontextmanager
async def a_strip(
    plan: BackfillPlan | None, size: tuple[int, int] = (80, 24), *, ascii_only: bool = False, lines: int = 2
) -> AsyncGenerator[tuple[Eyes, StripApp], None]:
    app = StripApp(plan, ascii_only=ascii_only)
    app.strip.styles.max_height = lines + 1
    async with looking_at(app, size) as eyes:
        app.strip.focus()
        await eyes.pilot.pause()
        yield eyes, app


def drawn(eyes: Eyes) -> list[str]:
    """What stands between the two lines."""
    text = [line.rstrip() for line in eyes.text().splitlines()]
    return text[text.index("above") + 1 : text.index("below")]


def taken(app: StripApp) -> list[tuple[int, int]]:
    spans = [message for message in app.told if isinstance(message, CalendarStrip.SpanTaken)]
    return [(message.first_place, message.last_place) for message in spans]


# What is seen

NARROW = """\
  2024 Jan ███████························  Feb ·····✗✗✗·▶◔··················
       Mar ······························◌
"""
WIDE = """\
  2024 Jan ███████························  Feb ·····✗✗✗·▶◔··················    \
Mar ······························◌
"""


@on_screen
async def test_a_quarter_of_days_shows_how_each_of_them_stands() -> None:
    for size, lines in {(80, 24): NARROW, (200, 50): WIDE}.items():
        async with a_strip(a_quarter(), size) as (eyes, app):
            app.screen.set_focus(None)
            await eyes.until(lambda: drawn(eyes)[:-1] == lines.splitlines())  # noqa: B023  # at once


@on_screen
async def test_plain_letters_stand_in_for_the_signs() -> None:
    async with a_strip(a_quarter(), (200, 50), ascii_only=True) as (eyes, _):
        assert "Jan #######........................  Feb .....XXX.>o......" in eyes.text()
        assert eyes.line_with("Mar").rstrip().endswith(".._")


@on_screen
async def test_the_border_says_what_is_under_the_cursor() -> None:
    async with a_strip(a_quarter()) as (eyes, app):
        await eyes.sees("─ Mon 2024-01-01 02:00  success, skip ─")
        for place, words in {
            36: "Tue 2024-02-06 02:00  failed, reprocess",
            40: "Sat 2024-02-10 02:00  running, skip",
            50: "Tue 2024-02-20 02:00  missing, create",
            90: "Sun 2024-03-31 02:00  not yet",
        }.items():
            app.strip.go_to(place)
            await eyes.sees(f"─ {words} ─")
        assert not app.told, "nobody moved it"


@on_screen
async def test_without_the_focus_the_border_is_a_line() -> None:
    async with a_strip(a_quarter()) as (eyes, app):
        app.screen.set_focus(None)
        await eyes.until(lambda: set(drawn(eyes)[-1]) == {"─"})
        app.strip.focus()
        await eyes.sees("success, skip")


@on_screen
async def test_a_plan_without_dates_takes_no_room() -> None:
    async with a_strip(None) as (eyes, app):
        assert drawn(eyes) == []
        app.strip.show(a_quarter())
        await eyes.sees("2024 Jan")
        app.strip.show(a_plan([]))
        await eyes.until(lambda: not drawn(eyes))
        assert app.strip.cursor_place is None
        for key in ("right", "enter", "v", "right_square_bracket", "end", "down"):
            await eyes.press(key)
        assert not app.told


@on_screen
async def test_it_is_as_high_as_its_lines_up_to_its_maximum_and_then_scrolls() -> None:
    async with a_strip(a_plan(days("2024-01-01", 31)), lines=4) as (eyes, app):
        assert len(drawn(eyes)) == 1 + 1
        app.strip.show(a_plan(days("2024-01-01", 366)))
        await eyes.until(lambda: len(drawn(eyes)) == 4 + 1)
        assert app.strip.vertical_scrollbar.region.width == 1
        await eyes.press("end")
        await eyes.sees("Nov", "Dec")
        assert drawn(eyes)[0].startswith("  2024 May"), "the year is said on the uppermost line"
        app.strip.show(a_plan(days("2024-01-01", 31)))
        await eyes.until(lambda: len(drawn(eyes)) == 1 + 1)
        assert drawn(eyes)[0].startswith("  2024 Jan ·")


@on_screen
async def test_another_width_is_another_layout() -> None:
    async with a_strip(a_plan(days("2024-01-01", 366))) as (eyes, app):
        await eyes.press("end")
        await eyes.pilot.resize_terminal(120, 24)
        await eyes.until(lambda: drawn(eyes)[0].startswith("  2024 Jul"))
        await eyes.pilot.resize_terminal(44, 24)
        await eyes.until(lambda: "Dec" in drawn(eyes)[1])
        assert app.strip.cursor_place == 365


def styles_of(eyes: Eyes, sign: str) -> set[str]:
    """The colours in which a sign is drawn."""
    strips = eyes.app.screen._compositor.render_strips()
    return {
        segment.style.color.get_truecolor().hex
        for strip in strips
        for segment in strip
        if sign in segment.text and segment.style and segment.style.color
    }


@on_screen
async def test_a_plan_that_is_not_complete_or_stale_is_muted() -> None:
    plan = a_quarter()
    muted = DARK.variables["muted"]
    async with a_strip(replace(plan, complete=False)) as (eyes, app):
        assert styles_of(eyes, "█") == styles_of(eyes, "✗") == {muted}
        app.strip.show(plan)
        await eyes.until(lambda: muted not in styles_of(eyes, "✗"))
        app.strip.add_class("-stale")
        await eyes.until(lambda: styles_of(eyes, "✗") == {muted})


@on_screen
async def test_another_theme_brings_its_colours() -> None:
    async with a_strip(a_quarter()) as (eyes, app):
        assert DARK.variables["state-success"] in styles_of(eyes, "█")
        app.theme = LIGHT.name
        await eyes.until(lambda: styles_of(eyes, "█") == {LIGHT.variables["state-success"]})


@on_screen
async def test_dates_of_a_wayward_timetable_stand_in_calendar_order() -> None:
    first, second, third = days("2024-01-01", 3)
    plan = a_plan([third, first, second], {0: RunState.FAILED, 1: RunState.SUCCESS}, ascending=False)
    async with a_strip(plan) as (eyes, app):
        assert drawn(eyes)[0] == "  2024 Jan ■·✗", "under the cursor a block lets the background be seen"
        await eyes.press("right")
        assert app.strip.cursor_place == 2
        await eyes.press("v", "right", "enter")
        (message,) = (message for message in app.told if isinstance(message, CalendarStrip.SpanTaken))
        assert (message.first, message.last) == (second, third)
        assert (message.first_place, message.last_place) == (2, 0)


@on_screen
async def test_partition_keys_from_outside_are_shown_literally_and_cut() -> None:
    keys = ("north[/red]", "a\x1b[31mb\nc", "x" * 300)
    async with a_strip(a_plan(days("2024-01-01", 3), keys=keys)) as (eyes, _):
        await eyes.sees("─ north[/red]  missing, create ─")
        await eyes.press("right")
        await eyes.until(lambda: "north" not in eyes.text())
        assert "\x1b" not in eyes.text()
        await eyes.press("right")
        await eyes.sees("xxx…  missing, create ─")
        await eyes.press("v", "left")
        await eyes.sees("2 dates, enter takes them ─")


# The cursor


@on_screen
async def test_arrows_letters_and_pages_move_the_cursor_and_the_ends_hold_it() -> None:
    async with a_strip(a_plan(days("2024-01-01", 366))) as (eyes, app):
        # A line has two months: 31 and 29 days, 31 and 30, and so on.
        moves = {
            "left": 0, "right": 1, "l": 2, "h": 1, "up": 1, "down": 61, "j": 122, "k": 61,
            "pagedown": 183, "pageup": 61, "end": 365, "pagedown,": 365, "home": 0, "G": 365, "g": 0,
        }  # fmt: skip
        for key, place in moves.items():
            await eyes.press(key.rstrip(","))
            assert app.strip.cursor_place == place, key
        moved = [message.place for message in app.told if isinstance(message, CalendarStrip.Moved)]
        assert moved == [1, 2, 1, 61, 122, 61, 183, 61, 365, 0, 365, 0]


@on_screen
async def test_brackets_go_to_failed_dates_and_to_the_first_date_of_holes() -> None:
    async with a_strip(a_quarter()) as (eyes, app):
        places = []
        for key in ["right_square_bracket"] * 7 + ["left_square_bracket"] * 3:
            await eyes.press(key)
            places.append(app.strip.cursor_place)
        assert places == [7, 36, 37, 38, 39, 42, 7, 42, 39, 38]


@on_screen
async def test_brackets_say_so_when_there_is_nothing_to_go_to() -> None:
    plan = a_plan(days("2024-01-01", 5), dict.fromkeys(range(5), RunState.SUCCESS))
    async with a_strip(plan) as (eyes, app):
        await eyes.press("right_square_bracket")
        await eyes.sees("No date of this plan")
        assert app.strip.cursor_place == 0


@on_screen
async def test_cursor_and_span_stay_on_their_dates_when_the_plan_is_another() -> None:
    async with a_strip(a_plan(days("2024-01-01", 60))) as (eyes, app):
        app.strip.go_to(40)
        await eyes.press("v", "right", "right")
        await eyes.sees("Sat 2024-02-10 02:00 to Mon 2024-02-12 02:00  3 dates")
        app.strip.show(a_plan(days("2024-02-01", 60), {10: RunState.FAILED}))
        assert app.strip.cursor_place == 11
        await eyes.sees("Sat 2024-02-10 02:00 to Mon 2024-02-12 02:00  3 dates")
        app.strip.show(a_plan(days("2024-02-12", 20)))
        assert app.strip.cursor_place == 0
        await eyes.sees("─ Mon 2024-02-12 02:00  missing, create ─")
        app.strip.show(a_plan(days("2023-01-01", 20)))
        assert app.strip.cursor_place == 19, "the nearest one there is"


# The span


@on_screen
async def test_a_span_follows_the_cursor_and_enter_takes_it() -> None:
    plan = a_quarter()
    async with a_strip(plan) as (eyes, app):
        app.strip.go_to(38)
        await eyes.press("v", "left", "left")
        await eyes.sees("─ Tue 2024-02-06 02:00 to Thu 2024-02-08 02:00  3 dates, enter takes them ─")
        await eyes.press("enter")
        assert taken(app) == [(36, 38)]
        (message,) = (message for message in app.told if isinstance(message, CalendarStrip.SpanTaken))
        assert (message.first, message.last) == (plan.judged.dates.dates[36], plan.judged.dates.dates[38])
        assert message.control is app.strip
        await eyes.sees("Tue 2024-02-06 02:00  failed, reprocess")


@on_screen
async def test_without_a_span_enter_takes_the_date_under_the_cursor() -> None:
    async with a_strip(a_quarter()) as (eyes, app):
        app.strip.go_to(36)
        await eyes.press("enter")
        assert taken(app) == [(36, 36)]


@pytest.mark.parametrize(
    ("keys", "span"),
    [
        (("shift+right", "shift+right"), (40, 42)),
        (("L", "L", "H"), (40, 41)),
        (("shift+left",), (39, 40)),
        (("shift+down",), (40, 69)),
        (("J", "K", "right"), (40, 41)),
        (("shift+up",), (9, 40)),
        (("space", "end"), (40, 90)),
    ],
)
@on_screen
async def test_shift_and_capitals_begin_and_stretch_at_once(
    keys: tuple[str, ...], span: tuple[int, int]
) -> None:
    async with a_strip(a_quarter(), (60, 24)) as (eyes, app):
        app.strip.go_to(40)
        await eyes.press(*keys, "enter")
        assert taken(app) == [span]


@on_screen
async def test_escape_drops_the_span_and_is_the_screens_when_there_is_none() -> None:
    async with a_strip(a_quarter()) as (eyes, app):
        await eyes.press("v", "right", "escape")
        await eyes.no_longer_sees("takes them")
        assert (app.left, app.strip.cursor_place) == (0, 1)
        await eyes.press("escape")
        assert app.left == 1
        await eyes.press("v")
        await eyes.sees("1 date, enter takes it")
        await eyes.press("v")
        await eyes.no_longer_sees("takes it")


@on_screen
async def test_the_key_line_learns_that_escape_drops_the_span() -> None:
    async with a_strip(a_quarter()) as (eyes, app):
        assert "strip.drop" not in {bound.binding.id for bound in app.screen.active_bindings.values()}
        await eyes.press("v")
        assert app.screen.active_bindings["escape"].binding.id == "strip.drop"


# The mouse; the first cell of the strip is at (11, 0), that of February at (48, 0).


@on_screen
async def test_a_click_moves_the_cursor_and_one_beside_the_cells_does_not() -> None:
    async with a_strip(a_quarter()) as (eyes, app):
        await eyes.pilot.click(app.strip, offset=(11 + 6, 0))
        assert app.strip.cursor_place == 6
        await eyes.pilot.click(app.strip, offset=(48, 0))
        assert app.strip.cursor_place == 31
        await eyes.pilot.click(app.strip, offset=(11 + 2, 1))
        assert app.strip.cursor_place == 62
        for beside in ((4, 0), (45, 0), (60, 1), (11, 2)):
            await eyes.pilot.click(app.strip, offset=beside)
        assert app.strip.cursor_place == 62
        assert taken(app) == []


@on_screen
async def test_dragging_selects_and_a_double_click_takes_the_span() -> None:
    async with a_strip(a_quarter()) as (eyes, app):
        await eyes.pilot.mouse_down(app.strip, offset=(11 + 20, 0))
        await eyes.pilot.hover(app.strip, offset=(11 + 25, 0))
        await eyes.pilot.hover(app.strip, offset=(11 + 2, 1))
        await eyes.pilot.mouse_up(app.strip, offset=(11 + 2, 1))
        await eyes.sees("Sun 2024-01-21 02:00 to Sun 2024-03-03 02:00  43 dates")
        await eyes.pilot.hover(app.strip, offset=(11, 0))
        await eyes.sees("43 dates")
        assert app.mouse_captured is None
        await eyes.pilot.double_click(app.strip, offset=(11 + 22, 0))
        assert taken(app) == [(20, 62)]
        await eyes.pilot.double_click(app.strip, offset=(11 + 1, 0))
        assert taken(app) == [(20, 62), (1, 1)]


@on_screen
async def test_a_click_outside_a_span_drops_it_and_one_with_shift_stretches_it() -> None:
    async with a_strip(a_quarter()) as (eyes, app):
        app.strip.go_to(3)
        await eyes.pilot.click(app.strip, offset=(11 + 5, 0), shift=True)
        await eyes.sees("3 dates, enter takes them")
        await eyes.pilot.click(app.strip, offset=(11 + 9, 0), shift=True)
        await eyes.sees("7 dates, enter takes them")
        await eyes.pilot.click(app.strip, offset=(11 + 20, 0))
        await eyes.sees("Sun 2024-01-21 02:00  missing, create")


@on_screen
async def test_dragging_back_to_where_it_began_leaves_one_date() -> None:
    async with a_strip(a_quarter()) as (eyes, app):
        await eyes.pilot.mouse_down(app.strip, offset=(11 + 5, 0))
        await eyes.pilot.hover(app.strip, offset=(11 + 8, 0))
        await eyes.pilot.hover(app.strip, offset=(11 + 5, 0))
        await eyes.pilot.mouse_up(app.strip, offset=(11 + 5, 0))
        await eyes.sees("1 date, enter takes it")


@on_screen
async def test_other_dates_under_the_mouse_end_the_dragging() -> None:
    async with a_strip(a_quarter()) as (eyes, app):
        await eyes.pilot.mouse_down(app.strip, offset=(11, 1))
        app.strip.show(a_plan(days("2024-01-01", 40)))
        await eyes.pilot.hover(app.strip, offset=(11 + 8, 0))
        await eyes.pilot.mouse_up(app.strip, offset=(11 + 8, 0))
        assert not app.strip.span
        assert app.mouse_captured is None


@on_screen
async def test_dragging_below_the_strip_scrolls_it() -> None:
    async with a_strip(a_plan(days("2024-01-01", 366))) as (eyes, app):
        await eyes.pilot.mouse_down(app.strip, offset=(11, 1))
        for _ in range(3):
            await eyes.pilot.hover(app.strip, offset=(11, 4))
        await eyes.pilot.mouse_up(app.strip, offset=(11, 4))
        assert app.strip.scroll_offset.y > 1
        assert app.strip.span.start == 60


# Cost


@on_screen
async def test_of_a_hundred_thousand_dates_only_the_lines_in_view_are_drawn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines: list[int] = []
    labels: list[datetime] = []
    draw, name = StripPainter.line, Grain.label

    def drawing(painter: StripPainter, line: int, selected: Selected, *, headed: bool) -> Strip:
        lines.append(line)
        return draw(painter, line, selected, headed=headed)

    def naming(grain: Grain, begun: datetime) -> str:
        labels.append(begun)
        return name(grain, begun)

    monkeypatch.setattr(StripPainter, "line", drawing)
    monkeypatch.setattr(Grain, "label", naming)
    first = days("2014-01-01", 1)[0]
    plan = a_plan([first + HOUR * nth for nth in range(100_000)])
    async with a_strip(plan, lines=4) as (eyes, app):
        await eyes.sees("2014 Jan Wed 01")
        assert set(lines) == {0, 1, 2, 3}
        assert len(set(labels)) == 8
        lines.clear()
        await eyes.press("right")
        await eyes.sees("03:00")
        assert lines == [0], "moving the cursor draws its line"
        lines.clear()
        app.strip.show(replace(plan, planned_at=Instant(1)))
        await eyes.press("end")
        await eyes.sees("2025 May")
        assert len(lines) < 16
        assert len(set(labels)) < 20


@on_screen
async def test_the_same_dates_are_not_grouped_again() -> None:
    plan = a_quarter()
    async with a_strip(plan) as (_, app):
        assert app.strip.dates is not None
        calendar = app.strip.dates.calendar
        app.strip.show(a_plan(days("2024-01-01", 91), waiting=1))
        assert app.strip.dates.calendar is calendar
        app.strip.show(a_plan(days("2024-01-01", 91), zone="UTC"))
        assert app.strip.dates.calendar is not calendar
