"""The header's arithmetic and words; how it behaves on a screen is shown with the watch screen."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.support.grids import FACTS
from tests.support.world import NOW

from backfill_tui.domain.states import RunState
from backfill_tui.domain.watching import RunCounts
from backfill_tui.ui.glyphs import RUN_MARKS
from backfill_tui.ui.screens.watch_cells import waiting_because
from backfill_tui.ui.widgets.progress_header import Progress, bar, count_words

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
