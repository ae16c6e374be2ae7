"""Changes of clocks are found, in every zone there is."""

from __future__ import annotations

import re
import struct
import zoneinfo
from bisect import bisect_right
from collections.abc import Iterator
from datetime import timedelta, timezone, tzinfo
from functools import cache
from importlib import resources
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backfill_tui.domain.clock_changes import Stretch, stretches
from backfill_tui.domain.instants import SECOND, Instant, to_datetime, zone_named

DAY = 24 * 3600 * SECOND
ZONES = sorted(zoneinfo.available_timezones())
SINCE_1906 = Instant(-2_019_686_400 * SECOND)
SIX_DAYS = 6 * DAY


def offset_at(zone: tzinfo, at: int) -> int:
    offset = to_datetime(Instant(at), zone).utcoffset()
    assert offset is not None
    return offset // timedelta(microseconds=1)


zones = st.sampled_from(ZONES).map(zoneinfo.ZoneInfo)
moments = st.integers(SINCE_1906, 4_102_444_800 * SECOND).map(Instant)
lengths = st.integers(0, 3 * 366 * DAY)
# No deadline: the first look at a zone reads its file.
patiently = settings(deadline=None)


@patiently
@given(zones, moments, lengths)
def test_stretches_cover_a_range_without_gaps(zone: tzinfo, first: Instant, length: int) -> None:
    last = Instant(first + length)
    found = stretches(zone, first, last)
    assert (found[0].start, found[-1].end) == (first, last + 1)
    assert [stretch.end for stretch in found[:-1]] == [stretch.start for stretch in found[1:]]
    assert all(stretch.start < stretch.end for stretch in found)


@patiently
@given(zones, moments, lengths, st.lists(st.floats(0, 1), min_size=1, max_size=10))
def test_at_every_moment_the_clock_has_the_offset_of_its_stretch(
    zone: tzinfo, first: Instant, length: int, shares: list[float]
) -> None:
    found = stretches(zone, first, Instant(first + length))
    starts = [stretch.start for stretch in found]
    for share in shares:
        at = first + int(length * share)
        assert found[bisect_right(starts, at) - 1].offset == offset_at(zone, at)


@patiently
@given(zones, moments, lengths)
def test_the_clock_moves_between_two_stretches_by_as_much_as_they_say(
    zone: tzinfo, first: Instant, length: int
) -> None:
    found = stretches(zone, first, Instant(first + length))
    assert (found[0].before, found[-1].after) == (0, 0)
    for earlier, later in pairwise(found):
        moved = later.offset - earlier.offset
        assert moved == earlier.after == later.before != 0
        assert offset_at(zone, earlier.end - 1) == earlier.offset
        assert offset_at(zone, later.start) == later.offset


def test_the_night_the_clocks_are_put_forward_in_zurich() -> None:
    zurich = zone_named("Europe/Zurich")
    change = 1_711_846_800 * SECOND
    hour = 3600 * SECOND
    assert stretches(zurich, Instant(change - 5), Instant(change + 5)) == [
        Stretch(start=Instant(change - 5), end=Instant(change), offset=hour, after=hour),
        Stretch(start=Instant(change), end=Instant(change + 6), offset=2 * hour, before=hour),
    ]


@pytest.mark.parametrize("around", [-1, 0, 1, 500_000, 999_999, 1_000_000])
def test_a_range_may_end_anywhere_near_a_change(around: int) -> None:
    zurich, change = zone_named("Europe/Zurich"), 1_711_846_800 * SECOND
    found = stretches(zurich, Instant(change - DAY), Instant(change + around))
    assert [stretch.start for stretch in found[1:]] == ([change] if around >= 0 else [])
    (whole,) = stretches(zurich, Instant(change), Instant(change + max(around, 0)))
    assert (whole.offset, whole.before) == (7200 * SECOND, 0)


def test_apia_lost_a_whole_day() -> None:
    before, after = stretches(
        zone_named("Pacific/Apia"), Instant(1_325_030_400 * SECOND), Instant(1_325_462_400 * SECOND)
    )
    assert before.after == after.before == DAY


