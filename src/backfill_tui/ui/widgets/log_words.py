"""How the lines of a log are kept on the screen."""

from __future__ import annotations

from backfill_tui.domain.log_search import shown
from backfill_tui.domain.tasks import TaskLog
from backfill_tui.ui.widgets.log_pages import LogPage


def page_of(log: TaskLog) -> LogPage:
    """Its lines as they are shown: harmless, without tabs, each on one line."""
    lines = tuple(part for line in log.lines for part in shown(line))
    return LogPage(lines, log.begins, log.ends, log.followed)
