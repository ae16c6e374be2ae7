"""How long to wait between two attempts, as one types it."""

from __future__ import annotations

import re
from typing import Final

from backfill_tui.domain.problems import BadRequest
from backfill_tui.domain.text import one_line

_SECONDS: Final = {"s": 1, "m": 60, "h": 3600}
_PARTS: Final = re.compile(r"(\d+)\s*([smh])\s*")
_MOST: Final = 7 * 24 * 3600


def parse_rest(text: str) -> int:
    """The seconds of `90s`, `5m`, `1h30m`; BadRequest for what is none, or is longer than a week."""
    whole = re.fullmatch(rf"(?:{_PARTS.pattern})+", text.strip().lower())
    if whole is None:
        raise BadRequest(f'"{one_line(text)}" is not a time to wait', remedy="write it like 90s, 5m or 1h30m")
    seconds = sum(int(number) * _SECONDS[unit] for number, unit in _PARTS.findall(whole[0]))
    if seconds > _MOST:
        raise BadRequest(f'"{one_line(text)}" is longer than a week', remedy="write a shorter time")
    return seconds
