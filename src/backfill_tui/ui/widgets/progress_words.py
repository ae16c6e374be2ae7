"""What the header over the grid says: shares of a bar, counts, the pace as bars and figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.cells import cell_len
from textual.content import Content

from backfill_tui.domain.pace_words import rate_words
from backfill_tui.domain.progress import TaskProgress
from backfill_tui.domain.shares import shares
from backfill_tui.domain.states import RunState
from backfill_tui.domain.throughput import Pace
from backfill_tui.domain.watching import RunCounts
from backfill_tui.ui.glyphs import RUN_MARKS, Mark
from backfill_tui.ui.widgets.grid_signs import ROW_MARKS

_UNTOUCHED: Final = Mark("·", "", "state-none")
_BARS: Final = " ▁▂▃▄▅▆▇█"
_GAP: Final = "  "


def bar(counts: RunCounts, width: int) -> list[tuple[Mark, int]]:
    """How many of `width` cells each state gets; whatever there is at least one run of gets one or more."""
    parts = [
        (RUN_MARKS[RunState.SUCCESS], counts.success),
        (RUN_MARKS[RunState.FAILED], counts.failed),
        (ROW_MARKS["cancelled"], counts.cancelled),
        (RUN_MARKS[RunState.RUNNING], counts.running),
        (_UNTOUCHED, counts.queued),
    ]
    cells = shares([number for _, number in parts], width)
    return [(mark, size) for (mark, _), size in zip(parts, cells, strict=True) if size] or [
        (_UNTOUCHED, width)
    ]


def count_words(counts: RunCounts) -> list[Content]:
    """The runs by state, each with its sign; states without a run are left out."""
    told = [
        (RUN_MARKS[RunState.FAILED], counts.failed, "failed"),
        (RUN_MARKS[RunState.SUCCESS], counts.success, "succeeded"),
        (RUN_MARKS[RunState.RUNNING], counts.running, "running"),
        (RUN_MARKS[RunState.QUEUED], counts.queued, "queued"),
        (ROW_MARKS["cancelled"], counts.cancelled, "never ran"),
        (ROW_MARKS["skipped"], counts.skipped, "skipped"),
        (ROW_MARKS["deleted"], counts.deleted, "deleted"),
        (ROW_MARKS["taken_over"], counts.taken_over, "taken over"),
    ]
    return [
        Content.assemble(
            (mark.sign, f"${mark.variable}"),
            " ",
            (f"{number:,} {word}", f"bold ${mark.variable}" if word == "failed" else ""),
        )
        for mark, number, word in told
        if number
    ]


def fitting(parts: Sequence[Content], width: int) -> Content:
    """As many of the parts as have room in whole, the first ones first."""
    shown = list(parts)
    while len(shown) > 1 and Content(_GAP).join(shown).cell_length > width:
        shown.pop()
    return Content(_GAP).join(shown)


def broken_at(words: Content, advice: Content, width: int) -> tuple[Content, Content]:
    """What has room in `width` cells, and the rest: broken before the advice, else between two words."""
    whole = words.append(" ").append(advice) if advice.plain else words
    if whole.cell_length <= width:
        return whole, Content("")
    if words.cell_length <= width:
        return words, advice
    spaces = [
        at for at, sign in enumerate(whole.plain) if sign == " " and cell_len(whole.plain[:at]) <= width
    ]
    return (whole[: spaces[-1]], whole[spaces[-1] + 1 :]) if spaces else (whole, Content(""))


def done_words(counts: RunCounts, tasks: TaskProgress, width: int) -> str:
    """`51/83 runs  240/415 tasks`; the tasks only where that leaves most of `width` to the bar."""
    runs = f"{counts.finished:,}/{counts.included:,} runs"
    both = f"{runs}  {tasks.finished:,}/{tasks.total:,} tasks"
    return both if tasks.total and len(both) <= width // 2 else runs


def pace_words(pace: Pace, width: int) -> Content:
    """`7.4 runs/min ▁▂▅▆▆▅▆▆`, as much of it as is known and has room: only half the bars, or nothing."""
    if not pace.ended:
        return Content("")
    drawn = Content.styled(bars(pace.ended), "$accent")
    halves = [sum(pace.ended[at : at + 2]) for at in range(0, len(pace.ended), 2)]
    ways = [drawn, Content.styled(bars(halves), "$accent"), Content("")]
    if pace.per_minute is not None:
        ways.insert(0, Content(" ").join([Content.styled(rate_words(pace.per_minute), "$muted"), drawn]))
    return next(way for way in ways if way.cell_length <= max(0, width))


def bars(numbers: Sequence[int]) -> str:
    """A bar for each number, the highest for the largest; none for 0."""
    largest = max(1, *numbers)
    return "".join(_BARS[-(-number * (len(_BARS) - 1) // largest)] for number in numbers)
