"""Which of several reasons counts most, and what a standing makes of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.rows import NOW, some_facts

from backfill_tui.domain.causes import Cause, CauseCode, cause_of_queued, in_order
from backfill_tui.domain.instants import SECOND, Instant
from backfill_tui.domain.progress import BackfillStatus, Standing, what_stops, with_causes


def a_cause(code: str, ordinal: int | None = None, remedy: str = "") -> Cause:
    return Cause(code=CauseCode(code), sentence=f"because of {code}", remedy=remedy, ordinal=ordinal)


@pytest.mark.parametrize(
    ("graver", "lighter"),
    [
        ("dag_auto_paused", "dag_paused"),
        ("dag_paused", "dag_stale"),
        ("dag_stale", "no_scheduler"),
        ("no_scheduler", "backfill_cancelled"),
        ("backfill_cancelled", "backfill_paused"),
        ("backfill_paused", "no_active_runs"),
        # What never passes by itself goes before what others hold,
        ("no_active_runs", "no_pool"),
        ("no_pool", "pool_too_small"),
        ("pool_too_small", "no_triggerer"),
        ("no_triggerer", "awaiting_input"),
        ("awaiting_input", "depends_on_past"),
        ("depends_on_past", "no_heartbeat"),
        ("no_heartbeat", "starved"),
        ("starved", "pool_full"),
        ("pool_full", "max_active_tasks"),
        # and that before what passes by itself.
        ("max_active_tasks", "max_active_tis"),
        ("max_active_tis", "parallelism"),
        ("parallelism", "no_worker"),
        ("no_worker", "past_under_way"),
        ("past_under_way", "upstream"),
        ("upstream", "up_for_retry"),
        ("up_for_retry", "up_for_reschedule"),
        ("up_for_reschedule", "deferred"),
        ("deferred", "max_active_runs"),
        ("max_active_runs", "run_after"),
    ],
)
def test_the_graver_cause_comes_first(graver: str, lighter: str) -> None:
    assert in_order([a_cause(lighter), a_cause(graver)]) == (a_cause(graver), a_cause(lighter))


EVERY_CAUSE = [a_cause(code, ordinal) for code in CauseCode for ordinal in (None, 1, 7)]


@given(st.permutations(EVERY_CAUSE * 2))
def test_the_order_does_not_depend_on_how_they_were_found(mixed: list[Cause]) -> None:
    assert in_order(mixed) == tuple(EVERY_CAUSE)


def test_only_some_causes_are_about_queued_runs() -> None:
    found = in_order([a_cause("run_after", 3), a_cause("pool_full"), a_cause("up_for_retry", 1)])
    assert cause_of_queued(found) == a_cause("run_after", 3)
    assert cause_of_queued(found[:1]) is None


@pytest.mark.parametrize(
    ("different", "codes"),
    [
        ({}, []),
        ({"dag_is_paused": True}, ["dag_paused"]),
        ({"dag_is_stale": True}, ["dag_stale"]),
        ({"scheduler_heartbeat": None}, ["no_scheduler"]),
        ({"scheduler_heartbeat": Instant(NOW - 30 * SECOND)}, []),
        ({"scheduler_heartbeat": Instant(NOW - 31 * SECOND)}, ["no_scheduler"]),
        (
            {"dag_is_paused": True, "dag_is_stale": True, "scheduler_heartbeat": None},
            ["dag_paused", "dag_stale", "no_scheduler"],
        ),
    ],
)
def test_everything_that_stops_all_of_it_is_named(different: dict[str, object], codes: list[str]) -> None:
    assert [str(cause.code) for cause in what_stops(some_facts(**different), NOW)] == codes


def a_standing(status: BackfillStatus = BackfillStatus.RUNNING, remedy: str = "") -> Standing:
    return Standing(status=status, sentence="1 of 4 slots", remedy=remedy)


def test_a_standing_without_a_remedy_has_that_of_the_main_cause() -> None:
    causes = (a_cause("pool_full", remedy="give the pool more slots"), a_cause("run_after", 2, "wait"))
    assert with_causes(a_standing(), causes) == a_standing(remedy="give the pool more slots")
    assert with_causes(a_standing(), ()) == a_standing()


def test_a_standing_keeps_a_remedy_of_its_own() -> None:
    orphaned = a_standing(BackfillStatus.ORPHANED, "reopen it")
    assert with_causes(orphaned, (a_cause("pool_full", remedy="give more"),)) == orphaned


def test_what_has_ended_waits_for_nothing() -> None:
    done = a_standing(BackfillStatus.DONE)
    assert with_causes(done, (a_cause("pool_full", remedy="give more"),)) == done


def test_a_pause_by_airflow_itself_is_told_in_place_of_a_mere_pause() -> None:
    paused = a_standing(BackfillStatus.BLOCKED, "unpause the Dag")
    found = with_causes(paused, (a_cause("dag_auto_paused", remedy="unpause the Dag"),))
    assert (found.sentence, found.remedy) == ("because of dag_auto_paused", "unpause the Dag")
    no_scheduler = a_standing(BackfillStatus.BLOCKED, "start a scheduler")
    assert with_causes(no_scheduler, (a_cause("dag_auto_paused", remedy="unpause the Dag"),)) == no_scheduler
