from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.test_dates import ZONES

from backfill_tui.domain.dates import Side, Span, day_span, parse_bound
from backfill_tui.domain.instants import SECOND, Instant, from_datetime, iso
from backfill_tui.domain.problems import BadRequest
from backfill_tui.domain.ranges import RangeContext, describe, parse_bounds, parse_range, shortest
from backfill_tui.domain.text import one_line

NEW_YORK = ZoneInfo("America/New_York")
NOW = from_datetime(datetime(2024, 6, 15, 2, 30, 12, tzinfo=timezone.utc))
START = from_datetime(datetime(2023, 1, 1, tzinfo=NEW_YORK))
LAST_SUCCESS = from_datetime(datetime(2024, 5, 1, 2, tzinfo=NEW_YORK))
FACTS = RangeContext(zone=NEW_YORK, now=NOW, start=START, last_success=LAST_SUCCESS)
NO_FACTS = RangeContext(zone=NEW_YORK, now=NOW)
EVERY_ZONE = sorted(available_timezones() - {"localtime", "Factory"})
EXPRESSIONS = (
    st.dates(min_value=date(1990, 1, 1), max_value=date(2023, 12, 31)).map(str)
    | st.integers(min_value=1990, max_value=2023).map(str)
    | st.tuples(st.integers(1990, 2023), st.integers(1, 12)).map(lambda at: f"{at[0]}-{at[1]:02}")
    | st.tuples(st.integers(1990, 2023), st.integers(1, 4)).map(lambda at: f"{at[0]}-Q{at[1]}")
    | st.tuples(st.integers(1990, 2023), st.integers(1, 52)).map(lambda at: f"{at[0]}-W{at[1]:02}")
    | st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2023, 12, 31)).map(datetime.isoformat)
    | st.sampled_from(
        ["today", "yesterday", "now", "last 30 days", "last 12 hours", "last month", "this year"]
    )
)
"""Single expressions of every kind."""

WORDS = st.lists(
    st.sampled_from(
        [
            "since",
            "last",
            "this",
            "start",
            "success",
            "the",
            "..",
            ".",
            "days",
            "day",
            "hour",
            "month",
            "year",
            *(
                "2024",
                "-Q1",
                "-W07",
                "-03",
                "-13",
                "-01",
                "T06:00",
                "Z",
                "+25:00",
                "now",
                "yesterday",
                "to",
                "/",
            ),
            *("0", "30", "9" * 30, "٣", "２", "[/red]", "\x1b[31m", "\x00", "\ud800", "ſ", "\u2028"),
        ]
    )
    | st.text(max_size=3),
    max_size=9,
).flatmap(lambda words: st.sampled_from(["", " "]).map(lambda glue: glue.join(words)))
"""Texts made of what expressions are made of."""


def days(first: str, last: str) -> Span:
    first_day, last_day = date.fromisoformat(first), date.fromisoformat(last)
    return Span(day_span(first_day, NEW_YORK).first, day_span(last_day, NEW_YORK).last)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2024-03", "2024-03-01", "2024-03-31"),
        ("last 30 days", "2024-05-15", "2024-06-13"),
        ("2024-01-01..2024-02-15", "2024-01-01", "2024-02-15"),
        ("2024-01 .. 2024-W07", "2024-01-01", "2024-02-18"),
        ("2024-Q1..yesterday", "2024-01-01", "2024-06-13"),
        ("last year..last month", "2023-01-01", "2024-05-31"),
        ("..2024-02", "2023-01-01", "2024-02-29"),
        ("start..2024-02", "2023-01-01", "2024-02-29"),
    ],
)
def test_a_range_is_one_expression_or_two(text: str, first: str, last: str) -> None:
    assert parse_range(text, FACTS) == days(first, last)


@pytest.mark.parametrize("text", ["2024-03..", "since 2024-03", "SINCE  2024-03"])
def test_a_range_without_an_end_ends_now(text: str) -> None:
    assert parse_range(text, FACTS) == Span(days("2024-03-01", "2024-03-01").first, NOW)


@pytest.mark.parametrize("text", ["since start", "since the start", "start.."])
def test_since_start_begins_with_the_dags_start_date(text: str) -> None:
    assert parse_range(text, FACTS) == Span(START, NOW)


