"""A plan in a short text, by which a later look at the world is compared with it.

A fingerprint is `2.DATES.WHAT`: a digest of the dates, and what was to become of each with the state of its
run, a byte a date, compressed. So it needs no memory of the plan to say what has changed since: the caller
may be another process, days later.
"""

from __future__ import annotations

import binascii
import hashlib
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import Counter
from typing import Final

from backfill_tui.domain.numbers import counted
from backfill_tui.domain.outcomes import JudgedDates, Outcome, Verdict
from backfill_tui.domain.plan_dates import DateColumns
from backfill_tui.domain.states import RunState

_FORM: Final = "2"
_VERDICTS: Final = tuple(Verdict)
_STATES: Final[tuple[RunState | None, ...]] = (None, *RunState)
_LARGEST: Final = 16 * 1024 * 1024
"""More dates than a plan can have: what claims more is not a fingerprint."""


def fingerprint_of(judged: JudgedDates) -> str:
    """The fingerprint of dates and what becomes of them, whether the runs go forwards or backwards."""
    packed = urlsafe_b64encode(zlib.compress(_codes(judged), 1)).decode()
    return ".".join((_FORM, _digest(judged.dates), packed))


def what_changed(fingerprint: str, judged: JudgedDates) -> str:
    """What has happened since the fingerprint was taken, in words; empty when nothing has.

    `2 dates now succeeded, 1 is running`: the words say how things are, not how they were.
    """
    before = _read(fingerprint)
    if before is None:
        return "the fingerprint is not one of this program"
    dates, codes = before
    now = _codes(judged)
    if dates != _digest(judged.dates) or len(codes) != len(now):
        return f"the schedule now gives other dates, {len(now):,} of them"
    if codes == now:
        return ""
    return _in_words(
        Counter(
            _news(was, judged.outcome(place))
            for place, (was, is_) in enumerate(zip(codes, now, strict=True))
            if was != is_
        )
    )


def _in_words(changes: Counter[str]) -> str:
    if not changes:
        return ""
    (first, count), *others = sorted(changes.items(), key=lambda change: (-change[1], change[0]))
    words = [f"{counted(count, 'date')} {_conjugated(first, count)}"]
    words += [f"{number:,} {_conjugated(news, number)}" for news, number in others]
    return ", ".join(words)


def _news(before: int, outcome: Outcome) -> str:
    verdict, state = _VERDICTS[before // len(_STATES)], _STATES[before % len(_STATES)]
    if (now := _state(outcome)) is not state:
        return "{has} no run any more" if now is None else _NEWS_OF_A_RUN[now]
    if outcome.verdict is Verdict.NOT_YET:
        return "{is} not due any more"
    return "{is} now due" if verdict is Verdict.NOT_YET else _NEWS_OF_A_VERDICT[outcome.verdict]


_NEWS_OF_A_RUN: Final = {
    RunState.SUCCESS: "now succeeded",
    RunState.FAILED: "now failed",
    RunState.QUEUED: "{is} queued",
    RunState.RUNNING: "{is} running",
}
# With the same run, or none, as before: a run id that was taken or set free, another reprocess behavior.
_NEWS_OF_A_VERDICT: Final = {
    Verdict.CREATE: "can have a run now",
    Verdict.REPROCESS: "{is} taken again now",
    Verdict.SKIP_EXISTS: "{is} left now",
    Verdict.SKIP_IN_FLIGHT: "{has} a run id that is taken",
}


def _conjugated(news: str, count: int) -> str:
    plural = count != 1
    return news.format(**{"is": "are" if plural else "is", "has": "have" if plural else "has"})


def _digest(dates: DateColumns) -> str:
    digest = hashlib.sha256()
    for column in (dates.identities, dates.run_afters or dates.interval_ends):
        digest.update(len(column).to_bytes(8, "big") + column)
    for key in dates.partition_keys or ():
        digest.update(f"{key}\n".encode())
    return digest.hexdigest()[:24]


def _codes(judged: JudgedDates) -> bytes:
    return judged.mapped(bytes(_code(outcome) for outcome in judged.outcomes))


def _code(outcome: Outcome) -> int:
    return _VERDICTS.index(outcome.verdict) * len(_STATES) + _STATES.index(_state(outcome))


def _state(outcome: Outcome) -> RunState | None:
    return None if outcome.existing is None else outcome.existing.state


def _read(fingerprint: str) -> tuple[str, bytes] | None:
    try:
        form, dates, packed = fingerprint.split(".")
        unpacker = zlib.decompressobj()
        what = unpacker.decompress(urlsafe_b64decode(packed), _LARGEST)
    except (ValueError, binascii.Error, zlib.error):
        return None
    return (dates, what) if form == _FORM and unpacker.eof else None
