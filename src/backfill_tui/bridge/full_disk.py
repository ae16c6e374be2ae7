"""A disk that has filled up, told from the words of whoever could not write to it."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Final

from backfill_tui.domain.problems import Unreachable

FULL: Final = "The disk is full"
_SURE: Final = ("No space left", "database or disk is full", "Disk quota")
# SQLite says these of a full disk too, when it can not grow the files beside the database, but not only then.
_PERHAPS: Final = ("disk I/O error", "unable to open database file")
_HARDLY_ANY: Final = 128 * 1024
"""Bytes free; SQLite adds to the files beside the database in steps of 32 KiB."""


def means_full(error: OSError) -> bool:
    """Whether a file could not be written for want of space."""
    return error.errno in {errno.ENOSPC, errno.EDQUOT}


def says_full(told: str, folder: Path) -> bool:
    """Whether an error's words mean that the disk of a folder is full."""
    if any(words in told for words in _SURE):
        return True
    return any(words in told for words in _PERHAPS) and _free_bytes(folder) < _HARDLY_ANY


def disk_is_full(told: str) -> Unreachable | None:
    """The problem when `told`, an error's words, means that the disk of the database is full; else None."""
    home = os.environ.get("AIRFLOW_HOME", "")
    if not says_full(told, Path(home)):
        return None
    where = f" in {home}" if home and "sqlite3" in told else ""
    return Unreachable(
        f"{FULL}: Airflow's database{where} can not be written",
        remedy="free some space, then try again",
        detail=told,
    )


def _free_bytes(folder: Path) -> int:
    try:
        found = os.statvfs(folder)
    except OSError:
        # Nothing is known of it, so nothing is said of it.
        return _HARDLY_ANY
    return found.f_bavail * found.f_frsize