@pytest.mark.parametrize("text", ["since last success", "Since the last success", "last success.."])
def test_since_last_success_begins_just_after_its_logical_date(text: str) -> None:
    assert parse_range(text, FACTS) == Span(Instant(LAST_SUCCESS + 1), NOW)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("since start", "this Dag has no start date"),
        ("since last success", "this Dag has never succeeded"),
        ("..2024-02", "this Dag has no start date"),
        ("last success..2024-02", "this Dag has never succeeded"),
    ],
)
def test_a_range_that_begins_with_what_a_dag_lacks_is_refused_with_that_reason(text: str, why: str) -> None:
    with pytest.raises(BadRequest, match=why):
        parse_range(text, NO_FACTS)


@pytest.mark.parametrize("fact", ["start", "last success"])
def test_since_what_is_still_to_come_is_refused(fact: str) -> None:
    later = Instant(NOW + SECOND)
    context = RangeContext(zone=NEW_YORK, now=NOW, start=later, last_success=later)
    with pytest.raises(BadRequest, match="it would begin after now"):
        parse_range(f"since {fact}", context)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("", "is not a range of dates"),
        ("..", "it has no bounds"),
        ("since", "it does not say since when"),
        ("since lst success", '"last success" would be one'),
        ("sinse start", '"since start" would be one'),
        ("since 2024-Q9", '"2024-Q9" is not a date that the range can begin with: there is no quarter 9'),
        ("2024..2024-13", '"2024-13" is not a date that the range can end with: there is no month 13'),
        ("2024-01..2024-02..2024-03", "it is a whole range, with both of its bounds"),
        ("2024-01 to 2024-03", '"2024-01..2024-03" would be one'),
        ("2024-01-01/2024-02-01", '"2024-01-01..2024-02-01" would be one'),
        ("2024-13", "there is no month 13"),
        ("last thirty days", "its number has to be in digits"),
        ("yesteday", '"yesterday" would be one'),
        ("since 2099", "it would begin after now, on 2099-01-01 00:00"),
    ],
)
def test_a_near_miss_says_what_is_wrong_with_it(text: str, hint: str) -> None:
    with pytest.raises(BadRequest) as caught:
        parse_range(text, FACTS)
    assert hint in caught.value.message
    assert "2024-03" in caught.value.remedy


@pytest.mark.parametrize("texts", [("2024-03..2024-01", ""), ("2024-03", "2024-01")])
def test_a_range_that_ends_before_it_begins_is_refused(texts: tuple[str, str]) -> None:
    with pytest.raises(BadRequest) as caught:
        parse_bounds(*texts, FACTS)
    assert caught.value.message == (
        "The range ends before it begins: from 2024-03-01 00:00 to 2024-01-31 24:00"
    )
    assert caught.value.remedy == "swap its bounds"


def test_two_fields_are_two_bounds() -> None:
    assert parse_bounds("2024-Q1", "2024-W20", FACTS) == days("2024-01-01", "2024-05-19")
    assert parse_bounds("last 30 days", "yesterday", FACTS) == days("2024-05-15", "2024-06-13")
    assert parse_bounds("since start", "2024-02", FACTS) == days("2023-01-01", "2024-02-29")


@pytest.mark.parametrize("text", ["2024-Q1", "last 30 days", "2024-01..2024-02", "since start"])
@pytest.mark.parametrize("nothing", ["", "  "])
def test_one_field_is_a_whole_range(text: str, nothing: str) -> None:
    assert parse_bounds(text, nothing, FACTS) == parse_range(text, FACTS)


@pytest.mark.parametrize("to_text", ["", "2024-02"])
def test_a_range_without_a_beginning_is_refused_with_examples(to_text: str) -> None:
    with pytest.raises(BadRequest, match="The range has no beginning") as caught:
        parse_bounds(" ", to_text, FACTS)
    assert "2024-01-01..2024-02-15" in caught.value.remedy


@pytest.mark.parametrize("bounds", [("2024-01..2024-02", "2024"), ("2024", "2024-01..")])
def test_a_whole_range_is_no_bound_of_another(bounds: tuple[str, str]) -> None:
    with pytest.raises(BadRequest, match="is a whole range") as caught:
        parse_bounds(*bounds, FACTS)
    assert caught.value.remedy == "leave the other one empty"


