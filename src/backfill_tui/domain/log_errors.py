"""Which error a log names: the line of the exception that ended a try."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from backfill_tui.domain.text import harmless, one_line

LONGEST_ERROR: Final = 300
"""Characters of an error that are kept; the log has the rest of it."""

_EXCEPTION: Final = re.compile(r"(?:^|\s)((?:[A-Za-z_][\w.]*)?(?:Error|Exception|Interrupt|Timeout)\b: .*)")


def last_exception(lines: Sequence[str]) -> str:
    """The last exception some lines name, `KeyError: 'sku'`; empty when they name none."""
    for line in reversed(lines):
        found = _EXCEPTION.search(harmless(line))
        if found:
            return found[1].strip()
    return ""


def raised(stacks: Iterable[Any]) -> str:
    """The exception that was raised, of structlog's `ExceptionDictTransformer` form; empty when it has none.

    There it comes first, and those behind it follow.
    """
    for stack in stacks:
        if not isinstance(stack, Mapping):
            continue
        name, value = str(stack.get("exc_type") or "Exception"), str(stack.get("exc_value") or "")
        return shortened(f"{name}: {value}" if value else name)
    return ""


def shortened(error: str) -> str:
    """An error on one line, of a length that a list can take."""
    plain = one_line(error)
    return plain if len(plain) <= LONGEST_ERROR else f"{plain[: LONGEST_ERROR - 3]}..."
