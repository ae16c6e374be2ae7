"""What the lines of a log say: which exception it was, and how they are kept."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from backfill_tui.domain.log_search import shown
from backfill_tui.domain.tasks import TaskLog
from backfill_tui.domain.text import harmless
from backfill_tui.ui.widgets.log_pages import LogPage

_EXCEPTION: Final = re.compile(r"(?:^|\s)((?:[A-Za-z_][\w.]*)?(?:Error|Exception|Interrupt|Timeout)\b: .*)")


def last_exception(lines: Sequence[str]) -> str:
    """The last exception some lines name, `KeyError: 'sku'`; empty when they name none."""
    for line in reversed(lines):
        found = _EXCEPTION.search(harmless(line))
        if found:
            return found[1].strip()
    return ""


def page_of(log: TaskLog) -> LogPage:
    """Its lines as they are shown: harmless, without tabs, each on one line."""
    lines = tuple(part for line in log.lines for part in shown(line))
    return LogPage(lines, log.begins, log.ends, log.followed)