@pytest.mark.parametrize(
    ("text", "local", "utc", "number", "length"),
    [
        (
            "2024-02-15..2024-06-14",
            "Thu 2024-02-15 00:00 to Fri 2024-06-14 24:00",
            "2024-02-15 05:00 to 2024-06-15 04:00 UTC",
            121,
            "121 days",
        ),
        (
            "2024-03-10",
            "Sun 2024-03-10 00:00 to Sun 2024-03-10 24:00",
            "2024-03-10 05:00 to 2024-03-11 04:00 UTC",
            1,
            "1 day",
        ),
        (
            "last 36 hours",
            "Thu 2024-06-13 10:30:12 to Fri 2024-06-14 22:30:12",
            "2024-06-13 14:30:12 to 2024-06-15 02:30:12 UTC",
            2,
            "1 day 12 hours",
        ),
        (
            "since last success",
            "after Wed 2024-05-01 02:00 to Fri 2024-06-14 22:30:12",
            "after 2024-05-01 06:00 to 2024-06-15 02:30:12 UTC",
            45,
            "44 days 20 hours",
        ),
        ("2024-05-01T06:00Z", "Wed 2024-05-01 02:00", "2024-05-01 06:00 UTC", 1, "one instant"),
        (
            "2024-05-01T06:00:00.000001Z",
            "Wed 2024-05-01 02:00:00.000001",
            "2024-05-01 06:00:00.000001 UTC",
            1,
            "one instant",
        ),
        # On a night on which the clock says 01:00 twice.
        (
            "2024-11-03T05:00Z..2024-11-03T06:00Z",
            "Sun 2024-11-03 01:00 EDT to Sun 2024-11-03 01:00 EST",
            "2024-11-03 05:00 to 2024-11-03 06:00 UTC",
            1,
            "1 hour",
        ),
        (
            "2024-05-01T06:00Z..2024-05-01T06:00:00.5Z",
            "Wed 2024-05-01 02:00 to Wed 2024-05-01 02:00:00.500000",
            "2024-05-01 06:00 to 2024-05-01 06:00:00.500000 UTC",
            1,
            "less than a second",
        ),
    ],
)
def test_a_range_is_shown_back_on_both_clocks(
    text: str, local: str, utc: str, number: int, length: str
) -> None:
    words = describe(parse_range(text, FACTS), NEW_YORK, "America/New_York")
    assert (words.local, words.utc, words.days, words.length) == (local, utc, number, length)
    assert words.timezone == "America/New_York"


def test_a_day_that_a_country_skipped_is_not_counted() -> None:
    apia = ZoneInfo("Pacific/Apia")
    span = parse_range("2011-12-29..2011-12-31", RangeContext(zone=apia, now=NOW))
    assert describe(span, apia, "Pacific/Apia").days == 2


def test_the_name_of_a_timezone_can_not_control_the_terminal() -> None:
    assert describe(Span(NOW, NOW), NEW_YORK, "\x1b[31mNew\nYork").timezone == "New York"


@pytest.mark.parametrize(
    ("span", "texts"),
    [
        (days("2024-02-15", "2024-06-14"), ("2024-02-15", "2024-06-14")),
        (Span(LAST_SUCCESS, NOW), ("2024-05-01T02:00", "2024-06-14T22:30:12")),
        (Span(Instant(LAST_SUCCESS + 1), NOW), ("2024-05-01T02:00:00.000001", "2024-06-14T22:30:12")),
        # 01:30 is said twice that night.
        (
            parse_range("2024-11-03T05:30Z..2024-11-03T06:30Z", FACTS),
            ("2024-11-03T05:30Z", "2024-11-03T06:30Z"),
        ),
        # The last microsecond of a day begins no day, and midnight ends none.
        (
            Span(days("2024-01-01", "2024-01-01").last, days("2024-01-03", "2024-01-03").first),
            ("2024-01-01T23:59:59.999999", "2024-01-03T00:00"),
        ),
    ],
)
def test_the_shortest_texts_of_a_range(span: Span, texts: tuple[str, str]) -> None:
    assert shortest(span, NEW_YORK) == texts


def assert_means(texts: tuple[str, str], span: Span, zone: ZoneInfo) -> None:
    first, last = (parse_bound(text, side, zone) for text, side in zip(texts, Side, strict=True))
    assert (iso(first), iso(last)) == (iso(span.first), iso(span.last))


@given(
    moments=st.tuples(
        *(st.datetimes(min_value=datetime(1700, 1, 1), max_value=datetime(2200, 1, 1)) for _ in range(2))
    ),
    zone=st.sampled_from(EVERY_ZONE),
)
def test_the_shortest_texts_mean_exactly_the_range_in_every_zone(
    moments: tuple[datetime, datetime], zone: str
) -> None:
    first, last = sorted(from_datetime(moment.replace(tzinfo=timezone.utc)) for moment in moments)
    span = Span(first, last)
    assert_means(shortest(span, ZoneInfo(zone)), span, ZoneInfo(zone))


