"""`ctrl+p` finds commands, Dags, backfills and dates by a few letters, and goes there."""

from __future__ import annotations

import threading

import pytest
from tests.support.plan_screens import a_february, fill, planning
from tests.support.screen import FIXED_TIME, Eyes, an_app, looking_at, on_screen
from tests.support.scripted import ScriptedGateway
from tests.support.watch_screens import a_backfill, a_backfill_under_way, watching
from tests.support.world import World, a_dag
from tests.ui.test_backfills_screen import four_backfills
from tests.ui.test_dags_screen import LEGACY
from textual.command import CommandPalette

from backfill_tui.domain.ids import DagId
from backfill_tui.domain.problems import AirflowFailed, Unreachable
from backfill_tui.domain.watching import BackfillSummary
from backfill_tui.gateway.port import Gateway
from backfill_tui.ui.app import BackfillApp
from backfill_tui.ui.commands import PLACES
from backfill_tui.ui.screens.backfills import BackfillsScreen
from backfill_tui.ui.screens.plan import PlanScreen
from backfill_tui.ui.screens.problem import ProblemDialog
from backfill_tui.ui.screens.watch import WatchScreen

MOVES = ("up", "down", "left", "right", "page", "first", "last", "mark_", "span_", "previous", "next", "turn")
"""How the verbs begin of what only moves or fills in a field: nobody looks for it by its words."""


async def looked_for(eyes: Eyes, words: str, *seen: str) -> None:
    """Open the palette, type, and wait for what is to be found."""
    await eyes.press("ctrl+p")
    await eyes.until(lambda: isinstance(eyes.app.screen, CommandPalette), "the palette")
    await eyes.write(words)
    await eyes.sees(*seen)


async def taken(eyes: Eyes, words: str, *seen: str) -> None:
    """Look for something and take the first that is found."""
    await looked_for(eyes, words, *seen)
    # The list may still be filled: enter takes what is highlighted.
    group = CommandPalette._GATHER_COMMANDS_GROUP
    searches = eyes.app.workers
    await eyes.until(lambda: not any(one.is_running and one.group == group for one in searches), "the end")
    await eyes.press("enter")
    await eyes.until(lambda: not isinstance(eyes.app.screen, CommandPalette), "the palette to close")


def test_every_command_of_a_screen_is_in_the_palette_unless_it_only_moves() -> None:
    for place in PLACES.values():
        commands = () if place.modal else place.commands
        missing = [
            command.id
            for command in commands
            if not command.palette and not command.id.partition(".")[2].startswith(MOVES)
        ]
        assert missing in ([], ["app.palette"]), place.title


@on_screen
async def test_a_command_is_found_by_its_word_at_the_foot_of_the_screen_too() -> None:
    async with looking_at(an_app(a_backfill_under_way()), (120, 36)) as eyes:
        await watching(eyes)
        await eyes.sees("e why")
        await looked_for(eyes, "why", "List what failed in groups, by task and error")
        await eyes.press("escape")
        await eyes.press("colon")
        await eyes.until(lambda: isinstance(eyes.app.screen, CommandPalette), "the palette of who types :")


@on_screen
async def test_a_dag_is_found_from_anywhere_and_planned() -> None:
    world = a_backfill()
    world.dags.update(World([a_dag("stock_[/red]_levels"), a_dag("other")]).dags)
    app = an_app(world)
    async with looking_at(app) as eyes:
        await watching(eyes)
        await taken(eyes, "stlev", "Dag stock_[/red]_levels", "plan a backfill of it")
        await eyes.until(lambda: isinstance(app.screen, PlanScreen), "the plan")
        await eyes.sees("Plan", "stock_[/red]_levels")
        await eyes.press("escape")
        await eyes.until(lambda: isinstance(app.screen, WatchScreen), "the screen that was there before")


@on_screen
async def test_a_file_that_does_not_import_is_found_and_shows_why() -> None:
    app = an_app(World([a_dag("sales")], import_problems=[LEGACY]))
    async with looking_at(app) as eyes:
        await eyes.sees("sales_legacy")
        await taken(eyes, "legacy", "File sales_legacy.py", "does not import")
        await eyes.until(lambda: isinstance(app.screen, ProblemDialog))


@pytest.mark.parametrize("typed", ["3", "#3", "backfill 3", "web_traf"])
@on_screen
async def test_a_backfill_is_found_by_its_number_or_its_dag_and_watched(typed: str) -> None:
    app = an_app(four_backfills())
    async with looking_at(app) as eyes:
        await eyes.sees("web_traffic")
        await looked_for(eyes, typed, "Backfill 3 web_traffic", "2024-03-01..2024-03-20, watch it")
        if typed == "web_traf":
            # The Dag of that name fits as well, and comes first.
            await eyes.press("down")
        await eyes.press("enter")
        await eyes.until(lambda: isinstance(app.screen, WatchScreen), "the watch screen")
        await eyes.sees("backfill 3")


