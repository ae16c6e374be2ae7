"""The header's arithmetic and words; how it behaves on a screen is shown with the watch screen."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.support.grids import FACTS
from tests.support.world import NOW

from backfill_tui.domain.instants import SECOND, Microseconds
from backfill_tui.domain.pace_words import left_words, rate_words
from backfill_tui.domain.progress import TaskProgress
from backfill_tui.domain.states import RunState
from backfill_tui.domain.throughput import Pace
from backfill_tui.domain.time_ranges import TimeRange
from backfill_tui.domain.watching import RunCounts
from backfill_tui.ui.glyphs import RUN_MARKS
from backfill_tui.ui.screens.watch_cells import waiting_because
from backfill_tui.ui.widgets.progress_header import Progress
from backfill_tui.ui.widgets.progress_words import (
    bar,
    bars,
    count_words,
    done_words,
    fitting,
    pace_words,
)

MANY = RunCounts(success=9_990, failed=1, running=4, queued=5)
MIXED = RunCounts(success=2, failed=3, cancelled=4, running=1)


def progress(counts: RunCounts, **facts: object) -> Progress:
    changed = replace(FACTS, **facts)  # type: ignore[arg-type]
    return Progress(facts=changed, counts=counts, total_rows=counts.total, read_at=NOW)


@pytest.mark.parametrize("width", [20, 66, 186])
@pytest.mark.parametrize("counts", [MANY, MIXED, RunCounts(queued=3), RunCounts(success=1), RunCounts()])
def test_the_bar_is_as_wide_as_its_room(counts: RunCounts, width: int) -> None:
    assert sum(cells for _, cells in bar(counts, width)) == width


def test_one_failed_run_of_ten_thousand_is_still_seen_in_the_bar() -> None:
    assert dict(bar(MANY, 66))[RUN_MARKS[RunState.FAILED]] == 1


def test_the_failed_runs_are_named_first() -> None:
    words = [content.plain for content in count_words(MANY)]
    assert words == ["✗ 1 failed", "█ 9,990 succeeded", "▶ 4 running", "◔ 5 queued"]


def test_the_percentage_counts_finished_runs_of_those_that_the_backfill_has() -> None:
    assert progress(RunCounts(success=1, failed=1, queued=2, skipped=96)).percent == 50
    assert progress(RunCounts(skipped=3)).percent == 100


def test_nothing_of_a_backfill_without_dates_is_done() -> None:
    assert progress(RunCounts()).percent == 0


def test_a_run_waits_for_a_slot_for_the_dag_or_for_nothing() -> None:
    assert waiting_because(progress(RunCounts(running=4, queued=1))) == (
        "4 of 4 active runs of this backfill"
    )
    assert waiting_because(progress(RunCounts(queued=1), dag_is_paused=True)) == (
        "the Dag is paused, so nothing starts"
    )
    assert waiting_because(progress(RunCounts(queued=1), is_paused=True)) == "the backfill is paused"
    assert waiting_because(progress(RunCounts(running=1, queued=1))) == ""


def test_counts_that_have_no_room_are_left_out_in_whole() -> None:
    words = count_words(MANY)
    assert fitting(words, 80).plain == "✗ 1 failed  █ 9,990 succeeded  ▶ 4 running  ◔ 5 queued"
    assert fitting(words, 50).plain == "✗ 1 failed  █ 9,990 succeeded  ▶ 4 running"
    assert fitting(words, 3).plain == "✗ 1 failed", "the first is cut by the edge alone"


def test_tasks_stand_beside_runs_where_the_bar_keeps_half_of_the_line() -> None:
    tasks = TaskProgress(total=1_000_000, finished=999_100)
    assert done_words(MANY, tasks, 120) == "9,991/10,000 runs  999,100/1,000,000 tasks"
    assert done_words(MANY, tasks, 78) == "9,991/10,000 runs"
    assert done_words(MANY, TaskProgress(), 120) == "9,991/10,000 runs"


def test_the_highest_bar_is_the_largest_number_and_only_nothing_has_none() -> None:
    assert bars((0, 1, 50, 100)) == " ▁▄█"
    assert bars((0, 0)) == "  "


def test_a_rate_is_told_in_the_unit_that_gives_it_digits() -> None:
    assert [rate_words(rate) for rate in (1_234.5, 28.4, 7.42, 0.5, 0.001)] == [
        "1,234 runs/min",
        "28 runs/min",
        "7.4 runs/min",
        "30 runs/h",
        "1.4 runs/day",
    ]


def test_of_the_pace_as_much_is_told_as_has_room() -> None:
    pace = Pace(ended=(1, 1, 2, 0), per_minute=7.4)
    assert pace_words(pace, 17).plain == "7.4 runs/min ▄▄█ "
    assert pace_words(pace, 16).plain == "▄▄█ "
    assert pace_words(pace, 3).plain == "██"
    assert pace_words(pace, -2).plain == ""
    assert pace_words(Pace(), 80).plain == ""


def test_what_is_left_is_a_range_or_not_told() -> None:
    left = TimeRange(low=Microseconds(540 * SECOND), high=Microseconds(840 * SECOND))
    assert left_words(Pace(left=left)) == "9 to 14 min left"
    assert left_words(Pace()) == ""
