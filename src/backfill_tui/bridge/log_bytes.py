"""A log open for reading at any place, by any number of threads."""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from typing_extensions import Self

_BLOCK: Final = 256 * 1024
LONGEST: Final = 8 * 1024 * 1024
"""Bytes that are read at once at most, however long a line is."""


class LogBytes:
    """The bytes of a log; it closes the descriptor it is given."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def of(cls, path: Path) -> LogBytes:
        """Those of a file; raises OSError."""
        return cls(os.open(path, os.O_RDONLY))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._descriptor)

    @property
    def size(self) -> int:
        """How many there are now."""
        return os.fstat(self._descriptor).st_size

    def read(self, at: int, size: int) -> bytes:
        """So many from a place on; fewer at the end."""
        parts: list[bytes] = []
        while size > 0 and (part := os.pread(self._descriptor, size, at)):
            parts.append(part)
            at += len(part)
            size -= len(part)
        return b"".join(parts)

    def end(self, *, ended: bool) -> int:
        """Where the log ends: behind its last newline as long as its task writes."""
        end = begin = self.size
        while not ended and begin > 0 and end - begin < LONGEST:
            size = min(_BLOCK, begin)
            begin -= size
            cut = self.read(begin, size).rfind(b"\n") + 1
            if cut or not begin:
                return begin + cut
        return end

    def back_from(self, end: int, floor: int, most_lines: int) -> tuple[int, bytes]:
        """What stands before a place, and where: as much as surely has so many lines, or all to the floor."""
        begin, newlines, blocks = end, 0, list[bytes]()
        while begin > floor and newlines <= most_lines + 1 and end - begin < LONGEST:
            size = min(_BLOCK, begin - floor)
            begin -= size
            blocks.append(self.read(begin, size))
            newlines += blocks[-1].count(b"\n")
        return begin, b"".join(reversed(blocks))

    def on_from(self, begin: int, end: int, most_lines: int) -> bytes:
        """What stands after a place: as much as surely has so many lines, or all up to the end."""
        size, newlines, blocks = 0, 0, list[bytes]()
        while begin + size < end and newlines <= most_lines + 1 and size < LONGEST:
            block = self.read(begin + size, min(_BLOCK, end - begin - size))
            if not block:
                break
            blocks.append(block)
            size += len(block)
            newlines += block.count(b"\n")
        return b"".join(blocks)
