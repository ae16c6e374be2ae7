"""Timetables that raise, never end, hang or dawdle, and ranges and confs beyond measure."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.agreement import agreed
from tests.support.databases import sqlite_database
from tests.support.odd_timetables import ODD_PLUGIN_FILES
from tests.support.schedules import MINUTE
from tests.support.worker import Event, Place, Worker, embedded_place, worker_on
from tests.support.world import DAY, HOUR, instant

from backfill_tui.bridge.enumeration import MOST_DATES
from backfill_tui.domain.instants import SECOND
from backfill_tui.domain.outcomes import Verdict
from backfill_tui.domain.problems import AirflowFailed, BadRequest, Interrupted

pytestmark = [pytest.mark.airflow, pytest.mark.xdist_group("bad_timetables")]

ORACLE = Path(__file__).parents[1] / "support" / "oracle_main.py"
FIRST = instant("2024-03-01")
DAILY = {"kind": "cron_trigger", "cron": "0 0 * * *", "zone": "UTC"}
EVERY_MINUTE = {"kind": "cron_trigger", "cron": "* * * * *", "zone": "America/New_York"}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return embedded_place(tmp_path_factory.mktemp("bad_timetables"), {}, ODD_PLUGIN_FILES)


@pytest.fixture(scope="module")
def shared_worker(place: Place) -> Iterator[Worker]:
    with worker_on(place, ORACLE) as worker:
        yield worker


@pytest.fixture
def worker(shared_worker: Worker) -> Worker:
    shared_worker("reset")
    return shared_worker


def given(worker: Worker, name: str, *, days: float = 9, **more: Any) -> dict[str, Any]:
    """A request for a Dag with that odd timetable, which there is from now on."""
    return scheduled(worker, {"kind": "odd", "name": name}, days=days, **more)


def scheduled(worker: Worker, schedule: dict[str, Any], *, days: float = 9, **more: Any) -> dict[str, Any]:
    worker("define", dag_id="any", schedule=schedule, **more)
    return {"dag_id": "any", "from_date": FIRST, "to_date": FIRST + round(days * DAY)}


def test_a_timetable_that_raises_at_its_first_date_has_no_dates_and_that_is_said(worker: Worker) -> None:
    plan = agreed(worker, given(worker, "RaisesAtOnce"))
    assert len(plan.runs) == 0
    (found,) = plan.blocking
    assert (found.code, found.remedy) == ("no_dates", "mend the timetable")
    assert found.message.startswith(
        "The timetable fails at its first date in this range (KeyError: 'no [/red] first')"
    )
    assert "dates_cut_short" not in [warning.code for warning in plan.warnings]


def test_a_timetable_that_raises_midway_is_shown_as_far_as_airflow_takes_it(worker: Worker) -> None:
    plan = agreed(worker, given(worker, "RaisesMidway"))
    assert [run.occurrence.logical_date for run in plan.runs] == [FIRST, FIRST + DAY, FIRST + 2 * DAY]
    (found,) = (warning for warning in plan.warnings if warning.code == "dates_cut_short")
    assert "failed after 2024-03-03 00:00 UTC (RuntimeError: no [/red] fourth)" in found.message
    assert found.remedy == "launch the later dates with a range of their own"


@pytest.mark.parametrize("name", ["Backwards", "StandsStill"])
def test_a_timetable_that_never_reaches_its_end_is_refused_after_a_number_of_steps(
    worker: Worker, name: str
) -> None:
    request = given(worker, name)
    found = worker("counted_plan", request=request)
    assert found["refused"].startswith(
        "The timetable of any does not go on after 2024-03-01 00:00 UTC, so its dates have no end"
    )
    assert 1000 <= found["asked"] <= 1100
    with pytest.raises(AirflowFailed, match="1,000 in a row were no later") as refusal:
        worker.plan(request)
    assert refusal.value.remedy == "mend the timetable: a backfill would hang in Airflow as well"


def test_a_timetable_that_creeps_is_refused_by_the_dates_it_promises(worker: Worker) -> None:
    found = worker("counted_plan", request=given(worker, "Creeps", days=1))
    assert found["refused"].startswith("The range has about 86,000,000,000 dates, and a plan has at most ")
    assert found["asked"] < 3_000


def test_a_timetable_that_creeps_through_a_moment_is_refused_at_the_limit(worker: Worker) -> None:
    request = given(worker, "Creeps", days=1)
    found = worker("counted_plan", request={**request, "to_date": FIRST + 300_000})
    assert found["refused"].startswith("The range has about 300,000 dates")
    assert MOST_DATES < found["asked"] < MOST_DATES + 200


def is_at_rest(worker: Worker) -> bool:
    """Whether nothing of the process still thinks about a date."""
    found = worker("at_work")
    return "patience" not in found["threads"] and found["busy_seconds"] < 0.1


@pytest.mark.parametrize(
    ("name", "where"),
    [("Hangs", "the date after 2024-03-03 00:00 UTC"), ("HangsAtOnce", "its first date")],
)
def test_a_timetable_that_hangs_is_given_up_and_the_process_goes_on(
    worker: Worker, name: str, where: str
) -> None:
    request = given(worker, name)
    began = time.monotonic()
    with pytest.raises(AirflowFailed, match=f"The timetable of any has not given {where} for 0.3 s"):
        worker.plan(request, step_seconds=0.3)
    assert time.monotonic() - began < 5
    assert is_at_rest(worker)
    assert len(worker.plan(scheduled(worker, DAILY)).runs) == 10


def test_a_timetable_that_hangs_is_left_at_once_when_nobody_wants_it(worker: Worker) -> None:
    request = given(worker, "Hangs")
    began = time.monotonic()
    with pytest.raises(Interrupted):
        worker.plan(request, cancel_after_seconds=0.1)
    assert time.monotonic() - began < 5
    assert is_at_rest(worker)
    assert len(worker.plan({**request, "to_date": FIRST + DAY}).runs) == 2


def test_a_timetable_can_hang_many_times_and_every_time_the_process_goes_on(worker: Worker) -> None:
    request = given(worker, "Hangs")
    for _ in range(10):
        with pytest.raises(AirflowFailed):
            worker.plan(request, step_seconds=0.01)
        assert len(worker.plan({**request, "to_date": FIRST + DAY}).runs) == 2
    assert is_at_rest(worker)


@pytest.mark.parametrize(("name", "days", "dates"), [("Slow", 20, 481), ("Slower", 19, 20)])
def test_the_dates_of_a_slow_timetable_are_told_as_they_come(
    worker: Worker, name: str, days: int, dates: int
) -> None:
    events: list[Event] = []
    plan = worker.plan(given(worker, name, days=days), on_event=events.append)
    counts = [event["dates"] for event in events]
    assert len(counts) >= 2
    assert counts == sorted(set(counts))
    assert 0 < counts[0] <= counts[-1] < dates == len(plan.runs)
    assert {event["complete"] for event in events} == {False}
    assert plan.complete


@pytest.mark.parametrize("name", ["Slow", "Slower"])
def test_a_slow_timetable_can_be_left_in_the_middle(worker: Worker, name: str) -> None:
    request = given(worker, name, days=365)
    events: list[Event] = []
    began = time.monotonic()
    with pytest.raises(Interrupted):
        worker("plan", request=request, cancel_after_seconds=0.8, on_event=events.append)
    assert time.monotonic() - began < 5
    assert events
    assert is_at_rest(worker)


def test_dates_without_data_intervals_are_shown_and_airflow_leaves_them_out(worker: Worker) -> None:
    plan = agreed(worker, given(worker, "NoInterval"))
    assert {(run.verdict, run.reason) for run in plan.runs} == {
        (Verdict.NOT_YET, "it has no data interval, so Airflow leaves it out")
    }
    assert len(plan.runs) == 10
    (found,) = plan.blocking
    assert (found.code, found.remedy) == ("no_dates_due", "mend the timetable")
    assert "no data interval" in found.message


@pytest.mark.parametrize("backwards", [False, True])
def test_a_timetable_that_swaps_its_dates_keeps_their_order_as_in_airflow(
    worker: Worker, *, backwards: bool
) -> None:
    request = {**given(worker, "Swaps"), "run_backwards": backwards}
    plan = agreed(worker, request)
    assert "dates_out_of_order" in [warning.code for warning in plan.warnings]
    days = [run.occurrence.logical_date for run in plan.runs]
    assert len(days) > 5
    assert days not in (sorted(days, key=lambda day: day or 0), sorted(days, key=lambda day: -(day or 0)))


def test_what_is_no_date_at_all_is_said_and_does_not_pass_for_one(worker: Worker) -> None:
    with pytest.raises(AirflowFailed, match="can not say its dates: AttributeError"):
        worker.plan(given(worker, "GivesNonsense"))


def test_a_timetable_that_would_end_the_process_is_a_failure_of_the_call(worker: Worker) -> None:
    with pytest.raises(AirflowFailed, match="can not say its dates: SystemExit: 3"):
        worker.plan(given(worker, "Quits"))
    assert len(worker.plan(scheduled(worker, DAILY)).runs) == 10


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("odd_plugin.Unreadable", r"LookupError: the \[/red\] table of holidays is gone"),
        ("gone_plugin.Workdays", r".*gone_plugin\.Workdays"),
        ("airflow.timetables.events.EventsTimetable", "KeyError: "),
    ],
)
def test_a_dag_whose_timetable_can_not_be_read_any_more_is_said_to_be_so(
    worker: Worker, place: Place, name: str, cause: str
) -> None:
    # Airflow stores no Dag that it can not read back; later the code, or what the code reads, may be gone.
    request = scheduled(worker, {"kind": "workday", "hour": 6})
    sqlite_database(place.home / "airflow.db").do(
        f"UPDATE serialized_dag SET data = replace(data, 'odd_plugin.Workdays', '{name}')"  # noqa: S608
    )
    with pytest.raises(AirflowFailed, match=f"can not read the Dag any: {cause}") as failure:
        worker.plan(request)
    assert failure.value.remedy == "see to its timetable and plugins, then parse the Dags again"
    assert len(worker.plan(scheduled(worker, DAILY)).runs) == 10


@pytest.mark.parametrize(
    "schedule",
    [
        EVERY_MINUTE,
        {**EVERY_MINUTE, "kind": "cron_interval"},
        {**EVERY_MINUTE, "kind": "partition"},
        {"kind": "delta_interval", "delta": 60},
    ],
    ids=lambda schedule: schedule["kind"],
)
def test_two_centuries_of_minutes_are_refused_before_a_single_date_is_asked_for(
    worker: Worker, schedule: dict[str, Any]
) -> None:
    bounds = {"from_date": instant("1825-01-01"), "to_date": instant("2025-01-01")}
    found = worker("counted_plan", request={**scheduled(worker, schedule), **bounds})
    assert (found["asked"], found["dates"]) == (0, 0)
    assert found["refused"].startswith(
        "The range has about 110,000,000 dates, and a plan has at most 200,000"
    )


def test_the_longest_plan_is_still_made(worker: Worker) -> None:
    request = {**scheduled(worker, EVERY_MINUTE), "to_date": FIRST + (MOST_DATES - 1) * MINUTE}
    assert len(worker.plan(request).runs) == MOST_DATES
    with pytest.raises(BadRequest, match="about 210,000 dates") as refusal:
        worker.plan({**request, "to_date": FIRST + 210_000 * MINUTE})
    assert refusal.value.remedy == "choose a shorter range"


@pytest.mark.parametrize("schedule", [DAILY, {**DAILY, "kind": "cron_interval", "zone": "America/New_York"}])
def test_a_range_of_one_instant_has_the_date_that_lies_there_or_none(
    worker: Worker, schedule: dict[str, Any]
) -> None:
    day = FIRST if schedule is DAILY else FIRST + 5 * HOUR
    one = {**scheduled(worker, schedule), "from_date": day, "to_date": day}
    assert [run.occurrence.logical_date for run in agreed(worker, one).runs] == [day]
    worker("reset")
    beside = agreed(worker, {**one, "from_date": day + 1, "to_date": day + 1})
    assert [warning.code for warning in beside.blocking] == ["no_dates"]


def test_a_range_in_the_future_is_refused_and_one_that_only_ends_there_is_not(worker: Worker) -> None:
    today = worker("now") // DAY * DAY
    request = scheduled(worker, DAILY)
    with pytest.raises(BadRequest, match="in the future"):
        worker.plan({**request, "from_date": today + DAY, "to_date": today + 9 * DAY})
    plan = agreed(worker, {**request, "from_date": today - 3 * DAY, "to_date": today + 9 * DAY})
    assert plan.count(Verdict.NOT_YET) == 9
    assert plan.run_count == 4


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Kathmandu"])
@pytest.mark.parametrize("kind", ["cron_trigger", "cron_interval", "partition"])
def test_the_first_year_has_airflows_dates_or_its_failure(worker: Worker, kind: str, zone: str) -> None:
    request = scheduled(worker, {**DAILY, "kind": kind, "zone": zone})
    early = {**request, "from_date": instant("0001-01-03"), "to_date": instant("0001-01-07")}
    plan = agreed(worker, early, zone=zone if kind == "partition" else "UTC")
    assert len(plan.runs) >= 4
    assert all(run.reason == "no run exists; before the Dag's start date" for run in plan.runs)


@pytest.mark.parametrize("zone", ["UTC", "America/New_York"])
def test_the_first_instant_there_is_can_be_asked_for(worker: Worker, zone: str) -> None:
    request = scheduled(worker, {**DAILY, "zone": zone})
    first = instant("0001-01-01")
    plan = agreed(worker, {**request, "from_date": first, "to_date": first + 5 * DAY})
    # Airflow's timetable raises where the clock of New York still shows the year before the first.
    assert [warning.code for warning in plan.blocking] == ([] if zone == "UTC" else ["no_dates"])


@pytest.mark.parametrize(
    ("zone", "from_date", "to_date"),
    [
        ("America/New_York", "0001-01-01", "0001-01-09"),
        ("Asia/Kathmandu", "2024-03-01", "9999-12-31T23:59"),
    ],
)
def test_partitions_beyond_the_years_of_a_clock_are_refused(
    worker: Worker, zone: str, from_date: str, to_date: str
) -> None:
    request = scheduled(worker, {**DAILY, "kind": "partition", "zone": zone})
    with pytest.raises(BadRequest, match=f"leaves the years that a clock of .*{zone}.* can show"):
        worker.plan({**request, "from_date": instant(from_date), "to_date": instant(to_date)})


def test_the_last_years_there_are_end_in_a_sentence(worker: Worker) -> None:
    request = scheduled(worker, DAILY)
    late = instant("9998-01-01")
    with pytest.raises(BadRequest, match="The range is in the future: it begins 9998-01-01 00:00 UTC"):
        worker.plan({**request, "from_date": late, "to_date": late + 300 * DAY})
    with pytest.raises(BadRequest, match="about 2,900,000 dates"):
        worker.plan({**request, "to_date": late})
    yearly = scheduled(worker, {**DAILY, "cron": "0 0 1 1 *"})
    plan = worker.plan({**yearly, "to_date": instant("9998-12-31")})
    assert plan.runs[-1].occurrence.logical_date == late
    assert plan.run_count == (worker("now") - FIRST) // (365 * DAY + 6 * HOUR)


PARAMS = {"size": {"default": 1, "type": "integer", "minimum": 1}}


def test_a_conf_of_a_megabyte_is_taken_when_it_fits(worker: Worker) -> None:
    request = scheduled(worker, DAILY, params=PARAMS, days=1)
    large = {"size": 2, "text": "x" * 1_000_000}
    assert agreed(worker, {**request, "conf": json.dumps(large)}).run_count == 2
    worker("reset")
    many = {"size": 2, "list": list(range(150_000))}
    assert agreed(worker, {**request, "conf": json.dumps(many)}).run_count == 2


def test_a_conf_of_a_megabyte_is_refused_when_it_does_not_fit(worker: Worker) -> None:
    request = scheduled(worker, DAILY, params=PARAMS, days=1)
    for misfit in ({"size": 0, "text": "x" * 1_000_000}, {"size": "y" * 1_000_000}):
        asked = {**request, "conf": json.dumps(misfit)}
        (blocking,) = worker.plan(asked).blocking
        assert blocking.code == "conf_invalid"
        assert len(blocking.message) < 2_000
        assert worker("stock_outcome", request=asked)["refused"] == "InvalidBackfillConf"
    with pytest.raises(BadRequest, match="not JSON") as refusal:
        worker.plan({**request, "conf": "{" + "x" * 1_000_000})
    assert len(str(refusal.value)) < 500


@pytest.mark.parametrize("depth", [100, 330, 900])
@pytest.mark.parametrize(("opening", "closing"), [('{"a":', "}"), ("[", "]")])
def test_a_deeply_nested_conf_that_fits_is_taken(
    worker: Worker, opening: str, closing: str, depth: int
) -> None:
    request = scheduled(worker, DAILY, params=PARAMS, days=1)
    conf = f'{{"a": {opening * depth}1{closing * depth}}}'
    assert agreed(worker, {**request, "conf": conf}).run_count == 2


@pytest.mark.parametrize("depth", [100, 330, 900])
def test_a_deeply_nested_conf_that_does_not_fit_is_refused_by_both(worker: Worker, depth: int) -> None:
    request = scheduled(worker, DAILY, params=PARAMS, days=1)
    asked = {**request, "conf": '{"size": ' * depth + "1" + "}" * depth}
    assert [warning.code for warning in worker.plan(asked).blocking] == ["conf_invalid"]
    assert worker("stock_outcome", request=asked)["refused"] in {"InvalidBackfillConf", "RecursionError"}


@pytest.mark.parametrize(("opening", "closing"), [('{"a":', "}"), ("[", "]"), ('{"a":', ""), ("[", "")])
def test_a_conf_nested_without_end_is_refused(worker: Worker, opening: str, closing: str) -> None:
    request = scheduled(worker, DAILY, days=1)
    nested = opening * 100_000 + "1" + closing * 100_000
    with pytest.raises(BadRequest, match="The conf is not JSON") as refusal:
        worker.plan({**request, "conf": f'{{"a": {nested}}}'})
    assert len(str(refusal.value)) < 500
    assert len(worker.plan(request).runs) == 2


def test_seconds_of_a_timedelta_are_counted_before_they_are_listed(worker: Worker) -> None:
    request = scheduled(worker, {"kind": "delta_trigger", "delta": 1})
    found = worker("counted_plan", request={**request, "to_date": FIRST + 3_000_000 * SECOND})
    assert found["asked"] == 0
    assert "about 3,000,000 dates" in found["refused"]
