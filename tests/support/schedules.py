"""Random schedules as JSON, ranges for them, and runs that exist: what plans are held against Airflow on."""

from __future__ import annotations

from typing import Any, Final

from hypothesis import strategies as st

from tests.support.world import DAY, HOUR, instant

ZONES: Final = (
    "UTC",
    "America/New_York",
    "Europe/Zurich",
    "Europe/Dublin",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Asia/Beirut",
    "Asia/Gaza",
    "America/St_Johns",
    "America/Havana",
    "America/Sao_Paulo",
    "America/Caracas",
    "Africa/Casablanca",
    "Australia/Lord_Howe",
    "Antarctica/Troll",
    "Pacific/Apia",
)
"""With gaps and folds at all hours, half hours and a day, and zones that changed their rules."""

MINUTE: Final = HOUR // 60
_STARTS: Final = ("1994-09-20", "2007-10-01", "2011-12-20", "2018-10-20", "2024-02-25", "2024-10-24")
"""Near changes of clocks: Lord Howe's, Apia's lost day, spring and autumn."""


def _field(low: int, high: int) -> st.SearchStrategy[str]:
    number = st.integers(low, high)
    several = st.lists(number, min_size=1, max_size=3).map(lambda some: ",".join(map(str, some)))
    step = st.sampled_from([2, 3, 4, 5, 6, 7, 10, 13, 15, 20, 30]).map(lambda n: f"*/{n}")
    ends = st.tuples(number, number).map(sorted)
    part = ends.map(lambda pair: f"{pair[0]}-{pair[1]}")
    stepped = st.tuples(part, st.integers(1, 4)).map(lambda two: f"{two[0]}/{two[1]}")
    return st.one_of(several, step, part, stepped)


def _mostly_any(field: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(st.just("*"), st.just("*"), field)


def crons() -> st.SearchStrategy[str]:
    """Five plain fields; most run on many days, so that a short range has dates."""
    names = st.sampled_from(["MON", "mon-fri", "SUN,wed", "7", "0-7/2"])
    fields = st.tuples(
        _field(0, 59),
        st.one_of(st.just("*"), _field(0, 23)),
        _mostly_any(_field(1, 31)),
        st.one_of(st.just("*"), st.just("*"), st.just("*"), _field(1, 12)),
        _mostly_any(st.one_of(_field(0, 7), names)),
    )
    fancy = st.sampled_from(
        ["0 0 L * *", "0 6 * * 1#2", "0 0 15W * *", "@daily", "@hourly", "@weekly", "@monthly"]
    )
    return st.one_of(fields.map(" ".join), fields.map(" ".join), fancy)


def lengths() -> st.SearchStrategy[Any]:
    """A fixed length in seconds, or the fields of a relativedelta."""
    fixed = st.sampled_from([61, 1800, 3600, 5400, 86_400, 100_000, 604_800])
    calendar = st.sampled_from(
        [{"months": 1}, {"days": 1}, {"weeks": 2}, {"months": 1, "days": 1}, {"hours": 7}]
    )
    return st.one_of(fixed, fixed, calendar)


def schedules() -> st.SearchStrategy[dict[str, Any]]:
    """Any schedule with periods."""
    zone, cron = st.sampled_from(ZONES), crons()
    trigger = _of("cron_trigger", cron=cron, zone=zone)
    return st.one_of(
        trigger,
        _of("cron_trigger", cron=cron, zone=zone, interval=lengths()),
        _of("cron_interval", cron=cron, zone=zone),
        _of("cron_interval", cron=cron, zone=zone),
        _of("multiple", crons=st.lists(cron, min_size=1, max_size=3), zone=zone),
        _of(
            "partition",
            cron=cron,
            zone=zone,
            offset=st.sampled_from([0, 0, 1, -2]),
            key_format=st.sampled_from(["%Y-%m-%dT%H:%M:%S", "%Y%m%d %H%M %z"]),
        ),
        _of("delta_interval", delta=lengths()),
        _of("delta_trigger", delta=lengths(), interval=st.sampled_from([0, 3600])),
        _of("events", events=_events()),
        _of("workday", hour=st.integers(0, 23)),
        _of("odd", name=st.sampled_from(["Hourly2", "Stutters", "NoInterval"])),
        st.fixed_dictionaries({"kind": st.just("asset"), "or": trigger}),
    )


def _of(kind: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"kind": st.just(kind), **fields})


def _events() -> st.SearchStrategy[list[int]]:
    starts = st.sampled_from([instant(start) for start in _STARTS])
    places = st.sets(st.integers(0, 99))
    return st.tuples(starts, places).map(lambda two: [two[0] + n * 7 * HOUR for n in sorted(two[1])])


@st.composite
def ranges(draw: st.DrawFn) -> tuple[int, int]:
    """Both bounds: nothing, one instant, hours, weeks or a year, near a change of some clock."""
    first = instant(draw(st.sampled_from(_STARTS))) + draw(st.integers(0, 9)) * DAY
    first += draw(st.sampled_from([0, 0, 5 * HOUR, 7 * HOUR + 30 * MINUTE, 23 * HOUR + 59 * MINUTE, 1]))
    longest = draw(st.sampled_from([0, HOUR, DAY, 9 * DAY, 40 * DAY, 40 * DAY, 200 * DAY, 400 * DAY]))
    return first, first + longest + draw(st.sampled_from([0, 0, 17 * MINUTE, 11 * HOUR]))


def few_per_day(schedule: dict[str, Any]) -> bool:
    """Whether a schedule has at most some dates a day, so that Airflow lists a year of it in a second."""
    texts = [schedule.get("or", schedule).get("cron", ""), *schedule.get("crons", [])]
    often = any(_per_day(text) > 4 for text in texts if text)
    length = schedule.get("delta")
    return not often and not (isinstance(length, int) and length < 20_000)


def _per_day(cron: str) -> float:
    from croniter import croniter

    minutes, hours = croniter(cron).expanded[:2]
    return (60 if minutes == ["*"] else len(minutes)) * (24 if hours == ["*"] else len(hours))
