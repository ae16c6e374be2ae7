"""Where what is to be kept goes: stdout, or a file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from backfill_tui.domain.numbers import counted
from backfill_tui.domain.text import one_line
from backfill_tui.forms.files import check_free, write_file
from backfill_tui.headless.session import Session

HOW_TO_FORCE: Final = "add --force to write over it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where an export goes; without a path to stdout. `force` writes over a file that is there."""

    path: Path | None = None
    force: bool = False

    def check(self) -> None:
        """Raise a Problem for a path that could not be written."""
        if self.path is not None:
            check_free(self.path, force=self.force, how_to_force=HOW_TO_FORCE)

    def write(self, session: Session, parts: Iterable[str]) -> None:
        """Write it there, and say where."""
        if self.path is None:
            session.paper.parts(parts)
            return
        size = write_file(self.path, parts, force=self.force, how_to_force=HOW_TO_FORCE)
        session.voice.say(f"Written to {one_line(str(self.path))}, {counted(size, 'byte')}")
