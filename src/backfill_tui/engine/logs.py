"""The engine's logs: one file a process, the one before it beside it, none of them without end."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path
from typing import Final

LARGEST_BYTES: Final = 8 * 1024 * 1024
_OLD: Final = ".1"


def rotate(log: Path) -> None:
    """Put a log aside as the one before, to begin a new one."""
    if log.exists():
        log.replace(log.with_name(log.name + _OLD))


def keep_bounded(log: Path) -> None:
    """Put what a log has aside once it is too large; its writer appends and goes on in the same file."""
    try:
        if log.stat().st_size < LARGEST_BYTES:
            return
    except FileNotFoundError:
        return
    # On a full disk there is no room for what it has, and all the more reason to let it go.
    with suppress(OSError):
        shutil.copyfile(log, log.with_name(log.name + _OLD))
    with log.open("r+b") as file:
        file.truncate(0)


def tail(log: Path, size: int) -> str:
    """The last `size` bytes of a log as text, outside text; empty when there is none."""
    try:
        with log.open("rb") as file:
            end = file.seek(0, 2)
            file.seek(max(0, end - size))
            return file.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return ""
