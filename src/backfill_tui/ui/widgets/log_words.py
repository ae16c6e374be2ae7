"""What the lines of a log say: which are of an error, and which exception it was."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from backfill_tui.domain.tasks import TaskLog
from backfill_tui.domain.text import harmless
from backfill_tui.ui.widgets.log_pages import LogPage

BAD: Final = re.compile(r"\b(?:ERROR|CRITICAL)\b|^\s*Traceback \(|^\s*[\w.]*(?:Error|Exception)\b")
_EXCEPTION: Final = re.compile(r"(?:^|\s)((?:[A-Za-z_][\w.]*)?(?:Error|Exception|Interrupt|Timeout)\b: .*)")
_TAB: Final = 4


def last_exception(lines: Sequence[str]) -> str:
    """The last exception some lines name, `KeyError: 'sku'`; empty when they name none."""
    for line in reversed(lines):
        found = _EXCEPTION.search(harmless(line))
        if found:
            return found[1].strip()
    return ""


def page_of(log: TaskLog) -> LogPage:
    """Its lines as they are shown: harmless, without tabs, each on one line."""
    lines = (line for raw in log.lines for line in harmless(raw).expandtabs(_TAB).split("\n"))
    return LogPage(tuple(lines), log.begins, log.ends)