@on_screen
async def test_a_date_of_the_watch_screen_is_found_and_gone_to() -> None:
    app = an_app(a_backfill())
    async with looking_at(app) as eyes:
        screen = await watching(eyes)
        await taken(eyes, "2024-02-14", "Date", "go to this date")
        await eyes.until(lambda: screen.grid.cursor_row == 13, "the cursor on the 14th")
        await taken(eyes, "2025-01", "go to the date that is nearest")
        await eyes.until(lambda: screen.grid.cursor_row == 19, "the cursor on the last date")
        await eyes.sees("No such date here")


@on_screen
async def test_a_task_is_found_by_some_letters_in_the_palette_and_by_slash() -> None:
    app = an_app(a_backfill())
    async with looking_at(app) as eyes:
        screen = await watching(eyes)
        columns = {str(column.task_id): place for place, column in enumerate(screen.store.columns)}
        await taken(eyes, "pblsh", "Task publish", "go to its column")
        await eyes.until(lambda: screen.grid.cursor_column == columns["publish"], "the cursor on publish")
        await eyes.press("slash")
        await eyes.sees("or a task")
        await eyes.write("cln")
        await eyes.sees("Goes to the task clean")
        await eyes.press("enter")
        await eyes.until(lambda: screen.grid.cursor_column == columns["clean"], "the cursor on clean")
        assert screen.grid.cursor_row == 0


@on_screen
async def test_a_date_of_the_plan_is_found_in_the_palette_and_by_slash() -> None:
    app = an_app(a_february())
    async with looking_at(app, (120, 36)) as eyes:
        screen = await planning(eyes)
        await fill(eyes, "2024-02-01", "2024-03-31")
        await eyes.until(lambda: screen.plan is not None and len(screen.plan.judged) == 60, "the plan")
        await taken(eyes, "2024-03-05", "Date", "go to this date")
        await eyes.until(lambda: screen.table.date_at(screen.table.place or 0).startswith("Tue 2024-03-05"))
        assert screen.table.has_focus
        await eyes.press("slash")
        await eyes.write("2024-02-20")
        await eyes.sees("Goes to Tue 2024-02-20")
        await eyes.press("enter")
        await eyes.until(lambda: screen.table.date_at(screen.table.place or 0).startswith("Tue 2024-02-20"))
        # In a field a slash is a slash; the other key of the command works there.
        screen.form.from_field.focus()
        await eyes.press("ctrl+g")
        await eyes.write("2020")
        await eyes.sees("the nearest is Thu 2024-02-01")
        await eyes.press("escape")


@on_screen
async def test_a_part_of_the_screen_is_told_what_to_do_from_the_palette_and_gets_the_focus() -> None:
    app = an_app(a_february())
    async with looking_at(app, (120, 36)) as eyes:
        screen = await planning(eyes)
        await eyes.until(lambda: screen.plan is not None, "the plan")
        screen.form.from_field.focus()
        await taken(eyes, "dates that are skipped", "Show only the dates that are skipped", "Plan, 3")
        await eyes.until(lambda: screen.table.only == "skip", "the filter")
        assert screen.table.has_focus


class SlowToList(ScriptedGateway):
    """Tells its backfills only once it is let to, or not at all."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.held = False
        self.fails = False
        self.go_on = threading.Event()

    def backfills(self, dag_id: DagId | None = None) -> tuple[BackfillSummary, ...]:
        if self.fails:
            msg = "The database is gone"
            raise AirflowFailed(msg)
        if self.held:
            self.go_on.wait(60)
        return super().backfills(dag_id)


@on_screen
async def test_what_is_known_is_found_while_airflow_has_not_told_its_backfills_yet() -> None:
    gateway = SlowToList(four_backfills())
    async with looking_at(an_app(gateway)) as eyes:
        await eyes.sees("web_traffic")
        gateway.held = True
        try:
            await looked_for(eyes, "web", "Dag web_traffic")
            await eyes.sees("Open the list of backfills")
            assert "Backfill 3" not in eyes.text()
        finally:
            gateway.go_on.set()
        await eyes.sees("Dag web_traffic", "Backfill 3 web_traffic")


@on_screen
async def test_without_the_backfills_the_rest_is_found_and_commands_work() -> None:
    gateway = SlowToList(four_backfills())
    app = an_app(gateway)
    async with looking_at(app) as eyes:
        await eyes.sees("web_traffic")
        gateway.fails = True
        await taken(eyes, "list the backfills", "List the backfills", "Dags, b")
        await eyes.until(lambda: isinstance(app.screen, BackfillsScreen))


@on_screen
async def test_without_a_bridge_all_but_the_backfills_is_found() -> None:
    bridges: list[Gateway] = [ScriptedGateway(four_backfills())]
    connected_by: list[threading.Thread] = []

    def connect() -> Gateway:
        connected_by.append(threading.current_thread())
        if not bridges:
            raise Unreachable("There is no interpreter")
        return bridges.pop()

    app = BackfillApp(connect=connect, where="dags/", clock=lambda: FIXED_TIME)
    async with looking_at(app) as eyes:
        await eyes.sees("web_traffic", "Schedule")
        gateway, app.link._gateway = app.link._gateway, None
        assert gateway is not None
        await taken(eyes, "web_tr", "Dag web_traffic")
        await eyes.sees("Plan  web_traffic")
    assert len(connected_by) > 1
    assert threading.main_thread() not in connected_by, "the screen waited for it"