@pytest.mark.parametrize("name", ["UTC", "+05:30", "-09:45"])
def test_a_fixed_offset_is_one_stretch(name: str) -> None:
    zone = zone_named(name)
    (only,) = stretches(zone, SINCE_1906, Instant(SINCE_1906 + 200 * 366 * DAY))
    assert only.offset == offset_at(zone, 0)


def test_one_instant_is_a_stretch_of_one() -> None:
    at = Instant(7)
    assert stretches(timezone.utc, at, at) == [Stretch(start=at, end=Instant(8), offset=0)]


# The database itself: RFC 8536 says how its files are made.


@cache
def zones_of_the_package() -> tuple[str, ...]:
    return tuple(resources.files("tzdata").joinpath("zones").read_text(encoding="utf-8").split())


@cache
def written_of(name: str) -> tuple[int, tuple[tuple[int, int], ...], str]:
    """The first offset of a zone, each transition with the offset from then on, and the rule that follows.

    Offsets and transitions are in seconds.
    """
    data = resources.files("tzdata.zoneinfo").joinpath(name).read_bytes()
    header = struct.Struct(">4sc15x6l")
    magic, version, *counts = header.unpack_from(data)
    assert magic == b"TZif"
    assert version >= b"2"
    isutcs, isstds, leaps, times, types, letters = counts
    second = header.size + times * 5 + types * 6 + letters + leaps * 8 + isstds + isutcs
    _, _, isutcs, isstds, leaps, times, types, letters = header.unpack_from(data, second)
    at = second + header.size
    moments = struct.unpack_from(f">{times}q", data, at)
    kinds = data[at + 8 * times : at + 9 * times]
    at += 9 * times
    offsets = [struct.unpack_from(">lBB", data, at + 6 * kind)[0] for kind in range(types)]
    footer = data[at + 6 * types + letters + 12 * leaps + isstds + isutcs :]
    transitions = tuple((moment, offsets[kind]) for moment, kind in zip(moments, kinds, strict=True))
    return offsets[0], transitions, footer.decode().strip()


def changes_of(name: str) -> list[int]:
    """The instants at which the offset of a zone changes, as far as they are written one by one."""
    last, transitions, _ = written_of(name)
    changes = []
    for moment, offset in transitions:
        if offset != last:
            changes.append(moment * SECOND)
        last = offset
    return changes


def zone_of_the_package(name: str) -> tzinfo:
    """The zone as the package has it; the system may have another edition."""
    with resources.files("tzdata.zoneinfo").joinpath(name).open("rb") as file:
        return zoneinfo.ZoneInfo.from_file(file, key=name)


def test_every_change_that_is_written_down_is_found_to_the_second() -> None:
    # Many names share their clock: each clock once.
    names = {written_of(name): name for name in zones_of_the_package()}
    for name in names.values():
        written = [at for at in changes_of(name) if at > SINCE_1906]
        last = written[-1] if written else 0
        found = stretches(zone_of_the_package(name), SINCE_1906, Instant(last))
        assert [stretch.start for stretch in found[1:]] == written, name
    assert len(names) > 200


def gaps() -> Iterator[tuple[int, str, int]]:
    """How far apart two changes of a zone are, both since 1906, which zone's and when."""
    for name in zones_of_the_package():
        changes = [at for at in changes_of(name) if at >= SINCE_1906]
        yield from ((later - at, name, at) for at, later in pairwise(changes))


def test_no_zone_has_changed_its_offset_twice_within_six_days_since_1906() -> None:
    closest, name, _ = min(gaps())
    assert closest > SIX_DAYS, name


def test_no_rule_for_the_years_to_come_changes_an_offset_twice_within_six_days() -> None:
    rules: dict[str, str] = {}
    for name in zones_of_the_package():
        rules.setdefault(written_of(name)[2], name)
    # 2090: some zones have their Ramadans written down until 2087.
    first = Instant(3_786_912_000 * SECOND)
    for rule, name in rules.items():
        zone = zone_of_the_package(name)
        days = [offset_at(zone, at) for at in range(first, first + 2 * 365 * DAY, DAY)]
        changed = [day for day in range(1, len(days)) if days[day] != days[day - 1]]
        # With a comma it has a day for summer time and one for its end, else none.
        assert len(changed) == (4 if "," in rule else 0), rule
        assert all(later - day > 7 for day, later in pairwise(changed)), rule
    assert any(re.search(",M3", rule) for rule in rules)
