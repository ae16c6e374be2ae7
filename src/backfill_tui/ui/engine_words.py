"""What is said when the engine ends."""

from __future__ import annotations

from typing import Literal, NamedTuple

from backfill_tui.domain.environment import EngineStatus
from backfill_tui.domain.text import one_line
from backfill_tui.ui.keymap import shown_key


class EngineNotice(NamedTuple):
    """A sentence, and how loud it is."""

    words: str
    severity: Literal["warning", "error"]


def engine_notice(old: EngineStatus | None, new: EngineStatus | None) -> EngineNotice | None:
    """What the step from one status to another is worth saying, None for most: a problem is told once."""
    if new is None:
        return None
    if new.problem and (old is None or old.problem != new.problem):
        where = f" (its log: {new.log_path})" if new.log_path else ""
        return EngineNotice(one_line(f"The engine stopped: {new.problem}{where}"), "error")
    if old is not None and old.running and not new.running:
        key = shown_key("app.engine")
        return EngineNotice(f"The engine was stopped from elsewhere: {key} starts it again", "warning")
    return None
