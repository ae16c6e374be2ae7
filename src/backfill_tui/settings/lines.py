"""On which line of a TOML file a key is set, told by the parser itself."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module


def parsed(text: str) -> dict[str, object]:
    """The values of a TOML text; raises ValueError with its place where it is none."""
    # By name, because a type checker that thinks of 3.10 finds no tomli where 3.11 runs it.
    toml = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    found: dict[str, object] = toml.loads(text)
    return found


def line_of(text: str, path: Sequence[str]) -> int | None:
    """The line, from 1, on which the value under the keys of `path` begins; None where there is none.

    It is the line that makes the value appear when the file is read as far as that, so whatever TOML allows
    is found: dotted keys, tables in a line, keys in quotes. What looks like a key in a text is none.
    """
    lines = text.split("\n")
    begins = 1
    for number in range(1, len(lines) + 1):
        try:
            found = parsed("\n".join([*lines[:number], ""]))
        except ValueError:
            # In the middle of a value of several lines.
            continue
        if _has(found, path):
            return begins
        begins = number + 1
    return None


def _has(values: object, path: Sequence[str]) -> bool:
    for key in path:
        if not isinstance(values, dict) or key not in values:
            return False
        values = values[key]
    return True
