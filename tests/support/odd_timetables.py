"""Timetables as their authors write them, good and bad, for the plugins folder of a test's Airflow."""

from __future__ import annotations

ODD_TIMETABLES = '''
"""Timetables that are not Airflow's own."""

import time
from datetime import timedelta

from airflow.plugins_manager import AirflowPlugin
from airflow.timetables.base import DagRunInfo, DataInterval, Timetable
from airflow.timetables.trigger import CronTriggerTimetable


class _Odd(Timetable):
    def infer_manual_data_interval(self, *, run_after):
        return DataInterval.exact(run_after)

    def next_dagrun_info(self, *, last_automated_data_interval, restriction):
        last = last_automated_data_interval
        tick = self.first(restriction.earliest) if last is None else self.after(last.end)
        return None if tick is None or self.is_past(tick, restriction) else DagRunInfo.exact(tick)

    def first(self, earliest):
        return earliest

    def is_past(self, tick, restriction):
        return tick > restriction.latest


class Workdays(_Odd):
    """Every weekday at an hour; its data interval is the day before."""

    def __init__(self, hour=6):
        self.hour = hour

    def serialize(self):
        return {"hour": self.hour}

    @classmethod
    def deserialize(cls, data):
        return cls(data["hour"])

    def next_dagrun_info(self, *, last_automated_data_interval, restriction):
        last = last_automated_data_interval
        day = restriction.earliest if last is None else last.start + timedelta(days=1)
        start = day.replace(hour=self.hour, minute=0, second=0, microsecond=0)
        if start < day:
            start += timedelta(days=1)
        while start.isoweekday() > 5:
            start += timedelta(days=1)
        if start > restriction.latest:
            return None
        return DagRunInfo.interval(start=start, end=start + timedelta(days=1))


class Backwards(_Odd):
    """Goes a day back each time: it never comes to the end of a range."""

    def after(self, last):
        return last - timedelta(days=1)


class StandsStill(_Odd):
    """Gives the same date again and again."""

    def after(self, last):
        return last


class Stutters(_Odd):
    """Gives every second date twice."""

    def next_dagrun_info(self, *, last_automated_data_interval, restriction):
        last = last_automated_data_interval
        if last is None:
            self.again = False
            return DagRunInfo.exact(restriction.earliest)
        self.again = not self.again
        tick = last.end if self.again and last.end.day % 2 else last.end + timedelta(days=1)
        return None if tick > restriction.latest else DagRunInfo.exact(tick)


class Swaps(_Odd):
    """Days in pairs, the later one first."""

    def after(self, last):
        return last + timedelta(days=3) if last.day % 2 else last - timedelta(days=1)


class Creeps(_Odd):
    """Goes a microsecond forward each time."""

    def after(self, last):
        return last + timedelta(microseconds=1)


class Hangs(_Odd):
    """Thinks for ever about its fourth date, and keeps what would stop it."""

    def after(self, last):
        while last.day == 3:
            try:
                pass
            except Exception:
                pass
        return last + timedelta(days=1)


class Slow(_Odd):
    """Takes its time: four milliseconds a date."""

    def after(self, last):
        time.sleep(0.004)
        return last + timedelta(hours=1)


class RaisesAtOnce(_Odd):
    """Has no date at all to give."""

    def first(self, earliest):
        raise KeyError("no [/red] first")


class RaisesMidway(_Odd):
    """Fails after its third date."""

    def after(self, last):
        if last.day == 3:
            raise RuntimeError("no [/red] fourth")
        return last + timedelta(days=1)


class Slower(Slow):
    """Asks somebody far away about each of its days."""

    def after(self, last):
        time.sleep(0.1)
        return last + timedelta(days=1)


class _GoodAtFirst(_Odd):
    """Good as long as nobody names an end of the range, as on parsing: such a Dag comes to be known."""

    def next_dagrun_info(self, *, last_automated_data_interval, restriction):
        return DagRunInfo.exact(restriction.earliest) if restriction.latest is None else self.bad()


class HangsAtOnce(_GoodAtFirst):
    """Never gives its first date."""

    def bad(self):
        while True:
            pass


class GivesNonsense(_GoodAtFirst):
    """Answers with something that is no date at all."""

    def bad(self):
        return "tomorrow"


class Quits(_GoodAtFirst):
    """Ends the process, if it may."""

    def bad(self):
        raise SystemExit(3)


class Unreadable(_Odd):
    """Can be written down and not read back."""

    @classmethod
    def deserialize(cls, data):
        raise LookupError("the [/red] table of holidays is gone")


class Speechless(_Odd):
    """Has no words about itself."""

    @property
    def summary(self):
        raise LookupError("no words")


class TalksNonsense(_Odd):
    """Has nonsense for the next date even while it is parsed."""

    def next_dagrun_info(self, *, last_automated_data_interval, restriction):
        return "tomorrow"


class Leaves(_Odd):
    """Ends the process that reads it back, if it may."""

    @classmethod
    def deserialize(cls, data):
        raise SystemExit(3)


class Unwritable(_Odd):
    """Can not be written down."""

    def serialize(self):
        return {"hour": object()}


class NoInterval(_Odd):
    """Runs without data intervals, which Airflow leaves out."""

    def next_dagrun_info_v2(self, *, last_dagrun_info, restriction):
        last = last_dagrun_info
        tick = restriction.earliest if last is None else last.run_after + timedelta(days=1)
        if tick > restriction.latest:
            return None
        return DagRunInfo(run_after=tick, data_interval=None, partition_date=None, partition_key=None)


class OwnCron(CronTriggerTimetable):
    """Derived from Airflow's, and an hour later than that says."""

    def next_dagrun_info(self, **arguments):
        info = super().next_dagrun_info(**arguments)
        return info and DagRunInfo.exact(info.run_after + timedelta(hours=1))


class Hourly2(OwnCron):
    """The one above as a schedule of its own."""

    def __init__(self):
        super().__init__("0 3 * * *", timezone="UTC")

    def serialize(self):
        return {}

    @classmethod
    def deserialize(cls, data):
        return cls()


class Plugin(AirflowPlugin):
    name = "odd_timetables"
    timetables = [
        Workdays, Backwards, StandsStill, Stutters, Swaps, Creeps, Hangs, Slow, RaisesAtOnce, NoInterval,
        Hourly2, RaisesMidway, Slower, HangsAtOnce, GivesNonsense, Quits, Unreadable,
        Speechless, TalksNonsense, Leaves, Unwritable,
    ]
'''

ODD_PLUGIN_FILES = {"odd_plugin.py": ODD_TIMETABLES}
