"""Progress as the lines that a terminal shows of it, redrawn as it goes on, and the one that stays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import Final

from rich.text import Text

from backfill_tui.domain.instants import SECOND, clock
from backfill_tui.domain.pace_words import end_words, left_words, rate_words
from backfill_tui.domain.progress import BackfillStatus, TaskProgress
from backfill_tui.domain.shares import shares
from backfill_tui.domain.text import one_line
from backfill_tui.domain.watching import RunCounts
from backfill_tui.headless.progress import Progress

_GOOD: Final = "green"
_BAD: Final = "bold red"
_BUSY: Final = "cyan"
_FAINT: Final = "dim"
_ODD: Final = "yellow"
_STYLES: Final = {
    BackfillStatus.RUNNING: "bold cyan",
    BackfillStatus.DONE: "bold green",
    BackfillStatus.DONE_WITH_FAILURES: _BAD,
    BackfillStatus.CANCELLED: _BAD,
    BackfillStatus.PAUSED: "bold yellow",
    BackfillStatus.BLOCKED: "bold yellow",
    BackfillStatus.ORPHANED: "bold yellow",
    BackfillStatus.ABANDONED: "bold yellow",
}
_WIDEST_BAR: Final = 60
_NARROWEST_BAR: Final = 8
_REASON_LINES: Final = 3
_MINUTE: Final = 60 * SECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """What bars are drawn with: each state has a shape of its own, for terminals and eyes without colours."""

    good: str
    bad: str
    busy: str
    ended: str
    rest: str


UNICODE: Final = Signs(good="━", bad="╳", busy="╍", ended="┄", rest="─")
ASCII: Final = Signs(good="=", bad="x", busy=">", ended="~", rest=".")


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When it is drawn: how long it was waited for, in microseconds, and the clock, in seconds."""

    waited: int
    now: float


def live_lines(progress: Progress, moment: Moment, signs: Signs, width: int, height: int = 24) -> list[Text]:
    """The lines while it goes on, none longer than `width`; of a low terminal those that matter most."""
    runs = _bar_line("runs ", _of_runs(progress.counts), progress.counts.included, signs, width)
    tasks = _bar_line("tasks", _of_tasks(progress.tasks), progress.tasks.total, signs, width)
    counted = _joined(_counts(progress.counts), width)
    reason = _reason(progress, width)
    lines = [
        (0, _title(progress)),
        (1, runs),
        *([(5, tasks)] if progress.tasks.total else []),
        *([(2, counted)] if counted.plain else []),
        *((3, line) for line in reason),
        (4, _joined(_times(progress, moment), width)),
    ]
    # The line the cursor stands on after them has to have room too.
    kept = sorted(sorted(range(len(lines)), key=lambda at: lines[at][0])[: max(1, height - 1)])
    return [_fitted(lines[at][1], width) for at in kept]


def last_line(progress: Progress, moment: Moment, signs: Signs, width: int) -> Text:
    """The line that stays: how far it came, and how long that took."""
    counts, tasks = progress.counts, progress.tasks
    words = f" {counts.finished:,}/{counts.included:,} runs"
    words += f"  {tasks.finished:,}/{tasks.total:,} tasks" if tasks.total else ""
    words += f"  in {clock(moment.waited)}"
    bar = _bar(_of_runs(counts), counts.included, signs, width - len(words))
    return _fitted(Text.assemble(bar, (words, _FAINT)), width)


def signs_for(encoding: str | None) -> Signs:
    """The finer ones where the encoding of a stream has them."""
    try:
        "".join(astuple(UNICODE)).encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return ASCII
    return UNICODE


def _title(progress: Progress) -> Text:
    style = _STYLES.get(progress.status, "bold")
    return Text.assemble(
        one_line(progress.title), ": ", (progress.status_words, style), f", {one_line(progress.said)}"
    )


def _reason(progress: Progress, width: int) -> list[Text]:
    """What keeps it waiting and what to do, over as many lines as they need, up to a few."""
    words = one_line(": ".join(filter(None, (progress.why, progress.remedy))))
    if not words:
        return []
    from rich.console import Console

    lines = Text(words, style=_ODD).wrap(Console(width=width), max(1, width))
    if len(lines) > _REASON_LINES:
        rest = Text(" ").join(lines[_REASON_LINES - 1 :])
        return [*lines[: _REASON_LINES - 1], rest]
    return list(lines)


def _counts(counts: RunCounts) -> list[Text]:
    told = (
        (counts.failed, "failed", _BAD),
        (counts.success, "succeeded", _GOOD),
        (counts.running, "running", _BUSY),
        (counts.queued, "queued", ""),
        (counts.cancelled, "never ran", _FAINT),
        (counts.skipped, "skipped", _FAINT),
        (counts.deleted, "deleted", _FAINT),
        (counts.taken_over, "taken over", _FAINT),
    )
    return [Text(f"{number:,} {word}", style=style) for number, word, style in told if number]


def _times(progress: Progress, moment: Moment) -> list[Text]:
    pace = progress.pace
    words = [f"{clock(moment.waited)} so far"]
    if pace.left is not None:
        words.append(left_words(pace))
        # Of less than a minute the clock says nothing more.
        if pace.left.high >= _MINUTE:
            words.append(end_words(pace.left, moment.now))
    if pace.per_minute is not None:
        words.append(rate_words(pace.per_minute))
    return [Text(each, style=_FAINT) for each in words]


def _of_runs(counts: RunCounts) -> tuple[int, ...]:
    return (counts.success, counts.failed, counts.running, counts.cancelled)


def _of_tasks(tasks: TaskProgress) -> tuple[int, ...]:
    ended = tasks.finished - tasks.succeeded - tasks.failed
    return (tasks.succeeded, tasks.failed, tasks.running, max(0, ended))


def _bar_line(name: str, numbers: Sequence[int], total: int, signs: Signs, width: int) -> Text:
    finished = numbers[0] + numbers[1] + numbers[3]
    percent = finished * 100 // total if total else 0
    figures = f" {finished:,}/{total:,}  {percent} %"
    bar = _bar(numbers, total, signs, width - len(name) - 1 - len(figures))
    return Text.assemble((f"{name} ", _FAINT), bar, figures)


def _bar(numbers: Sequence[int], total: int, signs: Signs, width: int) -> Text:
    """Succeeded, failed, running, otherwise ended, and the rest; nothing where there is no room for a bar."""
    if width < _NARROWEST_BAR:
        return Text("")
    good, bad, busy, ended = numbers
    parts = (
        (good, signs.good, _GOOD),
        (bad, signs.bad, _BAD),
        (ended, signs.ended, _FAINT),
        (busy, signs.busy, _BUSY),
        (max(0, total - sum(numbers)) if total else 1, signs.rest, _FAINT),
    )
    cells = shares([number for number, _, _ in parts], min(width, _WIDEST_BAR))
    return Text.assemble(*((sign * size, style) for (_, sign, style), size in zip(parts, cells, strict=True)))


def _joined(parts: Sequence[Text], width: int) -> Text:
    """As many of the parts as have room in whole, the first ones first."""
    shown = list(parts)
    while len(shown) > 1 and Text("  ").join(shown).cell_len > width:
        shown.pop()
    return Text("  ").join(shown)


def _fitted(text: Text, width: int) -> Text:
    text.no_wrap = True
    text.truncate(width, overflow="ellipsis")
    return text
