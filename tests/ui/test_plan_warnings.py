"""The warnings of a plan and its estimate: by gravity, as much as has room, and all of it a key away."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion
from tests.support.plan_screens import ESTIMATE, WARNINGS, a_february, fill, planning
from tests.support.screen import an_app, looking_at, on_screen
from tests.support.scripted import ScriptedGateway

from backfill_tui.domain.estimates import Limits, PoolUse, estimate
from backfill_tui.domain.instants import Microseconds
from backfill_tui.domain.planning import Gravity, PlanWarning
from backfill_tui.ui.screens.launch import LaunchDialog
from backfill_tui.ui.widgets.plan_summary import short_estimate
from backfill_tui.ui.widgets.plan_warnings import by_gravity, warning_lines

BLOCKING = PlanWarning(
    code="run_type_not_allowed",
    message="The Dag does not allow backfill runs",
    remedy="add them to allowed_run_types in the Dag's file",
    gravity=Gravity.BLOCKS,
)


def a_gateway(*warnings: PlanWarning) -> ScriptedGateway:
    gateway = ScriptedGateway(a_february())
    gateway.more_warnings = warnings
    gateway.estimate = ESTIMATE
    return gateway


@on_screen
async def test_the_grave_ones_stand_first_and_each_gravity_has_its_sign() -> None:
    async with looking_at(an_app(a_gateway(*WARNINGS, BLOCKING)), (120, 36)) as eyes:
        await planning(eyes)
        await eyes.sees("✗ The Dag does not allow", "! A task depends on its past", "i At most 3 of 10 runs")
        signs = [line.strip()[:1] for line in eyes.text().splitlines()[-6:]]
        assert [sign for sign in signs if sign in "✗!i"] == ["✗", "!", "i"]


@on_screen
async def test_on_80x24_they_take_three_lines_and_a_key_reads_all(picture: SnapshotAssertion) -> None:
    app = an_app(a_gateway(*WARNINGS, BLOCKING))
    async with looking_at(app) as eyes:
        screen = await planning(eyes)
        await eyes.sees("✗ The Dag does not allow backfill runs", "! A task depends", "i At most 3 of 10")
        assert eyes.line_with("i At most").endswith("f7 shows all of it")
        assert screen.warning_lines.size.height == 3
        assert screen.table.size.height >= 6
        await eyes.press("f7")
        await eyes.sees(
            "The plan of sales_daily",
            "→ add them to allowed_run_types in the Dag's file",
            "→ take the failed runs again, or begin the range after them",
            "→ lower Max active",
            "with 20",
        )
        assert await eyes.picture() == picture
        await eyes.press("escape")
        await eyes.until(lambda: app.screen is screen)


LONG = (
    "Catchup stands at 2024-01-01 00:00 UTC and goes on after the latest of these runs, so the dates before "
    "2024-02-15 00:00 UTC are never scheduled"
)


@on_screen
async def test_one_alone_is_read_to_its_end_on_80x24_and_two_share_the_lines() -> None:
    alone = PlanWarning(code="catchup_hole", message=LONG, remedy="begin the range at 2024-01-01 00:00 UTC")
    async with looking_at(an_app(a_gateway(alone))) as eyes:
        await planning(eyes)
        await eyes.sees("! Catchup stands", "never scheduled", "  begin the range at 2024-01-01 00:00 UTC")
        assert "f7 shows" not in eyes.text()
    async with looking_at(an_app(a_gateway(alone, WARNINGS[1]))) as eyes:
        await planning(eyes)
        await eyes.sees(
            "! Catchup stands", "never scheduled", "! A task depends on its past, and", "f7 shows"
        )


@on_screen
async def test_a_plan_without_a_warning_says_so_when_asked() -> None:
    async with looking_at(an_app(a_gateway())) as eyes:
        screen = await planning(eyes)
        await eyes.sees("122 create")
        screen.table.focus()
        await eyes.press("n")
        await eyes.sees("There is no warning", "122 dates")


@on_screen
async def test_one_that_blocks_forbids_the_launch_and_says_the_remedy() -> None:
    gateway = a_gateway(*WARNINGS, BLOCKING)
    async with looking_at(an_app(gateway)) as eyes:
        await planning(eyes)
        await eyes.sees("122 create")
        await eyes.press("f5")
        await eyes.sees("Problem", "The Dag does not allow backfill runs", "allowed_run_types")
    assert "launch" not in gateway.asked


@pytest.mark.parametrize("size", [(80, 24), (40, 10)])
@on_screen
async def test_the_confirmation_asks_for_a_yes_and_hides_none(size: tuple[int, int]) -> None:
    async with looking_at(an_app(a_gateway(*WARNINGS)), size) as eyes:
        await eyes.sees("1 Dag")
        await eyes.press("enter")
        await eyes.until(lambda: getattr(eyes.app.screen, "plan", None) is not None, "the plan")
        await eyes.press("f5")
        await eyes.until(lambda: isinstance(eyes.app.screen, LaunchDialog))
        seen = eyes.text()
        for _ in range(20):
            await eyes.press("down")
            seen += eyes.text()
        for words in ("Launch all the same?", "! A task depends", "i At most 3 of", "enter launch"):
            assert words in seen
        assert seen.index("Launch all the same?") < seen.index("! A task depends")


@on_screen
async def test_what_is_only_good_to_know_asks_for_nothing() -> None:
    async with looking_at(an_app(a_gateway(WARNINGS[0]))) as eyes:
        await planning(eyes)
        await eyes.sees("122 create")
        await eyes.press("f5")
        await eyes.sees("Create 122 runs", "i At most 3 of 10 runs", "lower Max active")
        assert "all the same" not in eyes.text()


@on_screen
async def test_the_estimate_is_short_on_80_columns_and_whole_on_more() -> None:
    async with looking_at(an_app(a_gateway())) as eyes:
        await planning(eyes)
        await eyes.sees("122 dates")
        assert eyes.line_with("122 dates").endswith(short_estimate(ESTIMATE))
        await fill(eyes, "2024-02-04", "2024-06-20")
        await eyes.press("tab", "tab", "right")
        await eyes.sees("5 not yet")
        # There is no room beside the counts any more.
        assert eyes.line_with("24:00  UTC").endswith(short_estimate(ESTIMATE))
    async with looking_at(an_app(a_gateway()), (120, 36)) as eyes:
        await planning(eyes)
        await eyes.sees("with 10 at a time", "with 20", "creating the runs takes")


def test_an_unknown_time_is_said_to_be_unknown() -> None:
    def expected(limits: Limits) -> str:
        return short_estimate(
            estimate(
                creates=5, reprocesses=0, tasks_per_run=1, max_active_runs=10, durations=None, limits=limits,
                database="sqlite", round_trip=Microseconds(100),
            )
        )  # fmt: skip

    assert expected(Limits(examined=20)) == "time unknown"
    stuck = PoolUse(name="gone", slots=None, missing=True)
    assert expected(Limits(examined=20, pools=(stuck,))) == "would wait for ever"
    assert short_estimate(None) == ""


def warnings() -> st.SearchStrategy[tuple[PlanWarning, ...]]:
    one = st.builds(
        PlanWarning,
        code=st.just("code"),
        message=st.text(min_size=1, max_size=200),
        remedy=st.text(max_size=100),
        gravity=st.sampled_from(Gravity),
    )
    return st.lists(one, max_size=12).map(tuple)


@given(warnings(), st.integers(40, 200), st.integers(2, 9))
def test_they_never_take_more_room_than_there_is_nor_say_less_than_that_there_are_more(
    found: tuple[PlanWarning, ...], width: int, room: int
) -> None:
    lines = warning_lines(found, width, room)
    assert len(lines) <= room
    assert all(line.cell_length <= width for line in lines)
    if len(found) > room:
        assert f"and {len(found) - room} more: f7" in lines[-1].plain
    whole = warning_lines(found, width, 10_000)
    assert len(whole) <= room or "f7" in lines[-1].plain


@given(warnings())
def test_no_warning_is_lost_in_the_order(found: tuple[PlanWarning, ...]) -> None:
    ordered = by_gravity(found)
    assert sorted(map(str, ordered)) == sorted(map(str, found))
    order = [list(Gravity).index(warning.gravity) for warning in ordered]
    assert order == sorted(order)
