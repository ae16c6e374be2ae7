"""The file of a log on this machine, a page at a time: a log of a gigabyte costs no more than its page."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from airflow.utils.log.file_task_handler import FileTaskHandler, StructuredLogMessage
from pydantic import ValidationError

from backfill_tui.bridge.log_lines import lines_of

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

_BLOCK: Final = 256 * 1024
_MOST_BYTES: Final = 8 * 1024 * 1024
"""A page is no larger than this, however long its lines are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePage:
    """Some lines of a log, and the bytes of its file they come from."""

    lines: tuple[str, ...]
    begins: int
    ends: int


def only_file_of(handler: Any, instance: Any, try_number: int, session: Session) -> Path | None:
    """The file that is the whole log; None where it is more than that, or elsewhere, or not there at all.

    Where Airflow would look into a remote store too, would merge several files (those of triggers) or has a
    handler of another kind, only its own reader knows the log. Names and the check of symbolic links are
    those of Airflow 3.3 utils/log/file_task_handler.py, `_read` and `_read_from_local`.
    """
    if type(handler) is not FileTaskHandler or _remote_store() is not None:
        return None
    name = handler._render_filename(instance, try_number, session=session)  # noqa: SLF001  # the only way to it
    path = Path(handler.local_base, name)
    found = list(path.parent.glob(f"{path.name}*"))
    if len(found) != 1:
        return None
    base, real = os.path.realpath(handler.local_base), os.path.realpath(found[0])
    return Path(real) if os.path.commonpath([base, real]) == base else None


def _remote_store() -> object | None:
    from airflow.logging_config import get_remote_task_log

    found: object | None = get_remote_task_log()
    return found


def read_page(
    path: Path, *, max_lines: int, before: int | None = None, after: int = 0, ended: bool
) -> FilePage:
    """The last lines between two places of a file, whole messages only; places are bytes.

    What nobody has ended with a newline yet belongs to it only when the task has `ended`. A place behind the
    end of the file, which was replaced then, counts as none.
    """
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        end = size if before is None else min(before, size)
        floor = after if after <= end else 0
        begin, data = _back_from(file, end, floor, max_lines)
    if not ended and before is None:
        data = data[: data.rfind(b"\n") + 1]
        end = begin + len(data)
    if begin > floor:
        cut = data.find(b"\n") + 1
        if not cut or cut == len(data):
            words = f"({len(data):,} bytes without a new line were left out)"
            return FilePage(lines=(words,) if data else (), begins=begin, ends=end)
        begin, data = begin + cut, data[cut:]
    return _last_messages(data, begin, end, max_lines)


def _back_from(file: BinaryIO, end: int, floor: int, most_lines: int) -> tuple[int, bytes]:
    """What stands before a place: as much as surely has so many lines, or all down to the floor."""
    begin, newlines, blocks = end, 0, list[bytes]()
    while begin > floor and newlines <= most_lines + 1 and end - begin < _MOST_BYTES:
        size = min(_BLOCK, begin - floor)
        begin -= size
        file.seek(begin)
        blocks.append(file.read(size))
        newlines += blocks[-1].count(b"\n")
    return begin, b"".join(reversed(blocks))


def _last_messages(data: bytes, begin: int, end: int, max_lines: int) -> FilePage:
    """The last messages that have at most so many lines together; of a longer one its last lines."""
    *whole, rest = data.split(b"\n")
    raws = [raw + b"\n" for raw in whole] + ([rest] if rest else [])
    shown: list[list[str]] = []
    count, at = 0, end
    for raw in reversed(raws):
        lines = _lines(raw)
        if count + len(lines) > max_lines and count:
            break
        shown.append(lines[-max_lines:])
        count += len(shown[-1])
        at -= len(raw)
    found = tuple(line for lines in reversed(shown) for line in lines)
    return FilePage(lines=found, begins=at if len(shown) < len(raws) else begin, ends=end)


def _lines(raw: bytes) -> list[str]:
    """One line of the file as Airflow reads it: a message in JSON, else a text."""
    text = raw.decode("utf-8", "replace").rstrip("\r\n")
    if not text:
        return []
    try:
        message = StructuredLogMessage.model_validate_json(text)
    except ValidationError:
        message = StructuredLogMessage(event=text)
    return list(lines_of([message]))
