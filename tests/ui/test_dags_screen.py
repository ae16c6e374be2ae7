"""The Dag list: what it shows, how it is searched, and the ways on from it; keys only."""

from __future__ import annotations

import pytest
from syrupy.assertion import SnapshotAssertion
from tests.support.screen import FIXED_TIME, Eyes, an_app, looking_at, on_screen
from tests.support.scripted import ScriptedGateway
from tests.support.world import HOUR, World, a_dag, instant

from backfill_tui.domain.dags import ImportProblem
from backfill_tui.domain.ids import DagId
from backfill_tui.domain.launching import Launch
from backfill_tui.domain.planning import BackfillRequest
from backfill_tui.domain.states import RunState
from backfill_tui.ui.readings import BACKFILL
from backfill_tui.ui.screens.dags import DagsScreen
from backfill_tui.ui.screens.help import HelpDialog
from backfill_tui.ui.screens.plan import PlanScreen
from backfill_tui.ui.screens.watch import WatchScreen
from backfill_tui.ui.workers import is_busy

LEGACY = ImportProblem(
    file="sales_legacy.py",
    sentence="'schedule_interval' is now 'schedule'",
    advice="rename the argument of DAG(...)",
    traceback='Traceback:\n  File "sales_legacy.py", line 8\nTypeError: [/red]\x1b[31m',
)


def a_folder() -> World:
    """Dags of every kind that the list knows."""
    world = World(
        [
            a_dag("my_backfill_dag", description="Two Python tasks, one after the other"),
            a_dag("on_request", schedule="only by hand", backfillable=False,
                  not_backfillable_because="it has no schedule"),
            a_dag("sales_archive", schedule="on the 1st of every month", is_paused=True, catchup=True),
            a_dag("sales_daily", tasks=("extract", "clean", "load", "check", "publish"), tags=("core",),
                  schedule="every day at 02:00", timezone="America/New_York", owners=("data",)),
            a_dag("sales_hourly", period=HOUR),
        ],
        import_problems=[LEGACY],
    )  # fmt: skip
    for day in range(1, 15):
        state = RunState.FAILED if day in {6, 7} else RunState.SUCCESS
        world.add_run("sales_daily", f"2024-02-{day:02}", state, failed="clean")
    return world


def launched(world: World, dag_id: str, last: str = "2024-03-10") -> None:
    ScriptedGateway(world).launch(
        Launch(
            request=BackfillRequest(
                dag_id=DagId(dag_id),
                from_date=instant("2024-03-01"),
                to_date=instant(last),
                max_active_runs=2,
            )
        )
    )


async def go_to(eyes: Eyes, name: str) -> None:
    """Move down until the cursor is on a row."""
    await eyes.press("g")
    for _ in range(30):
        screen = eyes.app.screen
        assert isinstance(screen, DagsScreen)
        if screen.current is not None and screen.current.name == name:
            return
        await eyes.press("j")
    msg = f"{name} is not in the list:\n{eyes.text()}"
    raise AssertionError(msg)


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 50)], ids=lambda size: f"{size[0]}x{size[1]}")
@on_screen
async def test_the_list_at_every_size(size: tuple[int, int], picture: SnapshotAssertion) -> None:
    world = a_folder()
    launched(world, "sales_hourly", "2024-03-01T09:00")
    world.advance(12)
    app = an_app(world)
    async with looking_at(app, size) as eyes:
        await eyes.sees("sales_hourly: backfill 1 is running", "1 file does not import")
        await go_to(eyes, "sales_daily")
        await eyes.sees("2 of its last 14 runs failed")
        assert await eyes.picture() == picture


@on_screen
async def test_a_dag_with_one_run_says_what_became_of_that_one() -> None:
    world = World([a_dag("sales_daily")])
    world.add_run("sales_daily", "2024-02-01", RunState.SUCCESS)
    async with looking_at(an_app(world)) as eyes:
        await eyes.sees("Its only run did not fail")
        world.add_run("sales_daily", "2024-02-02", RunState.FAILED, failed="extract")
        await eyes.press("ctrl+r")
        await eyes.sees("1 of its last 2 runs failed")


