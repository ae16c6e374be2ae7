"""The commands of lists, fields and other parts of a screen while they have the focus."""

from __future__ import annotations

from backfill_tui.ui.declaration import Command

LIST = (
    Command(id="list.up", keys="up,k", action="move(-1)", label="", help="Go up a row", palette=False),
    Command(id="list.down", keys="down,j", action="move(1)", label="", help="Go down a row", palette=False),
    Command(id="list.page_up", keys="pageup,ctrl+b", action="move_page(-1)", label="",
            help="Go up a page", palette=False),
    Command(id="list.page_down", keys="pagedown,ctrl+f", action="move_page(1)", label="",
            help="Go down a page", palette=False),
    Command(id="list.first", keys="home,g", action="move_to(0)", label="",
            help="Go to the first row", palette=False),
    Command(id="list.last", keys="end,G", action="move_to(-1)", label="",
            help="Go to the last row", palette=False),
)  # fmt: skip

DATES = (
    Command(id="dates.create", keys="1", action="only('create')", label="",
            help="Show only the dates that are created"),
    Command(id="dates.reprocess", keys="2", action="only('reprocess')", label="",
            help="Show only the dates that run again"),
    Command(id="dates.skip", keys="3", action="only('skip')", label="",
            help="Show only the dates that are skipped"),
    Command(id="dates.not_yet", keys="4", action="only('not yet')", label="",
            help="Show only the dates that can not run yet"),
    Command(id="dates.runs", keys="5", action="only('what runs')", label="",
            help="Show only the dates that run, new or again"),
    Command(id="dates.all", keys="0", action="only('')", label="",
            help="Show all dates again"),
)  # fmt: skip

STRIP = (
    Command(id="strip.take", keys="enter", action="take", label="take dates",
            help="Make the span, else the date under the cursor, the range of the plan"),
    Command(id="strip.span", keys="v,space", action="span", label="span",
            help="Begin a span of dates here, which follows the cursor; again to drop it"),
    Command(id="strip.next_hole", keys="right_square_bracket", action="hole(1)", label="next hole",
            help="Go to the next failed date or hole: dates in a row without a run"),
    Command(id="strip.previous_hole", keys="left_square_bracket", action="hole(-1)", label="",
            help="Go to the failed date or hole before"),
    Command(id="strip.left", keys="left,h", action="move(-1)", label="", help="Go to the date before",
            palette=False),
    Command(id="strip.right", keys="right,l", action="move(1)", label="", help="Go to the next date",
            palette=False),
    Command(id="strip.up", keys="up,k", action="move_line(-1)", label="", help="Go up a line", palette=False),
    Command(id="strip.down", keys="down,j", action="move_line(1)", label="", help="Go down a line",
            palette=False),
    Command(id="strip.span_left", keys="H,shift+left", action="move(-1, True)", label="",
            help="Take the date before into the span", palette=False),
    Command(id="strip.span_right", keys="L,shift+right", action="move(1, True)", label="",
            help="Take the next date into the span", palette=False),
    Command(id="strip.span_up", keys="K,shift+up", action="move_line(-1, True)", label="",
            help="Take a line more into the span, upwards", palette=False),
    Command(id="strip.span_down", keys="J,shift+down", action="move_line(1, True)", label="",
            help="Take a line more into the span, downwards", palette=False),
    Command(id="strip.page_up", keys="pageup,ctrl+b", action="move_page(-1)", label="",
            help="Go up by the lines that are seen", palette=False),
    Command(id="strip.page_down", keys="pagedown,ctrl+f", action="move_page(1)", label="",
            help="Go down by the lines that are seen", palette=False),
    Command(id="strip.first", keys="home,g", action="move_to(0)", label="", help="Go to the first date",
            palette=False),
    Command(id="strip.last", keys="end,G", action="move_to(-1)", label="", help="Go to the last date",
            palette=False),
    Command(id="strip.drop", keys="escape", action="drop_span", label="drop span",
            help="Drop the span", first=True),
)  # fmt: skip

CHOICE = (
    Command(id="choice.previous", keys="left,h", action="choose(-1)", label="",
            help="Choose the option before", palette=False),
    Command(id="choice.next", keys="right,l", action="choose(1)", label="",
            help="Choose the option after", palette=False),
    Command(id="choice.turn", keys="space", action="choose_next", label="",
            help="Choose the next option, after the last the first", palette=False),
)  # fmt: skip

SWITCH = (
    Command(id="switch.turn", keys="space,enter", action="switch", label="",
            help="Switch on or off", palette=False),
)  # fmt: skip

SCROLL = (
    Command(id="scroll.up", keys="up,k", action="line(-1)", label="", help="Scroll up a line", palette=False),
    Command(id="scroll.down", keys="down,j", action="line(1)", label="", help="Scroll down a line",
            palette=False),
    Command(id="scroll.page_up", keys="pageup,ctrl+b", action="page(-1)", label="",
            help="Scroll up a page", palette=False),
    Command(id="scroll.page_down", keys="pagedown,space,ctrl+f", action="page(1)", label="",
            help="Scroll down a page", palette=False),
    Command(id="scroll.first", keys="home,g", action="end(0)", label="",
            help="Go to the beginning", palette=False),
    Command(id="scroll.last", keys="end,G", action="end(-1)", label="",
            help="Go to the end", palette=False),
)  # fmt: skip
