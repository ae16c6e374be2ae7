"""A plan in a short text, by which a later look at the world is compared with it.

A fingerprint is `1.DATES.WHAT`: a digest of the dates, and what was to become of each with the state of its
run, a byte a date, compressed. So it needs no memory of the plan to say what has changed since: the caller
may be another process, days later.
"""

from __future__ import annotations

import binascii
import hashlib
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import Counter
from collections.abc import Sequence
from typing import Final

from backfill_tui.domain.planning import PlannedRun, Verdict
from backfill_tui.domain.states import RunState

_FORM: Final = "1"
_VERDICTS: Final = tuple(Verdict)
_STATES: Final[tuple[RunState | None, ...]] = (None, *RunState)
_LARGEST: Final = 16 * 1024 * 1024
"""More dates than a plan can have: what claims more is not a fingerprint."""


def fingerprint_of(runs: Sequence[PlannedRun]) -> str:
    """The fingerprint of planned runs, in whichever order they come."""
    ordered = sorted(runs, key=_place)
    dates = hashlib.sha256()
    for run in ordered:
        date = run.occurrence
        dates.update(f"{date.identity}/{date.run_after}/{date.partition_key}\n".encode())
    what = bytes(_code(run) for run in ordered)
    return ".".join((_FORM, dates.hexdigest()[:24], urlsafe_b64encode(zlib.compress(what, 9)).decode()))


def what_changed(fingerprint: str, runs: Sequence[PlannedRun]) -> str:
    """What has happened since the fingerprint was taken, in words; empty when nothing has.

    `2 dates now succeeded, 1 is running`: the words say how things are, not how they were.
    """
    now = fingerprint_of(runs)
    before = _read(fingerprint)
    if before is None:
        return "the fingerprint is not one of this program"
    dates, codes = before
    if dates != now.split(".")[1] or len(codes) != len(runs):
        return f"the schedule now gives other dates, {len(runs)} of them"
    pairs = zip(codes, sorted(runs, key=_place), strict=True)
    return _in_words(Counter(_news(code, run) for code, run in pairs if code != _code(run)))


def _in_words(changes: Counter[str]) -> str:
    if not changes:
        return ""
    (first, count), *others = sorted(changes.items(), key=lambda change: (-change[1], change[0]))
    words = [f"{count} {'date' if count == 1 else 'dates'} {_conjugated(first, count)}"]
    words += [f"{number} {_conjugated(news, number)}" for news, number in others]
    return ", ".join(words)


def _news(before: int, run: PlannedRun) -> str:
    if run.existing is not None:
        return _NEWS_OF_A_RUN[run.existing.state]
    if before % len(_STATES):
        return "{has} no run any more"
    return "{is} not due any more" if run.verdict is Verdict.NOT_YET else "{is} now due"


_NEWS_OF_A_RUN: Final = {
    RunState.SUCCESS: "now succeeded",
    RunState.FAILED: "now failed",
    RunState.QUEUED: "{is} queued",
    RunState.RUNNING: "{is} running",
}


def _conjugated(news: str, count: int) -> str:
    plural = count != 1
    return news.format(**{"is": "are" if plural else "is", "has": "have" if plural else "has"})


def _place(run: PlannedRun) -> tuple[int, int, str]:
    date = run.occurrence
    return date.run_after, date.identity or 0, date.partition_key or ""


def _code(run: PlannedRun) -> int:
    state = None if run.existing is None else run.existing.state
    return _VERDICTS.index(run.verdict) * len(_STATES) + _STATES.index(state)


def _read(fingerprint: str) -> tuple[str, bytes] | None:
    try:
        form, dates, packed = fingerprint.split(".")
        unpacker = zlib.decompressobj()
        what = unpacker.decompress(urlsafe_b64decode(packed), _LARGEST)
    except (ValueError, binascii.Error, zlib.error):
        return None
    return (dates, what) if form == _FORM and unpacker.eof else None
