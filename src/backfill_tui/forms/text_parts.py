"""Long listings as text in parts: no more of them is held than is written together."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from json.encoder import encode_basestring_ascii
from typing import Final, TypeVar

E = TypeVar("E")

_AT_A_TIME: Final = 1_000
"""So many rows of a long listing are written together."""


def json_parts(
    before: Mapping[str, object],
    name: str,
    entries: Iterable[Mapping[str, object]],
    after: Mapping[str, object],
    *,
    at_a_time: int = _AT_A_TIME,
) -> Iterator[str]:
    """One JSON object with a long list under `name`, letter for letter what `json.dumps` gives indented.

    `before` and `after` must not be empty.
    """
    head = json.dumps(before, indent=2)[:-2]
    yield f"{head},\n  {json.dumps(name)}: ["
    begun = False
    for some in batches(entries, at_a_time):
        texts = ",\n    ".join(indented(entry, "    ") for entry in some)
        yield f",\n    {texts}" if begun else f"\n    {texts}"
        begun = True
    # Only now: what stands after the list may be counted while it is written.
    tail = json.dumps(after, indent=2)[1:]
    yield ("\n  ]" if begun else "]") + f",{tail}\n"


def csv_parts(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """A header and rows as RFC 4180 has them; cells are taken as they are."""
    lines: Iterator[Sequence[object]] = chain([header], rows)
    for some in batches(lines):
        text = io.StringIO()
        csv.writer(text).writerows(some)
        yield text.getvalue()


def batches(entries: Iterable[E], at_a_time: int = _AT_A_TIME) -> Iterator[list[E]]:
    """The entries, some at a time."""
    remaining = iter(entries)
    while some := list(islice(remaining, at_a_time)):
        yield some


def indented(value: object, margin: str = "") -> str:
    """What `json.dumps` gives with an indent of 2, whose own way of doing that takes several times as long.

    Keys must be text.
    """
    if isinstance(value, str):
        return encode_basestring_ascii(value)
    if value is None:
        return "null"
    if isinstance(value, (dict, list)) and value:
        inner = f"{margin}  "
        if isinstance(value, list):
            return (
                f"[\n{inner}" + f",\n{inner}".join(indented(each, inner) for each in value) + f"\n{margin}]"
            )
        pairs = (f"{encode_basestring_ascii(key)}: {indented(each, inner)}" for key, each in value.items())
        return f"{{\n{inner}" + f",\n{inner}".join(pairs) + f"\n{margin}}}"
    return json.dumps(value)
