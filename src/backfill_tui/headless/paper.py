"""What goes to stdout: data, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TextIO

from backfill_tui.domain.problems import Unreachable
from backfill_tui.domain.text import harmless
from backfill_tui.forms.text_parts import batches, csv_parts, json_parts
from backfill_tui.headless.tables import Table, for_terminal, plain_lines

_DRAWN_ROWS: Final = 2_000
"""A longer table is written plainly on a terminal too: measuring it takes rich many seconds."""


class Paper:
    """Stdout, which may be a terminal; `ascii_signs` says that it is to be drawn on with nothing but ASCII.

    Every write is flushed, so that a reader that is gone or a full disk is noticed at once.
    """

    def __init__(self, stream: TextIO, *, is_terminal: bool, ascii_signs: bool = False) -> None:
        self._stream = stream
        self._ascii_signs = ascii_signs
        self.is_terminal = is_terminal

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
        self.parts(json_parts(before, name, entries, after))

    def json_line(self, value: Mapping[str, object]) -> None:
        """One JSON object on one line (NDJSON)."""
        self.json(value, indent=None)

    def line(self, text: str = "") -> None:
        """One line of outside text, made harmless."""
        self._write(harmless(text) + "\n")

    def csv(self, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """A header and rows as RFC 4180 has them, written as they are made; cells are taken as they are."""
        self.parts(csv_parts(header, rows))

    def parts(self, parts: Iterable[str]) -> None:
        """Text in parts, written as they are made and as they are: what makes them has made them harmless."""
        for part in parts:
            self._write(part)

    def table(self, table: Table) -> None:
        """A table: as wide as the terminal, or in a pipe as wide as it is."""
        if not self.is_terminal or len(table.rows) > _DRAWN_ROWS:
            for lines in batches(plain_lines(table)):
                self._write("".join(f"{line}\n" for line in lines))
            return
        from backfill_tui.headless.consoles import TerminalConsole

        console = TerminalConsole(self._stream, ascii_signs=self._ascii_signs)
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
