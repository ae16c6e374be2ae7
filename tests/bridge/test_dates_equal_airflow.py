"""The dates of a range are those of Airflow's own iteration, whatever the schedule and the zone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from tests.support.odd_timetables import ODD_PLUGIN_FILES
from tests.support.schedules import ZONES, few_per_day, ranges, schedules
from tests.support.worker import Worker, embedded_place, worker_on
from tests.support.world import DAY, HOUR, instant

pytestmark = [pytest.mark.airflow]

ORACLE = Path(__file__).parents[1] / "support" / "oracle_main.py"


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    place = embedded_place(tmp_path_factory.mktemp("dates"), {}, ODD_PLUGIN_FILES)
    with worker_on(place, ORACLE) as worker:
        yield worker


def listed(worker: Worker, schedule: dict[str, Any], bounds: tuple[int, int]) -> dict[str, Any]:
    """Both lists, which must be one."""
    found: dict[str, Any] = worker("dates", schedule=schedule, from_date=bounds[0], to_date=bounds[1])
    assert found["ours"] == found["airflows"]
    return found


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(schedule=schedules(), bounds=ranges())
def test_any_schedule_in_any_range_has_airflows_dates(
    worker: Worker, schedule: dict[str, Any], bounds: tuple[int, int]
) -> None:
    assume(few_per_day(schedule) or bounds[1] - bounds[0] <= 12 * DAY)
    listed(worker, schedule, bounds)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    schedule=st.fixed_dictionaries(
        {
            "kind": st.sampled_from(["cron_trigger", "cron_interval", "partition"]),
            "cron": st.sampled_from(
                ["30 * * * *", "0 */2 * * *", "30 1 * * *", "15,45 0-4 * * *", "0 0 * * *", "5 2 * * 0"]
            ),
            "zone": st.sampled_from(ZONES),
        }
    ),
    change=st.sampled_from(
        ["2024-03-10", "2024-03-31", "2024-11-03", "2024-10-27", "2024-04-07", "2024-10-06", "2011-12-30",
         "2016-05-01", "2018-11-04", "2024-04-20"]
    ),
    hours=st.tuples(st.integers(0, 4 * 24), st.integers(1, 9 * 24)),
)  # fmt: skip
def test_a_range_around_a_change_of_the_clock_has_airflows_dates(
    worker: Worker, schedule: dict[str, Any], change: str, hours: tuple[int, int]
) -> None:
    first = instant(change) - hours[0] * HOUR
    listed(worker, schedule, (first, first + hours[1] * HOUR))


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Australia/Lord_Howe"])
@pytest.mark.parametrize("kind", ["cron_trigger", "cron_interval", "partition"])
def test_a_year_of_days_is_had_in_jumps_and_equal(worker: Worker, kind: str, zone: str) -> None:
    schedule = {"kind": kind, "cron": "0 2 * * *", "zone": zone}
    found = listed(worker, schedule, (instant("2023-07-01"), instant("2024-07-01")))
    assert found["jumped"] > 330
    assert found["ascending"]


@pytest.mark.parametrize(
    "schedule",
    [
        {"kind": "delta_interval", "delta": 86_400},
        {"kind": "delta_trigger", "delta": 86_400, "interval": 3600},
        {"kind": "multiple", "crons": ["0 2 * * *", "0 14 * * 1-5"], "zone": "Europe/Zurich"},
        {"kind": "asset", "or": {"kind": "cron_trigger", "cron": "0 2 * * *", "zone": "UTC"}},
    ],
    ids=lambda schedule: schedule["kind"],
)
def test_other_plain_schedules_jump_too(worker: Worker, schedule: dict[str, Any]) -> None:
    assert listed(worker, schedule, (instant("2023-07-01"), instant("2024-07-01")))["jumped"] > 330


@pytest.mark.parametrize(
    "schedule",
    [
        {"kind": "cron_trigger", "cron": "0 0 L * *", "zone": "UTC"},
        {"kind": "cron_trigger", "cron": "0 2 * * *", "zone": "UTC", "interval": {"months": 1}},
        {"kind": "delta_interval", "delta": {"months": 1}},
        {"kind": "workday", "hour": 6},
        {"kind": "odd", "name": "Hourly2"},
        {"kind": "odd", "name": "Stutters"},
    ],
    ids=str,
)
def test_what_only_airflow_can_step_is_stepped_by_airflow(worker: Worker, schedule: dict[str, Any]) -> None:
    found = listed(worker, schedule, (instant("2023-12-31"), instant("2024-07-01")))
    assert found["jumped"] == 0
    assert found["ours"]


def test_months_of_a_relativedelta_clamp_and_stay_clamped(worker: Worker) -> None:
    found = listed(
        worker,
        {"kind": "delta_interval", "delta": {"months": 1}},
        (instant("2024-01-31"), instant("2024-04-30")),
    )
    starts = [instant(day) for day in ("2024-01-31", "2024-02-29", "2024-03-29", "2024-04-29")]
    assert [date["logical_date"] for date in found["ours"]] == starts


def test_where_airflows_timetable_raises_midway_the_list_ends_there_and_says_so(worker: Worker) -> None:
    # Half an hour of daylight saving: `CronDataIntervalTimetable` does not get past the night of the change.
    schedule = {"kind": "cron_interval", "cron": "12 * * * *", "zone": "Australia/Lord_Howe"}
    found = listed(worker, schedule, (instant("2024-03-20"), instant("2024-05-01")))
    assert found["jumped"] > 100
    assert "did not advance past" in found["cut_short"]
