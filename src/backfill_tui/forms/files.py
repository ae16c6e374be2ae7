"""Writing a file whole or not at all, for its owner alone, and over no other one unless that is wanted."""

from __future__ import annotations

import errno
import os
import re
import secrets
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from backfill_tui.domain.enums import StrEnum
from backfill_tui.domain.problems import BadRequest, Problem, Refused, Unreachable
from backfill_tui.domain.text import one_line

_LONGEST_NAME: Final = 80
_OTHER: Final = re.compile(r"[^A-Za-z0-9._-]+")
_NO_LINKS: Final = frozenset({errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP, errno.EMLINK, errno.EXDEV})


class Format(StrEnum):
    """The forms of an export, which are the ends of its files' names too."""

    CSV = "csv"
    JSON = "json"
    HTML = "html"


def format_of(path: str) -> Format | None:
    """The form that a file's name asks for, None where it names none."""
    suffix = Path(path).suffix.lower().removeprefix(".")
    if suffix == "htm":
        return Format.HTML
    return Format(suffix) if suffix in set(Format) else None


def file_name(*words: str | int, form: Format) -> str:
    """A name for a file out of outside text: nothing in it is special to a shell or to a folder."""
    name = "-".join(_OTHER.sub("-", str(word)) for word in words).strip("-.")
    return f"{name[:_LONGEST_NAME].strip('-.') or 'export'}.{form}"


def path_named(text: str) -> Path:
    """The file that a person names, with a home for its `~`; BadRequest where there is no such home."""
    path = Path(text)
    try:
        return path.expanduser()
    except RuntimeError:
        # As it is while somebody writes a `~` before a name that stands there.
        raise BadRequest(
            f"There is no home of {one_line(path.parts[0].removeprefix('~')) or 'yours'}",
            remedy="write ~/ and a name, or the path from the root",
        ) from None


def check_free(path: Path, *, force: bool, how_to_force: str) -> None:
    """Raise a Problem for a path that could not be written, before anything is read for it."""
    try:
        kind = path.lstat().st_mode if not path.exists() else path.stat().st_mode
    except FileNotFoundError:
        if not path.parent.is_dir():
            raise BadRequest(f"There is no folder {_said(path.parent)}", remedy="make it first") from None
        return
    except (OSError, ValueError) as cause:
        raise _unwritable(path, cause) from cause
    if stat.S_ISDIR(kind):
        raise BadRequest(f"{_said(path)} is a folder", remedy="name a file in it")
    if not stat.S_ISREG(kind) and not stat.S_ISLNK(kind):
        raise BadRequest(f"{_said(path)} is no plain file", remedy="write to stdout instead, with -")
    if not force:
        raise _there_already(path, how_to_force)


def write_file(path: Path, parts: Iterable[str], *, force: bool, how_to_force: str) -> int:
    """Write the parts as they come, and give the file its name once it is whole; how many bytes it has.

    What is interrupted, or can not be written, leaves nothing behind and what was there as it was.
    """
    check_free(path, force=force, how_to_force=how_to_force)
    draft = path.with_name(f".backfill-tui-{secrets.token_hex(8)}.part")
    try:
        size = _fill(draft, parts)
        _give_name(draft, path, force=force, how_to_force=how_to_force)
    except OSError as cause:
        raise _unwritable(path, cause) from cause
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
    return size


def _fill(draft: Path, parts: Iterable[str]) -> int:
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    # A lone surrogate, which no encoding has, is shown as a question mark rather than ending the export.
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace", newline="") as stream:
        stream.writelines(parts)
        stream.flush()
        os.fsync(stream.fileno())
        return os.fstat(stream.fileno()).st_size


def _give_name(draft: Path, path: Path, *, force: bool, how_to_force: str) -> None:
    if force:
        draft.replace(path)
        return
    try:
        # A second name is refused where there is such a file by now; a new name would take its place.
        path.hardlink_to(draft)
    except FileExistsError:
        raise _there_already(path, how_to_force) from None
    except OSError as cause:
        if cause.errno not in _NO_LINKS:
            raise
        check_free(path, force=False, how_to_force=how_to_force)
        draft.replace(path)


def _there_already(path: Path, how_to_force: str) -> Problem:
    return Refused(f"{_said(path)} is there already", remedy=how_to_force)


def _unwritable(path: Path, cause: Exception) -> Problem:
    why = cause.strerror if isinstance(cause, OSError) and cause.strerror else str(cause)
    return Unreachable(f"{_said(path)} can not be written: {one_line(why)}", remedy="choose another place")


def _said(path: Path) -> str:
    return one_line(str(path))
