from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from dateutil.relativedelta import relativedelta  # type: ignore[import-untyped]  # has no types here

from backfill_tui.bridge.schedules import cron_in_words, delta_in_words

WORDS = [
    ("0 0 * * *", "every day at 00:00"),
    ("30 6 * * *", "every day at 06:30"),
    ("0 6,18 * * *", "every day at 06:00 and 18:00"),
    ("0 * * * *", "every hour"),
    ("15 * * * *", "every hour at :15"),
    ("* * * * *", "every minute"),
    ("*/15 * * * *", "every 15 minutes"),
    ("0 */2 * * *", "every 2 hours"),
    ("5 */6 * * *", "every 6 hours at :05"),
    ("30 6 * * 1", "Mondays at 06:30"),
    ("30 6 * * MON", "Mondays at 06:30"),
    ("0 0 * * 0", "Sundays at 00:00"),
    ("0 0 * * 7", "Sundays at 00:00"),
    ("0 9 * * 1-5", "weekdays at 09:00"),
    ("0 9 * * mon-fri", "weekdays at 09:00"),
    ("0 9 * * 6,0", "weekends at 09:00"),
    ("0 9 * * 0,1,4", "Mondays, Thursdays and Sundays at 09:00"),
    ("0 * * * 1-5", "every hour on weekdays"),
    ("*/10 * * * 6", "every 10 minutes on Saturdays"),
    ("0 0 1 * *", "1st of month"),
    ("0 3 1 * *", "1st of month at 03:00"),
    ("0 3 1,15 * *", "1st and 15th of month at 03:00"),
    ("0 0 22 * *", "22nd of month"),
    ("0 0 11 * *", "11th of month"),
    ("0 0 L * *", "last day of month"),
    ("0 * 1 * *", "every hour on the 1st of month"),
    ("0 0 1 */3 *", "1st of quarter"),
    ("0 0 1 1 *", "1st of January"),
    ("0 4 1 JAN,jul *", "1st of January and July at 04:00"),
]


@pytest.mark.parametrize(("expression", "words"), WORDS)
def test_a_plain_cron_expression_is_said_in_words(expression: str, words: str) -> None:
    assert cron_in_words(expression) == words


@pytest.mark.parametrize(
    "expression",
    [
        "0 0 1 * 1",  # the 1st or a Monday, whichever comes
        "*/7 * * * *",  # uneven at every full hour
        "0 */5 * * *",  # uneven at midnight
        "*/60 * * * *",
        "0 0 * * 1#2",
        "0 0 1 */2 *",
        "0 0 * 6 *",
        "0,30 * * * *",
        "0 1,2,3,4 * * *",
        "0 0 31-1 * *",
        "61 * * * *",
        "0 0 * * * 30",
        "nonsense",
        "",
        "@reboot",
    ],
)
def test_what_can_not_be_said_exactly_is_not_said(expression: str) -> None:
    assert cron_in_words(expression) is None


@pytest.mark.parametrize(
    ("zone", "words"),
    [
        ("UTC", "every day at 02:00"),
        ("Etc/UTC", "every day at 02:00"),
        ("America/New_York", "every day at 02:00 New York"),
        ("America/Argentina/Buenos_Aires", "every day at 02:00 Buenos Aires"),
        ("+05:30", "every day at 02:00 +05:30"),
        ("GMT", "every day at 02:00 GMT"),
    ],
)
def test_a_timezone_is_named_unless_it_is_utc(zone: str, words: str) -> None:
    assert cron_in_words("0 2 * * *", zone) == words


@pytest.mark.parametrize(
    ("delta", "words"),
    [
        (timedelta(hours=1), "every hour"),
        (timedelta(minutes=90), "every 90 minutes"),
        (timedelta(hours=2), "every 2 hours"),
        (timedelta(days=1), "every day"),
        (timedelta(days=14), "every 2 weeks"),
        (timedelta(seconds=30), "every 30 seconds"),
        (relativedelta(months=1), "every month"),
        (relativedelta(months=+3), "every 3 months"),
        (relativedelta(years=1), "every year"),
        (relativedelta(weeks=1), "every week"),
        (timedelta(milliseconds=1500), None),
        (timedelta(0), None),
        (relativedelta(months=1, days=1), None),
        (relativedelta(months=1, day=1), None),
    ],
)
def test_a_delta_of_one_unit_is_said_in_words(delta: timedelta | relativedelta, words: str | None) -> None:
    assert delta_in_words(delta) == words


_TIMETABLES = """
import sys
from datetime import timedelta
from airflow.timetables.base import Timetable
from airflow.timetables.events import EventsTimetable
from airflow.timetables.interval import CronDataIntervalTimetable, DeltaDataIntervalTimetable
from airflow.timetables.simple import ContinuousTimetable, NullTimetable, OnceTimetable
from airflow.timetables.trigger import (
    CronPartitionTimetable, CronTriggerTimetable, DeltaTriggerTimetable, MultipleCronTriggerTimetable,
)
from backfill_tui.bridge.schedules import in_words

class Own(CronTriggerTimetable):
    summary = "full moons"

ny = "America/New_York"
for timetable in (
    CronTriggerTimetable("@daily", timezone="UTC"),
    CronTriggerTimetable("1-59/3 0 * * *", timezone="UTC"),
    CronDataIntervalTimetable("@hourly", timezone="UTC"),
    CronPartitionTimetable("0 2 * * *", timezone=ny),
    DeltaDataIntervalTimetable(timedelta(hours=3)),
    DeltaTriggerTimetable(timedelta(minutes=7)),
    MultipleCronTriggerTimetable("0 1 * * *", "0 5 * * 6", timezone="UTC"),
    NullTimetable(), OnceTimetable(), ContinuousTimetable(),
    EventsTimetable([], description="school holidays"),
    Own("@daily", timezone="UTC"),
):
    print(in_words(timetable), file=sys.__stdout__)
"""


@pytest.mark.airflow
def test_every_timetable_of_airflow_has_words(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _TIMETABLES],
        env={**os.environ, "AIRFLOW_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert done.stdout.splitlines() == [
        "every day at 00:00",
        "1-59/3 0 * * *",
        "every hour",
        "every day at 02:00 New York",
        "every 3 hours",
        "every 7 minutes",
        "every day at 01:00 and Saturdays at 05:00",
        "only when triggered",
        "once",
        "continuously",
        "school holidays",
        "full moons",
    ]
