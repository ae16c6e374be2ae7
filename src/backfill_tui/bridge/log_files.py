"""A log a page at a time: one of a gigabyte costs no more than its page."""

from __future__ import annotations

from dataclasses import dataclass

from backfill_tui.bridge.log_bytes import LogBytes
from backfill_tui.bridge.log_lines import lines_of


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePage:
    """Some lines of a log, the bytes they come from, and how many the whole has."""

    lines: tuple[str, ...]
    begins: int
    ends: int
    whole: int


def read_page(
    log: LogBytes, *, max_lines: int, before: int | None = None, after: int = 0, ended: bool
) -> FilePage:
    """The last lines between two places of a log, whole messages only; places are bytes.

    What nobody has ended with a newline yet belongs to it only when the task has `ended`. A place behind the
    end, where the log was replaced, counts as none.
    """
    whole = log.end(ended=ended)
    end = whole if before is None else min(before, whole)
    floor = after if after <= end else 0
    begin, data = log.back_from(end, floor, max_lines)
    if begin > floor:
        cut = data.find(b"\n") + 1
        if not cut or cut == len(data):
            return FilePage(lines=_left_out(data), begins=begin, ends=end, whole=whole)
        begin, data = begin + cut, data[cut:]
    lines, at = _last_messages(data, begin, end, max_lines)
    return FilePage(lines=lines, begins=at, ends=end, whole=whole)


def read_page_after(log: LogBytes, *, max_lines: int, after: int, ended: bool) -> FilePage:
    """The first lines after a place of a log, whole messages only."""
    whole = log.end(ended=ended)
    begin = after if after <= whole else 0
    data = log.on_from(begin, whole, max_lines)
    if not data.endswith(b"\n") and begin + len(data) < whole:
        cut = data.rfind(b"\n") + 1
        if not cut:
            return FilePage(lines=_left_out(data), begins=begin, ends=begin + len(data), whole=whole)
        data = data[:cut]
    lines, at = _first_messages(data, begin, max_lines)
    return FilePage(lines=lines, begins=begin, ends=at, whole=whole)


def _left_out(data: bytes) -> tuple[str, ...]:
    return (f"({len(data):,} bytes without a new line were left out)",) if data else ()


def _raws(data: bytes) -> list[bytes]:
    *whole, rest = data.split(b"\n")
    return [raw + b"\n" for raw in whole] + ([rest] if rest else [])


def _last_messages(data: bytes, begin: int, end: int, max_lines: int) -> tuple[tuple[str, ...], int]:
    """The last messages that have at most so many lines together; of a longer one its last lines."""
    raws = _raws(data)
    taken: list[list[str]] = []
    count, at = 0, end
    for raw in reversed(raws):
        lines = lines_of(raw)
        if count + len(lines) > max_lines and count:
            break
        taken.append(lines[-max_lines:])
        count += len(taken[-1])
        at -= len(raw)
    found = tuple(line for lines in reversed(taken) for line in lines)
    return found, at if len(taken) < len(raws) else begin


def _first_messages(data: bytes, begin: int, max_lines: int) -> tuple[tuple[str, ...], int]:
    """The first messages that have at most so many lines together; of a longer one its first lines."""
    found: list[str] = []
    at = begin
    for raw in _raws(data):
        lines = lines_of(raw)
        if len(found) + len(lines) > max_lines and found:
            break
        found += lines[:max_lines]
        at += len(raw)
    return tuple(found), at
