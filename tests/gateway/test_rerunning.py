"""What is known of a rerun when no answer comes."""

from __future__ import annotations

import pytest

from backfill_tui.domain.ids import DagId, RunId
from backfill_tui.domain.instants import Instant
from backfill_tui.domain.problems import AirflowFailed, Interrupted, Unreachable
from backfill_tui.domain.repairing import RerunProgress, RerunRequest
from backfill_tui.gateway.rerunning import Gathering

REQUEST = RerunRequest(dag_id=DagId("sales"), run_ids=tuple(RunId(str(number)) for number in range(60)))


def gathered(*done: int) -> Gathering:
    gathering = Gathering(REQUEST, lambda _: None)
    for number in done:
        gathering.take(RerunProgress(done=number, total=60, began_at=Instant(1)))
    return gathering


def test_a_problem_before_anything_was_done_is_raised() -> None:
    with pytest.raises(AirflowFailed, match="no such Dag"):
        gathered().ended_by(AirflowFailed("no such Dag"), sure=True)
    with pytest.raises(Interrupted):
        gathered(0).ended_by(Interrupted("cancelled"), sure=True)


def test_a_bridge_that_went_away_before_its_first_word_did_nothing() -> None:
    with pytest.raises(Unreachable):
        gathered().ended_by(Unreachable("gone"), sure=False)


def test_a_bridge_that_went_away_in_the_first_part_leaves_that_in_doubt() -> None:
    outcome = gathered(0).ended_by(Unreachable("gone", remedy="restart it"), sure=False)
    assert outcome.stopped == "gone: restart it"
    assert (len(outcome.unsure), len(outcome.not_done)) == (50, 10)


def test_who_stops_it_after_a_part_is_told_what_is_left() -> None:
    outcome = gathered(0, 50).ended_by(Interrupted("cancelled"), sure=True)
    assert (outcome.stopped, outcome.unsure, len(outcome.not_done)) == ("you stopped it", (), 10)


def test_every_word_is_passed_on() -> None:
    heard: list[int] = []
    gathering = Gathering(REQUEST, lambda progress: heard.append(progress.done))
    gathering.take(RerunProgress(done=50, total=60, began_at=Instant(1)))
    assert heard == [50]
