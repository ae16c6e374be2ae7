from __future__ import annotations

from datetime import datetime, timezone
from zoneinfo import ZoneInfo

from backfill_tui.domain.instants import Instant, from_datetime
from backfill_tui.domain.presets import Preset, presets
from backfill_tui.domain.ranges import RangeContext, parse_range

ZONE = ZoneInfo("Asia/Kathmandu")
NOW = from_datetime(datetime(2024, 6, 15, 2, 30, 12, tzinfo=timezone.utc))
START = from_datetime(datetime(2023, 1, 1, tzinfo=ZONE))
FACTS = RangeContext(zone=ZONE, now=NOW, start=START, last_success=START)


def by_expression(context: RangeContext) -> dict[str, Preset]:
    return {preset.expression: preset for preset in presets(context)}


def test_every_preset_has_a_key_a_name_and_an_expression_of_its_own() -> None:
    found = presets(FACTS)
    assert all(len(preset.key) == 1 and preset.key.isalnum() for preset in found)
    for values in ([preset.key for preset in found], [preset.name for preset in found], by_expression(FACTS)):
        assert len(set(values)) == len(found)


def test_no_preset_takes_a_key_that_moves_or_leaves() -> None:
    assert not {preset.key for preset in presets(FACTS)} & set("hjklgGqnu")


def test_a_preset_means_what_its_expression_means() -> None:
    for preset in presets(FACTS):
        assert preset.span == parse_range(preset.expression, FACTS)
        assert preset.reason == ""


def test_a_preset_says_what_a_dag_lacks_for_it() -> None:
    found = by_expression(RangeContext(zone=ZONE, now=NOW))
    assert found["since last success"].reason == "this Dag has never succeeded"
    assert found["since start"].reason == "this Dag has no start date"
    without = [preset.expression for preset in found.values() if preset.span is None]
    assert without == ["since last success", "since start"]


def test_a_preset_of_a_dag_that_starts_later_has_no_range_and_says_so() -> None:
    later = RangeContext(zone=ZONE, now=NOW, start=Instant(NOW + 86_400_000_000))
    start = by_expression(later)["since start"]
    assert start.span is None
    assert "it would begin after now" in start.reason