@on_screen
async def test_a_line_says_what_is_wrong_with_its_dag() -> None:
    async with looking_at(an_app(a_folder())) as eyes:
        await eyes.sees("sales_daily")
        assert "█████✗✗███████" in eyes.line_with("sales_daily")
        assert "‖ sales_archive" in eyes.line_with("sales_archive")
        assert "! sales_legacy.py" in eyes.line_with("sales_legacy")
        assert "does not import: 'schedule_interval' is now" in eyes.line_with("sales_legacy")


@on_screen
async def test_a_schedule_has_the_room_that_the_other_columns_do_not_need() -> None:
    schedule = "every day at 02:00 and 14:00"
    world = World([a_dag("sales_archive_of_all", schedule=schedule), a_dag("other")])
    async with looking_at(an_app(world)) as eyes:
        await eyes.sees(f"sales_archive_of_all  {schedule}")
        for day in range(1, 17):
            world.add_run("other", f"2024-02-{day:02}", RunState.SUCCESS)
        await eyes.press("ctrl+r")
        await eyes.sees(f"sales_archive_of_all  {schedule[:24]}…", "█" * 16)


@on_screen
async def test_a_filter_narrows_the_list_and_escape_widens_it_again() -> None:
    async with looking_at(an_app(a_folder())) as eyes:
        await eyes.sees("my_backfill_dag")
        await eyes.press("slash")
        await eyes.write("sales")
        await eyes.sees("4 of 6 shown", "esc show all")
        assert "my_backfill_dag" not in eyes.text()
        await eyes.press("enter")
        await eyes.sees("enter plan")
        await eyes.press("escape")
        await eyes.sees("my_backfill_dag", "5 Dags")


@on_screen
async def test_the_columns_stay_where_they_are_while_a_filter_is_typed() -> None:
    async with looking_at(an_app(a_folder())) as eyes:
        await eyes.sees("my_backfill_dag")
        heads = eyes.line_with("Last runs")
        await eyes.press("slash")
        await eyes.write("sales")
        await eyes.sees("4 of 6 shown")
        assert eyes.line_with("Last runs") == heads
        await eyes.write("zzz")
        await eyes.sees("Nothing here has")
        assert eyes.line_with("Last runs") == heads


@on_screen
async def test_what_a_key_does_to_the_row_stands_at_the_foot() -> None:
    async with looking_at(an_app(a_folder())) as eyes:
        await eyes.sees("my_backfill_dag", "enter plan", "u pause")
        await go_to(eyes, "sales_archive")
        await eyes.sees("enter plan", "u unpause")
        await go_to(eyes, "on_request")
        await eyes.sees("enter why not")
        await go_to(eyes, "sales_legacy.py")
        await eyes.sees("enter traceback")


@on_screen
async def test_what_a_dag_is_for_is_said_on_few_lines_too() -> None:
    tags = ("a_tag_that_is_rather_long", "another_one_of_these")
    long = "What it is for, " * 9
    world = World([a_dag("one", description="What it is for", tags=tags), a_dag("two", description=long)])
    async with looking_at(an_app(world)) as eyes:
        await eyes.sees("What it is for", "not paused, since")
        assert "tags a_tag_that_is" in eyes.line_with("not paused, since")
        assert eyes.line_with("not paused, since").endswith("…")
        await eyes.press("down")
        await eyes.sees("What it is for, What it is for", "not paused, since")
        assert eyes.line_with("What it is for, What it is for").endswith("…")


@on_screen
async def test_a_filter_without_a_hit_says_what_to_do(picture: SnapshotAssertion) -> None:
    app = an_app(a_folder())
    async with looking_at(app) as eyes:
        await eyes.sees("my_backfill_dag")
        await eyes.press("slash")
        await eyes.write("[/red]")
        await eyes.sees("Nothing here has '[/red]'", "esc shows everything again")
        assert await eyes.picture() == picture
        await eyes.press("escape")
        await eyes.sees("my_backfill_dag")


@on_screen
async def test_a_folder_without_dags_says_what_to_do() -> None:
    async with looking_at(an_app(World())) as eyes:
        await eyes.sees("There is no Dag in dags/", "Put a file with a Dag there, then press ctrl+r")


