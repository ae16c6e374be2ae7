"""What goes to stdout: data, and nothing else."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from json.encoder import encode_basestring_ascii
from typing import Final, TextIO, TypeVar

from backfill_tui.domain.problems import Unreachable
from backfill_tui.domain.text import harmless
from backfill_tui.headless.tables import Table, for_terminal, plain_lines

_DRAWN_ROWS: Final = 2_000
"""A longer table is written plainly on a terminal too: measuring it takes rich many seconds."""

_AT_A_TIME: Final = 1_000
"""So many rows of a long listing are written together; no more of them are held."""


E = TypeVar("E")


class Paper:
    """Stdout. Every write is flushed, so that a reader that is gone or a full disk is noticed at once."""

    def __init__(self, stream: TextIO, *, is_terminal: bool) -> None:
        self._stream = stream
        self._is_terminal = is_terminal

    def json(self, value: Mapping[str, object], *, indent: int | None = 2) -> None:
        """One JSON object, in ASCII: no control code of outside text can reach a terminal."""
        self._write(json.dumps(value, indent=indent) + "\n")

    def json_listing(
        self,
        before: Mapping[str, object],
        name: str,
        entries: Iterable[Mapping[str, object]],
        after: Mapping[str, object],
    ) -> None:
        """One JSON object with a long list under `name`, whose entries are written as they are made.

        It is letter for letter what `json` writes; `before` and `after` must not be empty.
        """
        head = json.dumps(before, indent=2)[:-2]
        tail = json.dumps(after, indent=2)[1:]
        self._write(f"{head},\n  {json.dumps(name)}: [")
        begun = False
        for some in _batches(entries):
            texts = ",\n    ".join(indented(entry, "    ") for entry in some)
            self._write(f",\n    {texts}" if begun else f"\n    {texts}")
            begun = True
        self._write(("\n  ]" if begun else "]") + f",{tail}\n")

    def json_line(self, value: Mapping[str, object]) -> None:
        """One JSON object on one line (NDJSON)."""
        self.json(value, indent=None)

    def line(self, text: str = "") -> None:
        """One line of outside text, made harmless."""
        self._write(harmless(text) + "\n")

    def csv(self, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """A header and rows as RFC 4180 has them, written as they are made; cells are taken as they are."""
        lines: Iterator[Sequence[object]] = chain([header], rows)
        for some in _batches(lines):
            text = io.StringIO()
            csv.writer(text).writerows(some)
            self._write(text.getvalue())

    def table(self, table: Table) -> None:
        """A table: as wide as the terminal, or in a pipe as wide as it is."""
        if not self._is_terminal or len(table.rows) > _DRAWN_ROWS:
            for lines in _batches(plain_lines(table)):
                self._write("".join(f"{line}\n" for line in lines))
            return
        from rich.console import Console

        console = Console(file=self._stream, highlight=False, markup=False, emoji=False)
        with console.capture() as drawn:
            console.print(for_terminal(table))
        self._write(drawn.get())

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except BrokenPipeError:
            raise
        except OSError as cause:
            raise Unreachable(
                f"The output can not be written: {cause.strerror}", remedy="see to where stdout goes"
            ) from cause


def _batches(entries: Iterable[E]) -> Iterator[list[E]]:
    remaining = iter(entries)
    while some := list(islice(remaining, _AT_A_TIME)):
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
