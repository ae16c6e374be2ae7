"""Folding on the watch screen, by keys: what is read, what the details say, and what follows live."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from tests.support.screen import Eyes, an_app, looking_at, on_screen
from tests.support.scripted import ScriptedGateway
from tests.support.watch_screens import watching
from tests.support.world import World, a_dag, instant

from backfill_tui.domain.ids import DagId
from backfill_tui.domain.launching import Launch
from backfill_tui.domain.planning import BackfillRequest
from backfill_tui.domain.problems import AirflowFailed
from backfill_tui.domain.states import RunState, TaskState
from backfill_tui.ui.screens.watch import WatchScreen

_GROUPS = {
    "count": ("stock",),
    "compare": ("stock", "stock.check"),
    "report": ("stock", "stock.check"),
}
_FIRST = "backfill__2024-02-01T00:00:00+00:00"
_SECOND = "backfill__2024-02-02T00:00:00+00:00"


def a_grouped_backfill(*, days: int = 3) -> World:
    """Some days of a Dag with nested groups and a mapped task; on the first day it failed in two places."""
    tasks = ("regions", "count", "compare", "report", "publish")
    world = World([a_dag("sales_daily", tasks=tasks, groups=_GROUPS, mapped=("count",))])
    request = BackfillRequest(
        dag_id=DagId("sales_daily"),
        from_date=instant("2024-02-01"),
        to_date=instant(f"2024-02-{days:02}"),
        max_active_runs=1,
    )
    ScriptedGateway(world).launch(Launch(request=request))
    world.fail("sales_daily", "count", "2024-02-01")
    world.advance(5)
    world.expand(_FIRST, "count", _states("sfssf"))
    return world


def _states(letters: str) -> list[TaskState]:
    return [
        {"s": TaskState.SUCCESS, "f": TaskState.FAILED, "r": TaskState.RUNNING, ".": TaskState.NONE}[letter]
        for letter in letters
    ]


@asynccontextmanager
async def a_watch(
    world: World, size: tuple[int, int] = (80, 24)
) -> AsyncGenerator[tuple[Eyes, WatchScreen, ScriptedGateway], None]:
    gateway = ScriptedGateway(world)
    async with looking_at(an_app(gateway), size) as eyes:
        yield eyes, await watching(eyes, "stock/"), gateway


@on_screen
async def test_keys_fold_and_unfold_and_the_footer_offers_what_unfolds() -> None:
    async with a_watch(a_grouped_backfill(), (160, 24)) as (eyes, _, _):
        assert "+ unfold" not in eyes.text()
        await eyes.press("right")
        await eyes.sees("✗2/5", "+ unfold")
        await eyes.press("minus")
        await eyes.sees("stock/ ", "✗2/7", "+ unfold")
        await eyes.press("plus")
        await eyes.sees("✗2/5")
        await eyes.press("equals_sign")
        await eyes.sees("…count[]", "█◂✗ █ █ ✗")
        await eyes.no_longer_sees("+ unfold")
        await eyes.press("underscore")
        await eyes.sees("✗2/7", "+ unfold")
        await eyes.press("underscore")
        await eyes.sees("…count[]", "█◂✗ █ █ ✗")


@on_screen
async def test_an_unfolded_cell_shows_its_own_map_index_in_the_details() -> None:
    async with a_watch(a_grouped_backfill()) as (eyes, _, _):
        await eyes.press("right", "plus")
        await eyes.sees("█◂✗ █ █ ✗", "count[0]  2024-02-01  █ success")
        await eyes.press("right")
        await eyes.sees("█ ✗◂█ █ ✗", "count[1]  2024-02-01  ✗ failed")
        assert "map index" not in eyes.line_with("count[1]  2024")


@on_screen
async def test_a_map_index_that_a_run_does_not_have_says_so() -> None:
    world = a_grouped_backfill()
    async with a_watch(world, (120, 36)) as (eyes, _, _):
        world.start("sales_daily", 1)
        world.expand(_SECOND, "count", _states("sr"))
        await eyes.press("right", "plus")
        await eyes.sees("█◂✗ █ █ ✗", "█ ▶")
        await eyes.press("down", "right", "right", "right")
        await eyes.sees("count[3]  2024-02-02  not in this run", "This run has no such task instance")
        await eyes.press("left", "left")
        await eyes.sees("count[1]  2024-02-02  ▶ running")


@on_screen
async def test_the_details_of_a_folded_group_say_what_it_stands_for_and_show_its_worst_task() -> None:
    async with a_watch(a_grouped_backfill()) as (eyes, _, _):
        await eyes.press("right", "minus")
        await eyes.sees("stock/ has 7 task instances, 2 of them failed; above is the first of these")
        await eyes.sees("count[1]  2024-02-01  ✗ failed")


@on_screen
async def test_of_a_group_of_which_all_are_in_one_state_no_number_is_said() -> None:
    world = a_grouped_backfill()
    world.advance(60)
    async with a_watch(world) as (eyes, _, _):
        await eyes.press("right", "minus", "down")
        await eyes.sees("stock/ has 3 task instances, all success")


@on_screen
async def test_map_indexes_follow_what_happens_to_them() -> None:
    world = a_grouped_backfill()
    async with a_watch(world) as (eyes, screen, _):
        await eyes.press("right", "plus")
        await eyes.sees("█◂✗ █ █ ✗")
        world.expand(_FIRST, "count", _states("fssfs"))
        await eyes.sees("✗◂█ █ ✗ █")
        world.start("sales_daily", 1)
        world.expand(_SECOND, "count", _states("ssr...r."))
        await eyes.sees("█ █ ▶ · · · ▶ ·")
        assert len(screen.grid.columns) == 12


@on_screen
async def test_states_that_map_indexes_exchange_are_seen_though_no_number_of_the_row_changes() -> None:
    world = a_grouped_backfill()
    async with a_watch(world) as (eyes, _, _):
        await eyes.press("right", "plus")
        await eyes.sees("█◂✗ █ █ ✗")
        world.expand(_FIRST, "count", _states("ffsss"))
        await eyes.sees("✗◂✗ █ █ █")


@on_screen
async def test_nothing_is_read_while_nothing_is_unfolded_or_the_strip_is_shown() -> None:
    world = a_grouped_backfill()
    async with a_watch(world) as (eyes, screen, gateway):
        world.advance(3)
        await eyes.press("right", "minus", "plus")
        assert "indexes" not in gateway.asked
        await eyes.press("plus")
        await eyes.sees("█◂✗ █ █ ✗")
        await eyes.press("z")
        await eyes.until(lambda: screen.zoomed_out, "the strip")
        before = gateway.asked["indexes"]
        screen._look_again()
        await eyes.pilot.pause()
        assert gateway.asked["indexes"] == before


@on_screen
async def test_what_is_wanted_while_a_slow_reading_is_under_way_is_read_after_it() -> None:
    world = a_grouped_backfill()
    async with a_watch(world) as (eyes, _, gateway):
        with gateway.hold("indexes"):
            await eyes.press("right", "plus")
            await eyes.until(lambda: gateway.asked.get("indexes") == 1, "the first reading")
            world.expand(_FIRST, "count", _states("fffff"))
            await eyes.pilot.pause()
            assert gateway.asked["indexes"] == 1
        await eyes.sees("✗◂✗ ✗ ✗ ✗")


@on_screen
async def test_a_reading_that_fails_is_said_once_and_made_again() -> None:
    async with a_watch(a_grouped_backfill(), (160, 24)) as (eyes, screen, gateway):
        gateway.fail("indexes", AirflowFailed("The database is away\x1b[31m\u202e"))
        await eyes.press("right", "plus")
        await eyes.sees("The map indexes are not read", "The database is away\ufffd")
        screen.grid.ask_for_indexes()
        await eyes.sees("█◂✗ █ █ ✗")


@on_screen
async def test_a_dag_without_groups_and_mapped_tasks_offers_no_folding() -> None:
    world = World([a_dag("sales_daily")])
    world.add_run("sales_daily", "2024-02-01", RunState.SUCCESS)
    request = BackfillRequest(
        dag_id=DagId("sales_daily"), from_date=instant("2024-02-01"), to_date=instant("2024-02-03")
    )
    ScriptedGateway(world).launch(Launch(request=request))
    async with looking_at(an_app(world), (200, 24)) as eyes:
        screen = await watching(eyes)
        assert not screen.folding_applies("fold_all")
        assert "unfold" not in eyes.text()