@on_screen
async def test_a_new_file_is_found_when_asked() -> None:
    world = World()
    gateway = ScriptedGateway(world)
    async with looking_at(an_app(gateway)) as eyes:
        await eyes.sees("There is no Dag")
        world.dags[DagId("fresh")] = a_dag("fresh")
        await eyes.press("ctrl+r")
        await eyes.sees("fresh", "every day at 00:00")
    assert gateway.asked["parse"] == 1


@on_screen
async def test_the_cursor_stays_on_its_dag_when_others_come_and_go() -> None:
    world = World([a_dag("b_sales"), a_dag("d_later")])
    async with looking_at(an_app(world)) as eyes:
        await eyes.sees("b_sales")
        await go_to(eyes, "d_later")
        world.dags = {DagId(name): a_dag(name) for name in ("a_first", "b_sales", "c_new", "d_later")}
        await eyes.press("ctrl+r")
        await eyes.sees("c_new")
        assert isinstance(eyes.app.screen, DagsScreen)
        assert eyes.app.screen.current is not None
        assert eyes.app.screen.current.name == "d_later"
        assert eyes.line_with("d_later").startswith("▌")


@on_screen
async def test_a_broken_file_shows_its_traceback_and_the_advice(picture: SnapshotAssertion) -> None:
    app = an_app(a_folder())
    async with looking_at(app) as eyes:
        await eyes.sees("sales_legacy")
        await go_to(eyes, "sales_legacy.py")
        await eyes.press("enter")
        await eyes.sees("sales_legacy.py does not import", "rename the argument", "TypeError: [/red]")
        assert await eyes.picture() == picture
        await eyes.press("escape")
        await eyes.no_longer_sees("TypeError")


@on_screen
async def test_a_dag_that_can_not_be_backfilled_says_why() -> None:
    async with looking_at(an_app(a_folder())) as eyes:
        await eyes.sees("on_request")
        await go_to(eyes, "on_request")
        await eyes.sees("Not backfillable: it has no schedule")
        await eyes.press("enter")
        await eyes.sees('"on_request" can not be backfilled: it has no schedule', "needs a schedule")


@on_screen
async def test_pausing_asks_first_and_shows_what_airflow_then_says() -> None:
    world = a_folder()
    async with looking_at(an_app(world)) as eyes:
        await eyes.sees("sales_hourly")
        await go_to(eyes, "sales_hourly")
        await eyes.press("u")
        await eyes.sees("Pause sales_hourly?", "No run of this Dag will start")
        await eyes.press("escape")
        await eyes.no_longer_sees("Pause sales_hourly?")
        assert "sales_hourly" not in world.paused
        await eyes.press("u", "enter")
        await eyes.until(lambda: "‖ sales_hourly" in eyes.text())
        assert "sales_hourly" in world.paused


@on_screen
async def test_a_read_only_session_offers_no_pausing() -> None:
    world = a_folder()
    async with looking_at(an_app(world, read_only=True)) as eyes:
        await eyes.sees("read-only", "my_backfill_dag")
        assert "pause" not in eyes.line_with("enter plan")
        await eyes.press("u")
        await eyes.pilot.pause()
        assert "?" not in eyes.line_with("my_backfill_dag")
    assert world.paused == {"sales_archive"}


@on_screen
async def test_a_backfill_that_runs_at_the_start_is_announced_and_under_the_cursor() -> None:
    world = a_folder()
    launched(world, "sales_daily")
    world.advance(12)
    async with looking_at(an_app(world)) as eyes:
        await eyes.sees("sales_daily: backfill 1 is running, 20 % done: press w to watch it")
        assert eyes.line_with("every day at 02:00").startswith("▌")
        await eyes.sees("Backfill 1: running, 20 %")


@on_screen
async def test_several_running_backfills_are_announced_together() -> None:
    world = a_folder()
    launched(world, "sales_daily")
    launched(world, "sales_hourly")
    async with looking_at(an_app(world)) as eyes:
        await eyes.sees("2 backfills are active: press b to list them (sales_daily, sales_hourly)")