@given(
    day=st.dates(min_value=date(1700, 1, 1), max_value=date(2200, 1, 1)),
    length=st.integers(min_value=0, max_value=400),
    zone=st.sampled_from(EVERY_ZONE),
)
def test_the_shortest_texts_of_whole_days_are_days_in_every_zone(day: date, length: int, zone: str) -> None:
    place = ZoneInfo(zone)
    try:
        span = Span(day_span(day, place).first, day_span(day + timedelta(days=length), place).last)
    except ValueError:
        return
    texts = shortest(span, place)
    assert_means(texts, span, place)
    assert texts == (str(day), str(day + timedelta(days=length)))


@given(
    change=st.sampled_from(
        # Gaps and folds, some at or over midnight, and a day that was skipped.
        [
            ("America/New_York", 2024, 3, 10),
            ("America/New_York", 2024, 11, 3),
            ("America/Havana", 2024, 11, 3),
            ("America/Sao_Paulo", 2018, 2, 17),
            ("America/Sao_Paulo", 2018, 11, 4),
            ("Asia/Beirut", 2024, 3, 31),
            ("America/St_Johns", 2010, 11, 7),
            ("Australia/Lord_Howe", 2024, 4, 7),
            ("Pacific/Apia", 2011, 12, 30),
        ]
    ),
    minutes=st.tuples(*(st.integers(min_value=-1800, max_value=1800) for _ in range(2))),
    less=st.booleans(),
)
def test_the_shortest_texts_mean_exactly_the_range_around_a_change_of_the_clock(
    change: tuple[str, int, int, int], minutes: tuple[int, int], *, less: bool
) -> None:
    name, year, month, day = change
    zone, near = ZoneInfo(name), from_datetime(datetime(year, month, day, tzinfo=timezone.utc))
    first, last = (Instant(near + number * 60 * SECOND - less) for number in sorted(minutes))
    span = Span(first, last)
    assert_means(shortest(span, zone), span, zone)
    assert describe(span, zone, name).local


@given(first=EXPRESSIONS, last=EXPRESSIONS, zone=st.sampled_from(ZONES))
def test_the_bounds_of_a_range_are_those_of_its_two_sides(first: str, last: str, zone: str) -> None:
    place = ZoneInfo(zone)
    context = RangeContext(zone=place, now=NOW)
    try:
        expected = Span(
            parse_bound(first, Side.FROM, place, now=NOW), parse_bound(last, Side.TO, place, now=NOW)
        )
    except BadRequest as refused:
        assert "2011-12-30 does not exist" in refused.message  # noqa: PT017  # only this reason is one
        return
    if expected.first > expected.last:
        with pytest.raises(BadRequest, match="ends before it begins"):
            parse_range(f"{first}..{last}", context)
        return
    assert parse_range(f"{first}..{last}", context) == parse_bounds(first, last, context) == expected


@given(
    from_text=WORDS | EXPRESSIONS | st.text(max_size=120),
    to_text=st.just("") | WORDS | EXPRESSIONS,
    zone=st.sampled_from(ZONES),
    has_facts=st.booleans(),
)
def test_no_text_breaks_it(from_text: str, to_text: str, zone: str, *, has_facts: bool) -> None:
    place = ZoneInfo(zone)
    context = (
        RangeContext(zone=place, now=NOW, start=START) if has_facts else RangeContext(zone=place, now=NOW)
    )
    try:
        span = parse_bounds(from_text, to_text, context)
    except BadRequest as refused:
        shown = str(refused)
        assert one_line(shown) == shown  # most texts are refused, and none has to be
        return
    assert span.first <= span.last
    assert describe(span, place, zone).local
    assert_means(shortest(span, place), span, place)


@pytest.mark.parametrize(
    "text",
    [
        "." * 1_000_000,
        "2024.." * 150_000,
        "since " * 150_000,
        "since " + "9" * 1_000_000,
        "a..b" + " " * 1_000_000,
        "last " * 200_000,
        "١" * 500_000,
        "\x1b]" * 500_000,
    ],
    ids=["dots", "years", "since", "a number", "spaces", "last", "digits", "escapes"],
)
def test_a_text_of_a_megabyte_is_refused_and_shown_in_short(text: str) -> None:
    for bounds in ((text, ""), (text, "2024"), ("2024", text)):
        with pytest.raises(BadRequest) as caught:
            parse_bounds(*bounds, FACTS)
        assert len(str(caught.value)) < 400


@pytest.mark.parametrize("year", [1, 9999])
def test_a_start_date_that_no_timezone_can_show_is_refused(year: int) -> None:
    far = from_datetime(datetime(year, 1, 1, tzinfo=timezone.utc))
    with pytest.raises(BadRequest, match="only the years 1000 to 9998"):
        parse_range("since start", RangeContext(zone=NEW_YORK, now=NOW, start=far))
