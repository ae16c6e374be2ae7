"""What goes to stdout: data, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final, TextIO

from backfill_tui.domain.problems import Unreachable
from backfill_tui.domain.text import harmless
from backfill_tui.headless.tables import Table, for_terminal, plain_lines

_DRAWN_ROWS: Final = 2_000
"""A longer table is written plainly on a terminal too: measuring it takes rich many seconds."""


class Paper:
    """Stdout. Every write is flushed, so that a reader that is gone or a full disk is noticed at once."""

    def __init__(self, stream: TextIO, *, is_terminal: bool) -> None:
        self._stream = stream
        self._is_terminal = is_terminal

    def json(self, value: Mapping[str, object], *, indent: int | None = 2) -> None:
        """One JSON object, in ASCII: no control code of outside text can reach a terminal."""
        self._write(json.dumps(value, indent=indent) + "\n")

    def json_line(self, value: Mapping[str, object]) -> None:
        """One JSON object on one line (NDJSON)."""
        self.json(value, indent=None)

    def line(self, text: str = "") -> None:
        """One line of outside text, made harmless."""
        self._write(harmless(text) + "\n")

    def table(self, table: Table) -> None:
        """A table: as wide as the terminal, or in a pipe as wide as it is."""
        if not self._is_terminal or len(table.rows) > _DRAWN_ROWS:
            self._write("".join(f"{line}\n" for line in plain_lines(table)))
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
