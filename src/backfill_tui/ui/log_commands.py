"""The commands of a log."""

from __future__ import annotations

from backfill_tui.ui.declaration import Command

LOG = (
    Command(id="log.search", keys="slash", action="search", label="search",
            help="Search the log; small letters find capitals too", first=True),
    Command(id="log.next_match", keys="n", action="match(1)", label="next match",
            help="Go to the next line that was searched for", first=True),
    Command(id="log.previous_match", keys="N", action="match(-1)", label="",
            help="Go to the line before that was searched for", first=True),
    Command(id="log.drop_search", keys="escape", action="drop_search", label="end search",
            help="End the search", first=True),
    Command(id="log.error", keys="e", action="first_error", label="first error",
            help="Go to the first error of the log", first=True),
    Command(id="log.wrap", keys="w", action="wrap", label="wrap",
            help="Wrap long lines, or cut them again"),
    Command(id="log.pager", keys="O", action="pager", label="open",
            help="Open the whole log in $PAGER"),
    Command(id="log.up", keys="up,k", action="scroll_up", label="", help="Scroll up a line", palette=False),
    Command(id="log.down", keys="down,j", action="scroll_down", label="", help="Scroll down a line",
            palette=False),
    Command(id="log.left", keys="left,h", action="scroll_left", label="", help="Scroll to the left",
            palette=False),
    Command(id="log.right", keys="right,l", action="scroll_right", label="", help="Scroll to the right",
            palette=False),
    Command(id="log.page_up", keys="pageup,ctrl+b", action="page_up", label="", help="Scroll up a page",
            palette=False),
    Command(id="log.page_down", keys="pagedown,ctrl+f", action="page_down", label="",
            help="Scroll down a page", palette=False),
    Command(id="log.first", keys="home,g", action="scroll_home", label="",
            help="Go to the first line that was read", palette=False, first=True),
    Command(id="log.last", keys="end,G", action="follow", label="follow",
            help="Go to the end and follow what is written"),
)  # fmt: skip
