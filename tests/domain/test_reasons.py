"""Why a date has its verdict, in words that nothing from outside can bend."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backfill_tui.domain.ids import BackfillId
from backfill_tui.domain.instants import SECOND, Instant, from_datetime
from backfill_tui.domain.outcomes import Clash, ExistingRun, Outcome, Verdict
from backfill_tui.domain.plan_dates import Occurrence
from backfill_tui.domain.reasons import moment, moment_up_to, reason
from backfill_tui.domain.states import RunState, TaskState

HOUR = 3600 * SECOND
AT = Instant(1_711_843_200 * SECOND)
"""2024-03-31 00:00 UTC, in Zurich an hour before the clocks are put forward."""
NOW = Instant(AT + 100 * HOUR)
ZURICH = ZoneInfo("Europe/Zurich")
DATE = Occurrence(
    logical_date=AT,
    data_interval_start=AT,
    data_interval_end=Instant(AT + HOUR),
    run_after=Instant(AT + HOUR),
)
PARTITION = Occurrence(
    logical_date=None,
    data_interval_start=None,
    data_interval_end=None,
    run_after=AT,
    partition_key="2024-03-31",
    partition_date=AT,
)
QUEUED, RUNNING, SUCCESS, FAILED = RunState.QUEUED, RunState.RUNNING, RunState.SUCCESS, RunState.FAILED


def a_run(
    state: RunState,
    run_type: str = "scheduled",
    *,
    user: str | None = None,
    backfill: int | None = None,
    cancelled: bool = False,
    good: int = 0,
    bad: int = 0,
) -> ExistingRun:
    counts = ((TaskState.SUCCESS, good), (TaskState.FAILED, bad))
    return ExistingRun(
        state=state,
        run_type=run_type,
        triggering_user=user,
        backfill_id=None if backfill is None else BackfillId(backfill),
        backfill_cancelled=cancelled,
        task_counts=tuple((word, count) for word, count in counts if count),
    )


def why(
    verdict: Verdict,
    run: ExistingRun | None = None,
    *,
    clash: Clash = Clash.NONE,
    date: Occurrence = DATE,
    now: Instant = NOW,
    zone: tzinfo = timezone.utc,
    bounds: tuple[Instant | None, Instant | None] = (None, None),
    conf_given: bool = False,
) -> str:
    outcome = Outcome(verdict=verdict, existing=run, clash=clash)
    return reason(date, outcome, now=now, zone=zone, bounds=bounds, conf_given=conf_given)


def test_where_nothing_stands_in_the_way_no_run_exists() -> None:
    assert why(Verdict.CREATE) == "no run exists"


def test_a_partition_of_the_future_says_until_when_its_run_waits_in_the_dags_zone() -> None:
    before = Instant(AT - HOUR)
    assert why(Verdict.CREATE, date=PARTITION, now=before, zone=ZURICH) == (
        "no run exists; its run waits until 2024-03-31 01:00 Europe/Zurich"
    )
    assert why(Verdict.CREATE, date=PARTITION, now=AT) == "no run exists"


STUCK = (
    "its backfill run of backfill 3 is queued, "
    "and as that one was cancelled it stays so until it is rerun from there"
)


@pytest.mark.parametrize(
    ("run", "sentence"),
    [
        (a_run(QUEUED), "its scheduled run is queued"),
        (a_run(RUNNING, "manual", user="alice"), "its manual run is running"),
        (a_run(QUEUED, "asset_triggered"), "its asset triggered run is queued"),
        (a_run(RUNNING, "backfill", backfill=3), "its backfill run of backfill 3 is running"),
        (a_run(QUEUED, "backfill", backfill=3, cancelled=True), STUCK),
        (
            a_run(RUNNING, "backfill", backfill=3, cancelled=True),
            "its backfill run of backfill 3 is running",
        ),
        (None, "its run is not finished"),
    ],
)
def test_a_run_that_has_not_finished_says_whose_it_is_and_how_it_is(
    run: ExistingRun | None, sentence: str
) -> None:
    assert why(Verdict.SKIP_IN_FLIGHT, run) == sentence


def test_a_run_that_can_not_be_inserted_says_what_is_in_its_place() -> None:
    assert why(Verdict.SKIP_IN_FLIGHT, clash=Clash.SAME_DATE) == (
        "the timetable gives this date twice, and its run is made once"
    )
    # Not 02:00: that hour does not exist on this day.
    assert why(Verdict.SKIP_IN_FLIGHT, clash=Clash.RUN_ID_TAKEN, zone=ZURICH) == (
        "a run of another date already has the run id of 2024-03-31 03:00 Europe/Zurich, "
        "so Airflow can make none"
    )


@pytest.mark.parametrize(
    ("state", "sentence"),
    [(SUCCESS, "already succeeded"), (FAILED, "already failed, and failed runs are left")],
)
def test_a_finished_run_that_stays_says_how_it_ended(state: RunState, sentence: str) -> None:
    assert why(Verdict.SKIP_EXISTS, a_run(state, good=3)) == sentence


def test_a_date_that_is_not_due_says_when_its_interval_ends() -> None:
    assert why(Verdict.NOT_YET, zone=ZURICH) == "its data interval ends 2024-03-31 03:00 Europe/Zurich"
    without = replace(DATE, data_interval_end=None)
    assert why(Verdict.NOT_YET, date=without) == "it has no data interval, so Airflow leaves it out"


@pytest.mark.parametrize(
    ("run", "sentence"),
    [
        (a_run(SUCCESS, good=1), "succeeded, 1 of 1 task succeeded: it runs again"),
        (a_run(FAILED, bad=1), "failed, 0 of 1 task succeeded: it runs again"),
        (a_run(FAILED, good=2, bad=3), "failed, 2 of 5 tasks succeeded: all 5 run again"),
        (
            a_run(FAILED, good=1_000, bad=200),
            "failed, 1,000 of 1,200 tasks succeeded: all 1,200 run again",
        ),
        (
            a_run(FAILED, "backfill", backfill=4, good=1, bad=1),
            "failed, 1 of 2 tasks succeeded: all 2 run again; it leaves backfill 4",
        ),
        (
            a_run(SUCCESS, "manual", user="alice", good=2),
            (
                "succeeded, 2 of 2 tasks succeeded: all 2 run again; "
                "manual run by alice is taken over with its conf"
            ),
        ),
        (
            a_run(SUCCESS, "operator_triggered", good=2),
            (
                "succeeded, 2 of 2 tasks succeeded: all 2 run again; "
                "operator triggered run is taken over with its conf"
            ),
        ),
        (a_run(SUCCESS), "succeeded without any task, so Airflow counts it in but runs nothing"),
        (a_run(SUCCESS, "manual"), "succeeded without any task, so Airflow counts it in but runs nothing"),
        (None, "its run is taken again"),
    ],
)
def test_a_run_that_is_taken_again_says_what_is_lost(run: ExistingRun | None, sentence: str) -> None:
    assert why(Verdict.REPROCESS, run) == sentence


@pytest.mark.parametrize(
    ("run", "sentence"),
    [
        (a_run(FAILED, bad=1), "failed, 0 of 1 task succeeded: it runs again; its conf is replaced"),
        (
            a_run(SUCCESS, "backfill", backfill=4, good=1),
            "succeeded, 1 of 1 task succeeded: it runs again; it leaves backfill 4; its conf is replaced",
        ),
        (
            a_run(SUCCESS, "manual", user="alice", good=1),
            (
                "succeeded, 1 of 1 task succeeded: it runs again; "
                "manual run by alice is taken over; its conf is replaced"
            ),
        ),
        (
            a_run(SUCCESS),
            "succeeded without any task, so Airflow counts it in but runs nothing; its conf is replaced",
        ),
    ],
)
def test_a_conf_that_replaces_that_of_the_run_is_said(run: ExistingRun, sentence: str) -> None:
    assert why(Verdict.REPROCESS, run, conf_given=True) == sentence


def test_a_conf_changes_nothing_about_runs_that_are_new_or_stay() -> None:
    for verdict, run in ((Verdict.CREATE, None), (Verdict.SKIP_EXISTS, a_run(SUCCESS, "manual"))):
        assert why(verdict, run, conf_given=True) == why(verdict, run)
    beside = (Verdict.REPROCESS, a_run(SUCCESS, "manual", good=1))
    assert why(*beside, date=PARTITION, conf_given=True) == why(*beside, date=PARTITION)


def test_a_partition_that_is_taken_again_loses_nothing() -> None:
    beside = why(Verdict.REPROCESS, a_run(FAILED, "manual", user="alice", good=1, bad=1), date=PARTITION)
    assert beside == "failed, 1 of 2 tasks succeeded: a new run is created beside it"
    empty = why(Verdict.REPROCESS, a_run(FAILED), date=PARTITION)
    assert empty == "failed, 0 of 0 tasks succeeded: a new run is created beside it"


@pytest.mark.parametrize("date", [DATE, PARTITION], ids=["date", "partition"])
@pytest.mark.parametrize(
    ("bounds", "more"),
    [
        ((Instant(AT + 1), None), "; before the Dag's start date"),
        ((AT, None), ""),
        ((None, AT), ""),
        ((None, Instant(AT - 1)), "; after the Dag's end date"),
    ],
)
def test_a_run_outside_the_dag_is_said_to_be(
    date: Occurrence, bounds: tuple[Instant | None, Instant | None], more: str
) -> None:
    assert why(Verdict.CREATE, date=date, bounds=bounds) == f"no run exists{more}"
    assert why(Verdict.SKIP_EXISTS, a_run(SUCCESS), date=date, bounds=bounds) == "already succeeded"


def test_a_moment_names_its_zone() -> None:
    assert moment(AT, ZURICH) == "2024-03-31 01:00 Europe/Zurich"
    assert moment(AT, timezone.utc) == "2024-03-31 00:00 UTC"


@pytest.mark.parametrize(
    ("last", "words"),
    [
        ("2024-03-31T23:59:59.999999", "2024-03-31 24:00 Europe/Zurich"),
        ("2024-03-31T23:59:59", "2024-03-31 23:59:59 Europe/Zurich"),
        ("2024-03-31T11:59:59.999999", "2024-03-31 12:00 Europe/Zurich"),
        ("2024-03-31T00:00", "2024-03-31 00:00 Europe/Zurich"),
        ("2024-03-31T00:00:00.000001", "2024-03-31 00:00:00.000001 Europe/Zurich"),
        ("2024-12-31T23:59:59.999999", "2024-12-31 24:00 Europe/Zurich"),
    ],
)
def test_an_inclusive_end_is_the_end_of_its_day_or_second(last: str, words: str) -> None:
    local = datetime.fromisoformat(last).replace(tzinfo=ZURICH)
    assert moment_up_to(from_datetime(local), ZURICH) == words


def test_an_inclusive_end_of_a_day_after_which_the_clock_skips_midnight_is_when_it_goes_on() -> None:
    cairo = ZoneInfo("Africa/Cairo")
    last = datetime(2024, 4, 25, 23, 59, 59, 999_999, tzinfo=cairo)
    assert moment_up_to(from_datetime(last), cairo) == "2024-04-26 01:00 Africa/Cairo"


HOSTILE = "\x1b[31m[/red]\x1b]0;title\x07\n\tal\u202eice\x00"


def test_names_from_outside_are_shown_as_they_read_and_bend_nothing() -> None:
    run = a_run(FAILED, f"man_ual{HOSTILE}", user=HOSTILE, backfill=1, good=1)
    taken_over, flying = (
        why(Verdict.REPROCESS, run),
        why(Verdict.SKIP_IN_FLIGHT, replace(run, state=RUNNING)),
    )
    assert taken_over == (
        "failed, 1 of 1 task succeeded: it runs again; "
        "man ual[/red] al\ufffdice\ufffd run by [/red] al\ufffdice\ufffd is taken over with its conf"
    )
    assert flying == "its man ual[/red] al\ufffdice\ufffd run of backfill 1 is running"


@given(
    st.sampled_from(Verdict),
    st.sampled_from(Clash),
    st.none() | st.builds(a_run, st.sampled_from(RunState), st.text(), user=st.none() | st.text()),
    st.sampled_from([DATE, PARTITION]),
)
def test_every_outcome_has_one_line_that_can_be_printed(
    verdict: Verdict, clash: Clash, run: ExistingRun | None, date: Occurrence
) -> None:
    line = why(verdict, run, clash=clash, date=date)
    assert line
    assert "\x1b" not in line
    assert line.splitlines() == [line]
