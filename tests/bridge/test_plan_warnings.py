"""Every warning, where it applies and where it does not; and Airflow doing what a warning says of it."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.support.warned import FIRST, Stage, a_request, a_run, staged
from tests.support.world import DAY, HOUR, instant

from backfill_tui.bridge.plan_warnings import GRAVITIES
from backfill_tui.domain.instants import SECOND, Instant, from_datetime, minute
from backfill_tui.domain.planning import BackfillPlan, Gravity, PlanWarning
from backfill_tui.domain.problems import BadRequest

pytestmark = [pytest.mark.airflow, pytest.mark.xdist_group("plan_warnings")]

DOC = Path(__file__).parents[2] / "docs" / "warnings.md"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared_stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with staged(request.param, tmp_path_factory.mktemp("plan_warnings")) as stage:
        yield stage


@pytest.fixture
def stage(shared_stage: Stage) -> Stage:
    while not nothing_comes_due_around(time.time()):
        time.sleep(0.1)
    return shared_stage.reset()


def nothing_comes_due_around(seconds: float) -> bool:
    """Whether no half hour strikes soon: a date due then would come between what is said and what is done.

    On SQLite Airflow compares moments as texts, so that one without a fraction is due a second late.
    """
    return (seconds + 20) % (30 * 60) > 20 + 2


def now() -> int:
    return int(time.time()) * SECOND


def documented() -> list[tuple[str, str]]:
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \|", DOC.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return [(code, gravity) for code, gravity in rows]


def test_every_code_is_documented_with_its_gravity_and_no_other() -> None:
    assert documented() == [(code, str(gravity)) for code, gravity in GRAVITIES.items()]
    order = [list(Gravity).index(gravity) for gravity in GRAVITIES.values()]
    assert order == sorted(order)


def test_an_ordinary_plan_has_no_warnings(stage: Stage) -> None:
    assert stage.warnings("daily") == stage.warnings("daily", mode="embedded") == {}


def test_what_blocks_comes_first_and_what_tells_last(stage: Stage) -> None:
    stage.worker("change_dag", dag_id="with_params", values={"is_paused": True})
    more: dict[str, Any] = {"conf": '{"size": 0}', "max_active_runs": 30}
    found = [warning.gravity for warning in stage.warnings("with_params", **more).values()]
    assert found == [Gravity.BLOCKS, Gravity.ASKS, Gravity.TELLS]


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (a_request("careful", run_backwards=True, reprocess_behavior="failed"), "depends_on_past_backwards"),
        (a_request("careful"), "depends_on_past_missing_only"),
        (a_request("no_backfills"), "run_type_not_allowed"),
        (a_request("with_params", conf='{"size": 0}'), "conf_invalid"),
        (a_request("daily", from_date=FIRST + HOUR, to_date=FIRST + 2 * HOUR), "no_dates"),
    ],
)
def test_what_airflow_would_refuse_blocks_and_the_dates_are_still_shown(
    stage: Stage, request_: dict[str, Any], code: str
) -> None:
    plan = stage.worker.plan(request_)
    assert [(warning.code, bool(warning.remedy)) for warning in plan.blocking] == [(code, True)]
    assert len(plan.runs) == (0 if code == "no_dates" else 10)
    with pytest.raises(AssertionError):
        stage.worker("stock_create", request=request_)


def test_a_conf_that_does_not_fit_says_why_and_one_that_fits_says_nothing(stage: Stage) -> None:
    found = stage.warnings("with_params", conf='{"size": 0}')["conf_invalid"]
    assert "0 is less than the minimum of 1" in found.message
    assert stage.warnings("with_params", conf='{"size": 3, "more": [1]}') == {}
    with pytest.raises(BadRequest, match="not JSON"):
        stage.warnings("with_params", conf="{")


def test_why_a_conf_does_not_fit_does_not_tell_what_airflow_masks(stage: Stage) -> None:
    found = stage.warnings("with_params", conf='{"size": {"api_key": "hunter2", "at": "noon"}}')[
        "conf_invalid"
    ]
    assert "{'api_key': '***', 'at': 'noon'} is not of type" in found.message


def test_another_active_backfill_blocks_and_is_named(stage: Stage) -> None:
    number = stage.worker("stock_create", request=a_request("daily"))["backfill_id"]
    found = stage.warnings("daily")
    assert list(found) == ["active_backfill", "nothing_to_do"]
    assert re.fullmatch(
        rf"Backfill {number} of this Dag is active, and Airflow runs one at a time: it was started by stock "
        r"at 20\d\d-\d\d-\d\d \d\d:\d\d(:\d\d)? UTC for 2024-03-01 00:00 UTC to 2024-03-10 00:00 UTC",
        found["active_backfill"].message,
    )
    assert stage.warnings("intervals") == {}


def test_the_range_of_another_backfill_ends_with_its_day_and_is_that_of_its_partitions(stage: Stage) -> None:
    until: dict[str, Any] = {"to_date": FIRST + 2 * DAY - 1}
    for dag_id in ("daily", "partitioned"):
        # Airflow is given the wall clock of New York, called UTC.
        stage.worker("stock_create", request=a_request(dag_id, **until))
    said = " for 2024-03-01 00:00 {zone} to 2024-03-02 24:00 {zone}"
    for dag_id, zone in (("daily", "UTC"), ("partitioned", "America/New_York")):
        message = stage.warnings(dag_id, **until)["active_backfill"].message
        assert message.endswith(said.format(zone=zone))
        assert "." not in message


def test_a_range_without_a_run_to_start_says_which_kind_it_is(stage: Stage) -> None:
    stage.add_runs("daily", *(a_run(FIRST + day * DAY) for day in range(10)))
    assert stage.warnings("daily")["nothing_to_do"].message.startswith("Nothing would run: each of the 10")
    today = now() - now() % DAY
    found = stage.warnings("intervals", from_date=today - HOUR, to_date=today + 10 * HOUR)
    assert list(found) == ["no_dates_due"]
    due = minute(Instant(today + 30 * HOUR), timezone.utc)
    assert found["no_dates_due"].message.startswith(f"No date of the range is due before {due} UTC")


@pytest.mark.parametrize(
    ("column", "code"),
    [("is_paused", "dag_paused"), ("is_stale", "dag_stale"), ("has_import_errors", "import_errors")],
)
def test_what_keeps_runs_from_starting_is_said_with_its_remedy(stage: Stage, column: str, code: str) -> None:
    stage.worker("change_dag", dag_id="daily", values={column: True})
    (found,) = stage.warnings("daily", mode="embedded").values()
    assert (found.code, found.gravity, bool(found.remedy)) == (code, Gravity.ASKS, True)


@pytest.mark.parametrize(
    ("dag_id", "runs"),
    [
        ("catching_up_hourly", 29),
        ("catching_up_by_delta", 10),
        ("catching_up_monthly", 6),
        ("catching_up_partitions", 9),
        ("catching_up_lagging", 7),
        ("six_hours", 1),
    ],
)
def test_the_runs_that_unpausing_releases_are_those_that_airflow_then_schedules(
    stage: Stage, dag_id: str, runs: int
) -> None:
    stage.worker("change_dag", dag_id=dag_id, values={"is_paused": True})
    found = stage.warnings(dag_id)["dag_paused"]
    assert stage.warnings(dag_id, mode="embedded")["dag_paused"].message.endswith("so no run will start")
    # The plan is of dates long ago, after which a parse would let catchup begin.
    said = re.search(r"; unpausing it (?:right after the launch )?releases (\d+) scheduled", found.message)
    assert said
    assert int(said[1]) == stage.worker("scheduled_after_unpausing", dag_id=dag_id)
    assert abs(int(said[1]) - runs) <= 1


@pytest.mark.parametrize("parsed", [False, True])
@pytest.mark.parametrize(
    ("dag_id", "first", "last"),
    [
        ("catching_up_hourly", 20, 12),
        ("catching_up_hourly", 40, 0),
        ("catching_up_hourly", 40, 36),
        ("catching_up_by_delta", 30, 26),
        ("catching_up_partitions", 14, 12),
        ("catching_up_by_delta", 12, 6),
        ("catching_up_lagging", 5, 3),
        ("catching_up_partitions", 6, 4),
        ("catching_up_monthly", 24 * 120, 24 * 60),
        ("hourly", 5, 0),
        ("hourly", 9, 3),
        ("daily", 24 * 9, 0),
    ],
)
def test_after_a_launch_unpausing_releases_what_is_said_before_it(
    stage: Stage, dag_id: str, first: int, last: int, *, parsed: bool
) -> None:
    """The first number is right until the next parse, the second from then on, and one alone for both."""
    stage.worker("parse_again", dag_id=dag_id)
    stage.worker("change_dag", dag_id=dag_id, values={"is_paused": True})
    hour = now() - now() % HOUR
    request = a_request(dag_id, from_date=hour - first * HOUR, to_date=hour - last * HOUR)
    plan = stage.worker.plan(request)
    (found,) = (warning for warning in plan.warnings if warning.code == "dag_paused")
    stage.worker("launch", request=request)
    if parsed:
        stage.worker("parse_again", dag_id=dag_id)
    said = re.search(
        r"so no run will start(?:; unpausing it (?:right after the launch )?releases (no|\d+) "
        r"scheduled runs? as well(?:, and once Airflow has parsed it again (none|\d+).*)?)?$",
        found.message,
    )
    assert said, found.message
    numbers = [0 if word in {None, "no", "none"} else int(word) for word in said.groups()]
    expected = numbers[1] if parsed and said[2] is not None else numbers[0]
    assert stage.worker("scheduled_after_unpausing", dag_id=dag_id) == expected, found.message
    if (dag_id, first) == ("catching_up_hourly", 20):
        assert numbers[0] > numbers[1] > 0


def test_dates_that_have_a_run_are_not_released_again(stage: Stage) -> None:
    stage.worker("change_dag", dag_id="catching_up", values={"is_paused": True})
    before = stage.warnings("catching_up")["dag_paused"].message
    stage.add_runs("catching_up", a_run(instant("2023-05-05")), a_run(instant("2023-05-05T07:00")))
    # 1,115 days from 2021-01-01 to 2024-01-20, both included.
    assert "releases 1,115 scheduled runs" in before
    assert "releases 1,114 scheduled runs" in stage.warnings("catching_up")["dag_paused"].message
    # Those of the plan itself are not released either, and after it catchup goes on behind them.
    stage.add_runs("catching_up", a_run(instant("2021-01-01"), "queued"))
    plan: dict[str, Any] = {"from_date": instant("2021-01-02"), "to_date": instant("2024-01-18")}
    found = stage.warnings("catching_up", **plan)["dag_paused"].message
    assert found.endswith("; unpausing it releases 2 scheduled runs as well")
    hole = stage.warnings("catching_up", **{**plan, "from_date": instant("2024-01-01")})
    assert "right after the launch releases 1,095 scheduled runs" in hole["dag_paused"].message
    assert hole["dag_paused"].message.endswith("once Airflow has parsed it again 2 scheduled runs")
    assert "once Airflow has parsed the Dag after the launch" in hole["catchup_hole"].message


def test_dates_outside_the_dag_are_counted(stage: Stage) -> None:
    early = stage.warnings("daily", from_date=instant("2020-12-30"), to_date=instant("2021-01-05"))
    assert list(early) == ["before_start_date"]
    assert early["before_start_date"].message.startswith("2 dates are before")
    request = a_request("daily", from_date=instant("2020-12-30"), to_date=instant("2021-01-05"))
    assert stage.worker("dry_run", request=request)[0] == instant("2020-12-30")
    # Of a trigger with an interval the bound is the moment of the trigger.
    before: dict[str, Any] = {"from_date": instant("2021-01-01"), "to_date": instant("2021-01-05")}
    lagging = stage.warnings("lagging", **before)["before_start_date"]
    assert lagging.remedy == "begin the range at 2021-01-02 06:00 UTC to leave them out"
    late: dict[str, Any] = {"from_date": instant("2024-01-18"), "to_date": instant("2024-01-21")}
    found = stage.warnings("catching_up", mode="embedded", **late)
    assert list(found) == ["after_end_date"]
    assert found["after_end_date"].message.startswith("1 date is after the Dag's end date")
    assert found["after_end_date"].remedy == "end the range at 2024-01-20 00:00 UTC to leave them out"


def test_where_no_date_is_within_the_dag_the_whole_range_is_to_be_moved(stage: Stage) -> None:
    early: dict[str, Any] = {"from_date": instant("2020-06-01"), "to_date": instant("2020-07-01")}
    assert stage.warnings("daily", **early)["before_start_date"].remedy == (
        "begin the range at 2021-01-01 00:00 UTC and end it later, "
        "for no date of this one is within the Dag's"
    )
    assert stage.warnings("ended")["after_end_date"].remedy == (
        "end the range at 2024-01-20 00:00 UTC and begin it earlier, "
        "for no date of this one is within the Dag's"
    )
    assert stage.warnings("not_begun")["before_start_date"].remedy == (
        "wait until 2090-01-01 00:00 UTC, for no date before that is within the Dag's"
    )


def test_a_backfill_that_makes_catchup_skip_its_history_is_said_where_airflow_schedules(
    stage: Stage,
) -> None:
    columns = ("next_dagrun", "next_dagrun_create_after")
    stage.worker("change_dag", dag_id="catching_up", values=dict.fromkeys(columns, instant("2024-01-03")))
    later: dict[str, Any] = {"from_date": instant("2024-01-10"), "to_date": instant("2024-01-12")}
    found = stage.warnings("catching_up", **later)
    assert list(found) == ["catchup_hole"]
    assert found["catchup_hole"].remedy == "begin the range at 2024-01-03 00:00 UTC"
    assert list(stage.warnings("catching_up", mode="embedded", **later)) == []
    whole = {**later, "from_date": instant("2024-01-03")}
    assert list(stage.warnings("catching_up", **whole)) == []
    # The scheduler passes over what has a run already, so nothing is lost there.
    stage.add_runs("catching_up", a_run(instant("2024-01-03"), type="manual"))
    assert list(stage.warnings("catching_up", **whole)) == []


def test_without_a_live_scheduler_an_attached_airflow_starts_nothing(stage: Stage) -> None:
    stage.worker("heartbeat", age_seconds=90)
    (found,) = stage.warnings("daily").values()
    assert (found.code, found.message[:36]) == ("no_scheduler", "No scheduler has been alive for 1:30")
    assert stage.warnings("daily", mode="embedded") == {}


def test_airflows_iteration_cut_short_is_said_aloud(stage: Stage) -> None:
    (found,) = stage.warnings("ends_badly").values()
    assert found.code == "dates_cut_short"
    assert "failed after 2024-03-03 00:00 UTC (RuntimeError: no [/red] fourth)" in found.message
    assert stage.worker("dry_run", request=a_request("ends_badly")) == [FIRST, FIRST + DAY, FIRST + 2 * DAY]


def test_a_timetable_that_goes_back_and_repeats_itself_is_said_and_airflow_makes_one_run_of_each_date(
    stage: Stage,
) -> None:
    found = stage.warnings("goes_back")
    assert list(found) == ["same_date", "dates_out_of_order"]
    assert found["same_date"].message.startswith("The timetable gives 1 date that it has given before")
    assert "first to 2024-03-02 00:00 UTC" in found["dates_out_of_order"].message
    number = stage.worker("stock_create", request=a_request("goes_back"))["backfill_id"]
    entries = stage.worker("rows", backfill_id=number)
    assert [(row["date"] - FIRST) // DAY for row in entries] == [0, 2, 1, 2]
    assert [row["reason"] for row in entries] == [None, None, None, "in flight"]


def test_a_run_id_that_a_run_of_another_date_has_is_counted(stage: Stage) -> None:
    stage.add_runs("daily", a_run(FIRST - DAY, bare=True))
    stage.database.do("UPDATE dag_run SET run_id = 'backfill__2024-03-05T00:00:00+00:00'")
    stage.database.do("UPDATE dag_run SET run_after = '2024-03-05 00:00:00.000000'")
    (found,) = stage.warnings("daily").values()
    assert (found.code, found.gravity) == ("run_id_taken", Gravity.ASKS)
    assert found.message.startswith("Airflow can make no run for 1 date:")
    number = stage.worker("stock_create", request=a_request("daily"))["backfill_id"]
    reasons = [row["reason"] for row in stage.worker("rows", backfill_id=number)]
    assert reasons == [*[None] * 4, "in flight", *[None] * 5]


def test_partitions_of_the_future_are_counted(stage: Stage) -> None:
    to_date = now() + 3 * DAY
    found = stage.warnings("partitioned_utc", from_date=to_date - 5 * DAY, to_date=to_date)
    assert found["future_partitions"].message.startswith("3 dates are in the future")
    assert "future_partitions" not in stage.warnings("partitioned_utc")


def test_a_trigger_with_an_interval_says_its_first_logical_date(stage: Stage) -> None:
    (found,) = stage.warnings("lagging").values()
    assert (found.code, found.gravity) == ("trigger_interval", Gravity.TELLS)
    assert "is 2024-02-29 06:00 UTC, whose run may start at 2024-03-01 06:00 UTC" in found.message
    assert found.remedy == (
        "begin the range at 2024-03-02 06:00 UTC for 2024-03-01 06:00 UTC as the first logical date"
    )
    followed = a_request("lagging", from_date=instant("2024-03-02T06:00"))
    later = stage.worker.plan(followed)
    assert later.runs[0].occurrence.logical_date == instant("2024-03-01T06:00")
    assert later.warnings == ()
    assert stage.worker("dry_run", request=a_request("lagging"))[0] == instant("2024-02-29T06:00")
    assert stage.warnings("intervals") == {}


def test_a_trigger_at_midnight_with_an_interval_says_a_begin_that_is_not_any_days(stage: Stage) -> None:
    (found,) = stage.warnings("lagging_at_midnight").values()
    assert "is 2024-02-29 00:00 UTC, whose run may start at 2024-03-01 00:00 UTC" in found.message
    assert found.remedy == (
        "begin the range at 2024-03-01 23:59 UTC for 2024-03-01 00:00 UTC as the first logical date"
    )
    plan = stage.worker.plan(a_request("lagging_at_midnight", from_date=instant("2024-03-01T23:59")))
    assert plan.runs[0].occurrence.logical_date == FIRST
    assert plan.warnings == ()
    # A range of days whose first trigger is at midnight is told again.
    assert "trigger_interval" in stage.warnings("lagging_at_midnight", from_date=instant("2024-03-02"))


def test_a_range_shorter_than_the_interval_says_where_the_logical_date_is_found(stage: Stage) -> None:
    (found,) = stage.warnings("lagging", to_date=FIRST + DAY - 1).values()
    assert found.remedy == (
        "begin the range at 2024-03-02 06:00 UTC and end it later, "
        "for 2024-03-01 06:00 UTC as the first logical date"
    )
    today = now() - now() % DAY
    (too_early,) = stage.warnings("lagging_at_midnight", from_date=today, to_date=today + HOUR).values()
    assert too_early.remedy == "leave it so, if these are the dates that are meant"


def test_a_plan_of_partitions_is_on_the_clock_of_their_zone(stage: Stage) -> None:
    # 2024-03-09 and 10 in New York, where the clocks are put forward on the latter.
    days = {"from_date": instant("2024-03-09T05:00"), "to_date": instant("2024-03-11T04:00") - 1}
    plan = stage.worker.plan(a_request("partitioned", **days))
    assert (plan.timezone, plan.partition_zone) == ("America/New_York", "America/New_York")
    assert [run.occurrence.partition_key for run in plan.runs] == [
        "2024-03-09T00:00:00",
        "2024-03-10T00:00:00",
    ]
    (found,) = plan.warnings
    assert (found.code, found.gravity) == ("partition_wall_clock", Gravity.TELLS)
    assert found.message == (
        "The partitions go by the clock of America/New_York, not by the Dag's UTC: the range is "
        "2024-03-09 00:00 America/New_York to 2024-03-10 24:00 America/New_York"
    )
    assert stage.warnings("partitioned_utc") == {}
    assert stage.worker.plan(a_request("daily")).partition_zone == ""


def test_what_keeps_partitions_before_the_start_date_is_said_on_their_clock(stage: Stage) -> None:
    early: dict[str, Any] = {"from_date": instant("2020-12-28"), "to_date": instant("2021-01-05")}
    found = stage.warnings("partitioned", **early)["before_start_date"]
    assert found.remedy == "begin the range at 2021-01-01 00:00 America/New_York to leave them out"
    plan = stage.worker.plan(a_request("partitioned", **early))
    assert plan.runs[0].reason.endswith("before the Dag's start date")


def off_grid(stage: Stage, dag_id: str, first: int, **more: Any) -> PlanWarning | None:
    days = more.pop("days", 10)
    return stage.warnings(dag_id, from_date=first, to_date=first + days * DAY, **more).get("off_grid")


def test_a_timedelta_that_counts_from_beside_the_scheduled_runs_says_by_how_much(stage: Stage) -> None:
    stage.add_runs("six_hours", *(a_run(FIRST + hours * HOUR) for hours in range(0, 48, 6)))
    assert off_grid(stage, "six_hours", FIRST + 12 * HOUR) is None
    assert off_grid(stage, "six_hours", FIRST - 30 * HOUR) is None
    beside = FIRST + 2 * HOUR
    found = off_grid(stage, "six_hours", beside)
    assert found
    assert found.gravity is Gravity.ASKS
    assert found.message.endswith("so its dates lie 2 hours after those of its scheduled runs")
    assert found.remedy == "begin the range at 2024-03-01 06:00 UTC"
    nearer = off_grid(stage, "six_hours", FIRST + 5 * HOUR)
    assert nearer
    assert nearer.message.endswith("lie 1 hour before those of its scheduled runs")
    assert nearer.remedy == "begin the range at 2024-03-01 06:00 UTC"
    # Airflow itself makes a second run two hours beside each that is there.
    request = a_request("six_hours", from_date=beside, to_date=beside + DAY)
    assert stage.worker("dry_run", request=request)[:2] == [beside, beside + 6 * HOUR]


def test_without_runs_the_grid_is_that_of_the_runs_to_come(stage: Stage) -> None:
    six = instant("2024-03-01T06:00")
    assert off_grid(stage, "days_at_six", six) is None
    found = off_grid(stage, "days_at_six", FIRST)
    assert found
    assert found.message.endswith("lie 6 hours before those of the runs that Airflow will schedule")
    # Airflow rounds these to whole days since 1970, whatever the start date.
    assert off_grid(stage, "days_by_interval", FIRST) is None
    for dag_id, mode in (("days_by_interval", "embedded"), ("days_without_catchup", "attached")):
        by_start = off_grid(stage, dag_id, FIRST, mode=mode)
        assert by_start
        assert by_start.message.endswith("lie 6 hours before those counted from its start date")
    stage.add_runs("days_without_catchup", a_run(FIRST - 9 * DAY + HOUR, type="backfill"))
    earlier = off_grid(stage, "days_without_catchup", FIRST, mode="embedded")
    assert earlier
    assert earlier.message.endswith("lie 1 hour before those of its earlier backfills")


def test_the_grid_of_a_trigger_is_that_of_its_ticks(stage: Stage) -> None:
    assert off_grid(stage, "half_days", FIRST) is None
    found = off_grid(stage, "half_days", FIRST + HOUR)
    assert found
    assert found.remedy == "begin the range at 2024-03-01 12:00 UTC"


def test_months_that_clamp_are_compared_by_airflows_own_steps(stage: Stage) -> None:
    # From 31 January 2021 the steps of a month come to the 28th, and stay there.
    assert off_grid(stage, "monthly", instant("2024-02-28"), days=90) is None
    found = off_grid(stage, "monthly", instant("2024-01-31"), days=90)
    assert found
    assert "lie 3 days after those of" in found.message
    # Not the one before the range, which nobody asked for.
    assert found.remedy == "begin the range at 2024-02-28 00:00 UTC"
    assert found == off_grid(stage, "monthly", instant("2024-01-31"), days=30)
    alone = off_grid(stage, "monthly", instant("2024-01-31"), days=9)
    assert alone
    assert alone.remedy == "begin the range at 2024-01-28 00:00 UTC"
    # With runs only after it, a range that leads to them is on their grid: 31 January comes to 29 February.
    stage.add_runs("monthly", a_run(instant("2024-03-29")))
    assert off_grid(stage, "monthly", instant("2024-01-31"), days=10) is None
    stray = off_grid(stage, "monthly", instant("2024-01-27"), days=10)
    assert stray
    assert stray.remedy == "begin the range at 2024-01-29 00:00 UTC"


@pytest.mark.parametrize("dag_id", ["monthly", "days_at_six", "half_days"])
@pytest.mark.parametrize("beside", [0, 1, 25, 60, 24 * 9 + 5])
def test_a_range_that_begins_where_the_remedy_says_is_on_the_grid_that_airflow_steps_along(
    stage: Stage, dag_id: str, beside: int
) -> None:
    start = {"monthly": "2021-01-31", "days_at_six": "2021-01-01T06:00", "half_days": "2021-01-01"}[dag_id]
    whole = {"dag_id": dag_id, "from_date": instant(start), "to_date": FIRST + 90 * DAY}
    grid = stage.worker("dry_run", request=whole)
    begin = grid[-5] - beside * HOUR
    found = off_grid(stage, dag_id, begin, days=60)
    alone = stage.worker("dry_run", request={**whole, "from_date": begin})
    assert (found is None) == (set(alone) <= set(grid))
    if found is not None:
        said = re.fullmatch(r"begin the range at (\S+) (\S+) UTC", found.remedy)
        assert said
        assert off_grid(stage, dag_id, instant(f"{said[1]}T{said[2]}"), days=60) is None


def test_more_active_runs_than_the_scheduler_looks_at_gain_nothing(stage: Stage) -> None:
    assert stage.warnings("daily", max_active_runs=20) == {}
    (found,) = stage.warnings("daily", max_active_runs=21).values()
    assert (found.code, found.gravity) == ("above_scheduler_limit", Gravity.TELLS)


def test_a_pool_bounds_the_runs_that_work_at_once(stage: Stage) -> None:
    stage.pool("narrow", 3)
    (found,) = stage.warnings("narrow").values()
    assert (found.code, found.gravity) == ("runs_at_once", Gravity.TELLS)
    assert found.message == 'At most 3 of 10 active runs work at once: pool "narrow" has 3 slots'
    assert found.remedy == "give 3, or give the pool more slots"
    assert stage.warnings("narrow", max_active_runs=3) == {}
    assert stage.warnings("narrow", to_date=FIRST + 2 * DAY) == {}
    wide = stage.warnings("narrow_wide_runs")["runs_at_once"]
    assert wide.message.endswith('pool "narrow" has 3 slots, and one run takes up to 3')
    stage.worker("stock_create", request=a_request("narrow"))
    assert stage.worker("given_to_workers", dag_id="narrow") == ["t0"] * 3


def test_a_task_that_no_pool_has_room_for_waits_for_ever(stage: Stage) -> None:
    (found,) = stage.warnings("homeless").values()
    assert found.message == 'There is no pool "nowhere", so a task of every run waits for ever'
    stage.pool("narrow", 3)
    (small,) = stage.warnings("heavy").values()
    assert small.code == found.code == "stuck_in_pool"
    assert small.message == 'Pool "narrow" has 3 slots, and a task that takes 9 waits for ever'
    assert small.remedy == "give the pool 9 slots or more"
    for dag_id in ("homeless", "heavy"):
        stage.worker("stock_create", request=a_request(dag_id))
        assert stage.worker("given_to_workers", dag_id=dag_id) == []


def test_a_creation_of_minutes_is_proposed_in_parts(stage: Stage) -> None:
    years: dict[str, Any] = {"from_date": instant("2021-01-01"), "to_date": instant("2024-01-01")}
    found = stage.warnings("hourly", **years)["creation_time"]
    locked = "nothing else can write" if stage.database.kind == "sqlite" else "none of them is seen"
    assert found.message.startswith("Creating 26,281 runs takes ")
    assert locked in found.message
    # Each plan measures how long the database takes to answer, which on a busy machine differs at times.
    assert any(is_enough(stage, years) for _ in range(5))
    backwards = stage.warnings("hourly", **years, run_backwards=True)["creation_time"]
    assert "begin the first at 2023-" in backwards.remedy or "begin the first at 2022-" in backwards.remedy


def is_enough(stage: Stage, years: dict[str, Any]) -> bool:
    """Whether the end that is proposed makes a range whose creation is no longer warned of."""
    remedy = stage.warnings("hourly", **years)["creation_time"].remedy
    said = re.search(r"launch it in parts: end the first at (\S+ \S+) UTC", remedy)
    assert said
    end = instant(said[1].replace(" ", "T"))
    return "creation_time" not in stage.warnings("hourly", **{**years, "to_date": end})


def test_processes_that_are_not_ours_are_not_kept_waiting_for_longer_than_they_do(stage: Stage) -> None:
    month: dict[str, Any] = {"from_date": instant("2023-11-01"), "to_date": instant("2024-01-01")}
    found = stage.warnings("hourly", **month)
    if stage.database.kind == "postgresql":
        assert "creation_time" not in found
        return
    assert found["creation_time"].message.endswith(
        "a scheduler that has to may end itself after Airflow's usual 5 s"
    )
    assert "creation_time" not in stage.warnings("hourly", mode="embedded", **month)


def statements(stage: Stage, plan: dict[str, Any]) -> int:
    return int(stage.worker("statements", request=plan))


def test_the_warnings_of_a_long_plan_take_no_more_statements_than_those_of_a_short_one(
    stage: Stage,
) -> None:
    for dag_id in ("careful", "six_hours"):
        stage.add_runs(dag_id, *(a_run(FIRST + day * DAY, "running") for day in range(0, 10, 3)))
        short = statements(stage, a_request(dag_id, reprocess_behavior="failed"))
        longer = a_request(dag_id, reprocess_behavior="failed", from_date=instant("2021-01-01"))
        assert statements(stage, longer) <= short + 2
    assert isinstance(stage.worker.plan(a_request("careful")), BackfillPlan)


ALL_DATES: dict[str, tuple[str, str]] = {
    "before the start": ("2020-12-01", "2021-01-20T12:30"),
    "wholly before the start": ("2020-06-01", "2020-09-20T12:30"),
    "after the end": ("2024-01-10T05:00", "2024-04-20T12:30"),
    "wholly after the end": ("2024-02-10", "2024-05-20"),
    "beside the grid": ("2024-03-01T04:10", "2024-03-20"),
    "a month": ("2024-03-01", "2024-03-31T23:59:59"),
    "a day": ("2024-03-05", "2024-03-05T23:59:59"),
}
BOUND = re.compile(
    r"(begin|end) the (?:range|first) at (\S+ \S+?) (UTC|America/New_York)"
    r"( and (?:end it later|begin it earlier))?"
)


def following(request: dict[str, Any], remedy: str) -> dict[str, Any] | None:
    """The request as the remedy has it, None for one that names no instant."""
    said = BOUND.search(remedy)
    if said is None:
        return None
    verb, local, zone, other_too = said.groups()
    at = from_datetime(datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone)))
    changed = {**request, "from_date" if verb == "begin" else "to_date": at}
    if other_too:
        length = 60 * DAY
        changed |= {"to_date": at + length} if verb == "begin" else {"from_date": at - length}
    return changed


@pytest.mark.parametrize("dates", list(ALL_DATES))
@pytest.mark.parametrize(
    "dag_id",
    [
        "daily",
        "lagging",
        "lagging_at_midnight",
        "six_hours",
        "days_at_six",
        "half_days",
        "monthly",
        "catching_up",
        "ended",
        "ended_lagging",
        "partitioned",
    ],
)
def test_every_remedy_that_names_an_instant_is_followed_and_its_warning_is_gone(
    stage: Stage, dag_id: str, dates: str
) -> None:
    stage.worker("parse_again", dag_id=dag_id)
    first, last = (instant(word) for word in ALL_DATES[dates])
    request = a_request(dag_id, from_date=first, to_date=last)
    found = stage.worker.plan(request).warnings
    for warning in found:
        if (changed := following(request, warning.remedy)) is not None:
            assert changed["from_date"] <= changed["to_date"], warning.remedy
            plan = stage.worker.plan(changed)
            assert warning.code not in {other.code for other in plan.warnings}, (warning, plan.warnings)
            assert plan.run_count, warning.remedy
