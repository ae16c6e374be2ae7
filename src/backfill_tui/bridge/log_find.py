"""A text looked for in a log file: block by block, in either direction, in as much memory as a block takes.

A line of the file is read as a message only when it may have the text: what is shown of a message are letters
and digits that stand in the file, but for a few words (a traceback's own) and times of other zones.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

from backfill_tui.bridge.log_bytes import LONGEST, LogBytes
from backfill_tui.bridge.log_lines import lines_of
from backfill_tui.domain.log_search import Search, shown

_BLOCK: Final = 1024 * 1024
_RUNS: Final = re.compile(r"[a-z]{2,}|\d{2,}", re.ASCII)
_MADE_UP: Final = (
    *(
        "traceback",
        "most",
        "recent",
        "call",
        "last",
        "file",
        "line",
        "in",
        "exception",
        "true",
        "false",
        "none",
    ),
    *(
        "the",
        "above",
        "was",
        "direct",
        "cause",
        "of",
        "following",
        "during",
        "handling",
        "another",
        "occurred",
    ),
)
"""Words of a line that do not stand in the file: those of a traceback, and Python's words for JSON's."""

_TIMES: Final = re.compile(rb'"timestamp": ?"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z"')
"""Times that are shown in the digits they are written in."""

_BAD_LETTERS: Final = (b"error", b"critical", b"exception", b"traceback")
"""One of these stands in the file where a line of an error is shown."""

_HIDING: Final = (b"\\u", b"\x1b", b"\xc2", *(one.encode() for one in "\u0130\u0131\u017f\u212a"))
"""One of these begins a control code, plain or in JSON, or is a letter that `re` takes for one of ASCII.

