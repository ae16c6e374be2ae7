"""The examples of docs/json.md, and whether two values of JSON have the same form."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

_PAGE: Final = Path(__file__).parents[2] / "docs" / "json.md"

LINES: Final = frozenset({"watch", "journal"})
"""The commands that print one object a line."""

_FREE: Final = {"task_counts", "tasks", "details", "keys"}


def documented_examples() -> dict[str, tuple[str, list[Any]]]:
    """By command: the words of its example on the page, and the values in the block below them."""
    examples = {}
    for name, words, block in re.findall(
        r"^## `([^`]+)`\n.*?^    \$ backfill-tui ([^\n]+)\n\n```json\n(.*?)```",
        _PAGE.read_text("utf-8"),
        re.MULTILINE | re.DOTALL,
    ):
        decoder, values, rest = json.JSONDecoder(), [], block.strip()
        while rest:
            value, end = decoder.raw_decode(rest)
            values.append(value)
            rest = rest[end:].lstrip()
        examples[name] = (words, values)
    return examples


def shape(value: object) -> object:
    """The keys of objects in their order; of a list the shapes of its entries, each once.

    The keys of `task_counts` and `tasks` are states and no names, those of `details` and `keys` differ.
    """
    if isinstance(value, dict):
        return {key: "value" if key in _FREE else shape(entry) for key, entry in value.items()}
    if isinstance(value, list):
        shapes: list[object] = []
        for entry in map(shape, value):
            if entry not in shapes:
                shapes.append(entry)
        return shapes
    return "value"


def same_shape(documented: object, real: object) -> bool:
    """Whether the keys are equal, in the same order; lists may be empty, and null stands for anything."""
    if "value" in (documented, real) or documented == real:
        return True
    if isinstance(documented, dict) and isinstance(real, dict):
        return list(documented) == list(real) and all(
            same_shape(documented[key], real[key]) for key in documented
        )
    if isinstance(documented, list) and isinstance(real, list):
        return all(same_shape(one, other) for one in documented for other in real)
    return False