@on_screen
async def test_names_that_do_not_fit_are_left_out_of_the_notice() -> None:
    world = a_folder()
    launched(world, "sales_daily")
    launched(world, "sales_hourly")
    async with looking_at(an_app(world), (70, 24)) as eyes:
        await eyes.sees("2 backfills are active: press b to list them")
        assert eyes.line_with("are active").rstrip().endswith("to list them")


@on_screen
async def test_a_dag_that_never_had_a_backfill_says_so_when_it_is_to_be_watched() -> None:
    async with looking_at(an_app(a_folder())) as eyes:
        await eyes.sees("my_backfill_dag")
        await eyes.press("w")
        await eyes.sees('"my_backfill_dag" has had no')


@on_screen
async def test_names_from_outside_are_shown_as_they_are() -> None:
    name = "[/red] \x1b]0;evil\x07日本語"
    world = World([a_dag(name, description="[bold]not bold[/bold]", tasks=("[b]a", "\x1b[31mb"))])
    async with looking_at(an_app(world)) as eyes:
        await eyes.sees("[/red] 日本語", "[bold]not bold[/bold]", "[b]a > b")
        await eyes.press("u")
        await eyes.sees("Pause [/red] 日本語?")
        await eyes.press("escape", "enter")
        await eyes.until(lambda: isinstance(eyes.app.screen, PlanScreen))
        await eyes.sees("Plan  [/red] 日本語")


@on_screen
async def test_what_changes_in_airflow_shows_without_a_key() -> None:
    world, seconds = a_folder(), [FIXED_TIME]
    async with looking_at(an_app(world, clock=lambda: seconds[0])) as eyes:
        await eyes.sees("my_backfill_dag")
        launched(world, "my_backfill_dag")
        seconds[0] += 60
        await eyes.sees("my_backfill_dag: backfill 1 is queued")


@on_screen
async def test_help_lists_the_keys_of_the_list_and_the_signs(picture: SnapshotAssertion) -> None:
    app = an_app(a_folder())
    async with looking_at(app) as eyes:
        await eyes.sees("my_backfill_dag")
        await eyes.press("question_mark")
        await eyes.sees("Help: Dags", "Plan a backfill of this Dag")
        assert await eyes.picture() == picture
        await eyes.press("pagedown", "pagedown", "pagedown", "pagedown")
        await eyes.sees("upstream failed", "up for retry")
        await eyes.press("q")
        await eyes.no_longer_sees("Help: Dags")


@pytest.mark.parametrize("size", [(20, 5), (40, 10), (60, 15)], ids=lambda size: f"{size[0]}x{size[1]}")
@on_screen
async def test_a_terminal_that_is_too_small_breaks_nothing(size: tuple[int, int]) -> None:
    async with looking_at(an_app(a_folder()), size) as eyes:
        await eyes.sees("Dag")
        await eyes.press("j", "f1", "escape", "enter")
        await eyes.until(lambda: not isinstance(eyes.app.screen, DagsScreen))
        await eyes.press("escape")
        await eyes.pilot.resize_terminal(200, 50)
        await eyes.sees("sales_daily")


@on_screen
async def test_a_backfill_that_is_found_late_takes_nobody_away_from_what_was_opened_meanwhile() -> None:
    gateway = ScriptedGateway(World([a_dag("sales_daily")]))
    request = BackfillRequest(
        dag_id=DagId("sales_daily"), from_date=instant("2024-01-01"), to_date=instant("2024-01-03")
    )
    gateway.launch(Launch(request=request))
    gateway.world.advance_to_end()
    app = an_app(gateway)
    async with looking_at(app) as eyes:
        await eyes.sees("sales_daily", "Schedule")
        dags = app.screen
        with gateway.hold("backfills"):
            await eyes.press("w", "question_mark")
            await eyes.sees("Help: Dags")
        await eyes.until(lambda: not is_busy(dags, BACKFILL), "the backfill to be found")
        assert isinstance(app.screen, HelpDialog)
        await eyes.press("escape", "w")
        await eyes.until(lambda: isinstance(app.screen, WatchScreen), "the watch screen")
