"""What the first waiting row says of why it waits."""

from __future__ import annotations

from typing import Any

from tests.support.rows import NOW, some_facts

from backfill_tui.domain.causes import Cause, CauseCode
from backfill_tui.domain.watching import RunCounts
from backfill_tui.ui.screens.watch_cells import waiting_because
from backfill_tui.ui.widgets.progress_header import Progress

NOT_DUE = Cause(code=CauseCode.RUN_AFTER, sentence="it may not start before 2099-01-01 06:00", ordinal=1)


def progress(**facts: Any) -> Progress:
    return Progress(
        facts=some_facts(**facts), counts=RunCounts(queued=2, running=1), total_rows=3, read_at=NOW
    )


def test_a_row_waits_for_the_gravest_cause_of_queued_runs() -> None:
    full = Cause(code=CauseCode.POOL_FULL, sentence="the pool is full")
    assert waiting_because(progress(), (full, NOT_DUE)) == NOT_DUE.sentence
    assert waiting_because(progress(), (full,)) == ""


def test_a_cause_that_the_last_reading_denies_is_gone_at_once() -> None:
    paused = Cause(code=CauseCode.BACKFILL_PAUSED, sentence="the backfill is paused", remedy="resume")
    assert waiting_because(progress(is_paused=True), (paused,)) == "the backfill is paused"
    assert waiting_because(progress(), (paused,)) == ""


def test_a_pause_by_airflow_itself_is_told_with_its_reason() -> None:
    auto = Cause(
        code=CauseCode.DAG_AUTO_PAUSED,
        sentence="Airflow paused the Dag after 2 failed runs in a row, so nothing starts",
        remedy="unpause the Dag",
    )
    assert waiting_because(progress(dag_is_paused=True), (auto,)) == auto.sentence
    assert waiting_because(progress(), (auto,)) == ""