Without it a word that is shown stands in the file as it is, but for capitals.
"""

_BEYOND_ASCII: Final = re.compile("[^\x00-\x9f\ufffd]+")
"""What is shown of these is written as they are."""

_WAYS: Final = 8
"""In so many ways, with capitals and without, a word beyond ASCII is looked for at most."""


@dataclass(frozen=True, slots=True)
class FoundMessage:
    """A message with lines that were looked for: its bytes, and which of its `lines` they are."""

    begins: int
    ends: int
    lines: int
    matching: tuple[int, ...]


def find(
    log: LogBytes, search: Search, *, start: int | None, step: int, ended: bool, look: Callable[[], None]
) -> FoundMessage | None:
    """The next message from a place on, on and on around the end; None where the log has none.

    `look` is called at every block, and may raise to give up.
    """
    end = log.end(ended=ended)
    middle = (0 if step > 0 else end) if start is None else min(start, end)
    parts = ((middle, end), (0, middle)) if step > 0 else ((0, middle), (middle, end))
    for part in parts:
        for found in _messages(log, search, part, step, look):
            return found
    return None


def count(
    log: LogBytes, search: Search, *, start: int, most: int, ended: bool, look: Callable[[], None]
) -> tuple[list[int], int, bool]:
    """The lines from a place on: where the message of each begins, how far was read, if more follow."""
    places: list[int] = []
    end = log.end(ended=ended)
    for found in _messages(log, search, (min(start, end), end), 1, look):
        places += [found.begins] * len(found.matching)
        if len(places) >= most:
            return places, found.ends, True
    return places, end, False


def _messages(
    log: LogBytes, search: Search, span: tuple[int, int], step: int, look: Callable[[], None]
) -> Iterator[FoundMessage]:
    pattern, runs = search.pattern, _runs_of(search)
    for at, block in (_onwards if step > 0 else _backwards)(log, *span):
        look()
        candidates = _candidates(block, runs)
        for begin, end in candidates if step > 0 else reversed(list(candidates)):
            lines = [part for line in lines_of(block[begin:end]) for part in shown(line)]
            matching = tuple(number for number, line in enumerate(lines) if pattern.search(line))
            if matching:
                yield FoundMessage(at + begin, at + end, len(lines), matching)


def _runs_of(search: Search) -> tuple[bytes, ...]:
    """Runs of letters or digits one of which every message with the text has; none where none is sure."""
    if not search.words:
        return _BAD_LETTERS
    # Only letters of ASCII are made small here: others may become some of them.
    plain = _RUNS.findall(search.words.encode().lower().decode())
    found: list[tuple[bytes, ...]] = [
        (run.encode(),) for run in plain if not any(run in word for word in _MADE_UP)
    ]
    found += [_ways(word) for word in _BEYOND_ASCII.findall(search.words)]
    return max(found, key=lambda runs: min(map(len, runs)), default=())


def _ways(word: str) -> tuple[bytes, ...]:
    """Every way to write the beginning of a word beyond ASCII, as far as there are few."""
    found = [""]
    for letter in word:
        # What `re` takes for the same, as `str.lower` does not always.
        same = set(re.findall(re.escape(letter), _cased(), re.IGNORECASE)) or {letter}
        if len(found) * len(same) > _WAYS:
            break
        found = [begun + one for begun in found for one in sorted(same)]
    return tuple(one.encode() for one in found)


@cache
def _cased() -> str:
    """All letters beyond ASCII that have capitals, or are some."""
    return "".join(one for one in map(chr, range(0x80, 0x1F000)) if one.lower() != one or one.upper() != one)


def _candidates(block: bytes, runs: tuple[bytes, ...]) -> Iterator[tuple[int, int]]:
    """Where the lines of a block begin and end that may have the text."""
    if any(run.isdigit() for run in runs) and len(_TIMES.findall(block)) < block.count(b'"timestamp"'):
        runs = ()
    if runs and not _hides(block):
        yield from _lines_with(block, runs)
        return
    begin = 0
    while begin < len(block):
        end = block.find(b"\n", begin) + 1 or len(block)
        line = block[begin:end].lower() if runs else b""
        if not runs or any(one in line for one in runs) or _hides(line):
            yield begin, end
        begin = end


def _hides(text: bytes) -> bool:
    # A single byte is found many times faster than two.
    return any(mark[:1] in text and mark in text for mark in _HIDING)


def _lines_with(block: bytes, runs: tuple[bytes, ...]) -> Iterator[tuple[int, int]]:
    low = block.lower()
    heads = {one: low.find(one) for one in runs}
    while heads := {one: at for one, at in heads.items() if at >= 0}:
        first = min(heads.values())
        begin, end = low.rfind(b"\n", 0, first) + 1, low.find(b"\n", first) + 1 or len(low)
        yield begin, end
        heads = {one: at if at >= end else low.find(one, end) for one, at in heads.items()}


def _onwards(log: LogBytes, begin: int, end: int) -> Iterator[tuple[int, bytes]]:
    """Whole lines between two places, a block at a time; a line of many MB comes in parts."""
    at = begin
    while at < end:
        size = _BLOCK
        block = log.read(at, min(size, end - at))
        while not (cut := block.rfind(b"\n") + 1) and at + len(block) < end and size < LONGEST:
            size *= 2
            block = log.read(at, min(size, end - at))
        if not block:
            return
        if cut and at + len(block) < end:
            block = block[:cut]
        yield at, block
        at += len(block)


def _backwards(log: LogBytes, begin: int, end: int) -> Iterator[tuple[int, bytes]]:
    """The same from the end to the beginning."""
    at, size = end, _BLOCK
    while at > begin:
        first = max(begin, at - size)
        block = log.read(first, at - first)
        cut = block.find(b"\n") + 1 if first > begin else 0
        if first > begin and cut in {0, len(block)}:
            # Nothing but the end of a line: look further back for its beginning, if not too far.
            if size < LONGEST:
                size *= 2
                continue
            cut = 0
        yield first + cut, block[cut:]
        at, size = first + cut, _BLOCK
