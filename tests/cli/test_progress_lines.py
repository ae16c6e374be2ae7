from __future__ import annotations

import pytest
from rich.cells import cell_len

from backfill_tui.domain.instants import SECOND, Microseconds
from backfill_tui.domain.progress import BackfillStatus, TaskProgress
from backfill_tui.domain.throughput import Pace
from backfill_tui.domain.time_ranges import TimeRange
from backfill_tui.domain.watching import RunCounts
from backfill_tui.headless.progress import Progress
from backfill_tui.headless.progress_lines import ASCII, UNICODE, Moment, last_line, live_lines, signs_for

LEFT = TimeRange(low=Microseconds(240 * SECOND), high=Microseconds(600 * SECOND))
PROGRESS = Progress(
    title="Backfill 7 of sales",
    status=BackfillStatus.RUNNING,
    said="4 of 4 slots",
    counts=RunCounts(success=10, failed=2, running=4, queued=15),
    why="the pool etl is full",
    remedy="give it more slots",
    tasks=TaskProgress(total=93, finished=40, succeeded=36, failed=2, running=4),
    pace=Pace(ended=(1, 2), per_minute=6.0, left=LEFT),
)
MOMENT = Moment(waited=100 * SECOND, now=0.0)
NASTY = "[/red]\x1b[31mred\x1b]0;title\x07\nnext"


def drawn(progress: Progress = PROGRESS, width: int = 80, height: int = 24) -> list[str]:
    return [line.plain for line in live_lines(progress, MOMENT, ASCII, width, height)]


def test_the_lines_say_the_status_the_runs_the_tasks_the_reason_and_the_end() -> None:
    lines = drawn()
    assert lines[0] == "Backfill 7 of sales: running, 4 of 4 slots"
    assert lines[1].startswith("runs  =")
    assert lines[1].endswith(". 12/31  38 %")
    assert lines[2].endswith(". 40/93  43 %")
    assert lines[3] == "2 failed  10 succeeded  4 running  15 queued"
    assert lines[4] == "the pool etl is full: give it more slots"
    assert lines[5].startswith("1:40 so far  4 to 10 min left  ends between ")
    assert len(lines) == 6


def test_in_the_bars_every_state_has_a_shape_of_its_own() -> None:
    bar = drawn()[1].removeprefix("runs  ").split()[0]
    assert bar == "=" * 19 + "x" * 3 + ">" * 7 + "." * 31
    assert len(set(vars_of(UNICODE))) == 5
    assert len(set(vars_of(ASCII))) == 5


def vars_of(signs: object) -> list[str]:
    return [getattr(signs, name) for name in ("good", "bad", "busy", "ended", "rest")]


@pytest.mark.parametrize("width", [1, 5, 12, 20, 33, 40, 79, 80, 200])
@pytest.mark.parametrize("height", [1, 2, 3, 5, 8, 24])
def test_no_line_is_wider_and_all_are_fewer_than_the_terminal_has(width: int, height: int) -> None:
    lines = drawn(width=width, height=height)
    assert 1 <= len(lines) <= max(1, height - 1)
    assert all(cell_len(line) <= width for line in lines)
    assert cell_len(last_line(PROGRESS, MOMENT, UNICODE, width).plain) <= width


def test_a_low_terminal_keeps_what_matters_most() -> None:
    assert drawn(height=2) == [drawn()[0]]
    assert drawn(height=4) == [drawn()[0], drawn()[1], drawn()[3]]


def test_a_narrow_terminal_has_figures_without_bars() -> None:
    assert drawn(width=22)[1] == "runs   12/31  38 %"


def test_a_long_reason_takes_lines_of_its_own_but_not_all() -> None:
    long = Progress(
        title="t", status=BackfillStatus.BLOCKED, said="s", counts=RunCounts(queued=1), why="word " * 100
    )
    assert len(drawn(long, width=40)) == 7
    assert drawn(long, width=40)[-2].endswith("…")


def test_outside_text_is_drawn_as_text() -> None:
    nasty = Progress(
        title=NASTY, status=BackfillStatus.RUNNING, said=NASTY, counts=RunCounts(queued=1), why=NASTY
    )
    for line in drawn(nasty):
        assert "\x1b" not in line
        assert "\n" not in line
    assert "[/red]red next" in drawn(nasty)[0]


def test_a_backfill_without_any_run_yet_has_no_figures_of_tasks_or_states() -> None:
    empty = Progress(title="t", status=BackfillStatus.CREATING, said="s", counts=RunCounts())
    assert [line.split()[0] for line in drawn(empty)] == ["t:", "runs", "1:40"]


def test_the_last_line_says_how_far_it_came_and_how_long_that_took() -> None:
    line = last_line(PROGRESS, MOMENT, ASCII, 80).plain
    assert line.endswith(". 12/31 runs  40/93 tasks  in 1:40")
    assert line.startswith("=")


@pytest.mark.parametrize(
    ("encoding", "signs"),
    [("utf-8", UNICODE), ("ascii", ASCII), ("latin-1", ASCII), (None, ASCII), ("?", ASCII)],
)
def test_an_encoding_without_the_signs_gets_plainer_ones(encoding: str | None, signs: object) -> None:
    assert signs_for(encoding) is signs
