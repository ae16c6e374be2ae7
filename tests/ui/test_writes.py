"""What came of a deed always reaches the user, and a second one does not begin before it is through."""

from __future__ import annotations

from tests.support.screen import Eyes, an_app, looking_at, on_screen
from tests.support.scripted import ScriptedGateway
from tests.support.world import World, a_dag, instant

from backfill_tui.domain.ids import DagId
from backfill_tui.domain.launching import Launch
from backfill_tui.domain.planning import BackfillRequest
from backfill_tui.domain.problems import AirflowFailed, Unreachable
from backfill_tui.ui.screens.confirm import ConfirmDialog
from backfill_tui.ui.screens.control import ControlDialog
from backfill_tui.ui.screens.creation import CreationDialog
from backfill_tui.ui.screens.dags import DagsScreen
from backfill_tui.ui.screens.plan import PlanScreen
from backfill_tui.ui.screens.presets import PresetsDialog
from backfill_tui.ui.screens.problem import ProblemDialog
from backfill_tui.ui.screens.set_state import SetStateDialog
from backfill_tui.ui.screens.watch import WatchScreen
from backfill_tui.ui.workers import is_busy

STILL = "Marking 2 runs of sales_daily as success is still under way: try again once it is through"


def a_failed_backfill() -> World:
    """Ten dates, two of which failed."""
    world = World([a_dag("sales_daily")])
    world.fail("sales_daily", "load", "2024-02-06", "2024-02-07")
    ScriptedGateway(world).launch(Launch(request=ten_dates()))
    world.advance_to_end()
    return world


def ten_dates() -> BackfillRequest:
    return BackfillRequest(
        dag_id=DagId("sales_daily"), from_date=instant("2024-02-01"), to_date=instant("2024-02-10"),
        max_active_runs=4,
    )  # fmt: skip


async def marking(eyes: Eyes, gateway: ScriptedGateway) -> None:
    """Begin to mark the failed dates; the gateway holds the mark."""
    await eyes.sees("sales_daily")
    await eyes.press("w")
    await eyes.sees("DONE: 8 succeeded, 2 failed")
    await eyes.press("a", "m")
    await eyes.sees("2 runs are success then")
    await eyes.press("enter")
    await eyes.until(lambda: gateway.asked.get("mark"), "the mark to be asked for")
    await eyes.no_longer_sees("Set state of")


async def told(eyes: Eyes, words: str) -> None:
    """Wait for a notice that begins with those words."""

    def heard() -> bool:
        return any(notice.message.startswith(words) for notice in eyes.app._notifications)

    await eyes.until(heard, words)


@on_screen
async def test_while_a_deed_is_under_way_every_other_one_is_refused_with_a_sentence() -> None:
    gateway = ScriptedGateway(a_failed_backfill())
    async with looking_at(an_app(gateway)) as eyes:
        with gateway.hold("mark"):
            await marking(eyes, gateway)
            watch = eyes.app.screen
            for key in ("m", "U", "r"):
                eyes.app.clear_notifications()
                await eyes.press(key)
                await told(eyes, STILL)
                assert eyes.app.screen is watch, key
        await told(eyes, "Marked ")
        assert gateway.asked["mark"] == 1
        assert "preview_undo" not in gateway.asked, "it would be of the deed before"
        eyes.app.clear_notifications()
        await eyes.press("U")
        await eyes.sees("Undo the last deed on sales_daily?")


@on_screen
async def test_the_outcome_is_told_after_the_screen_that_asked_was_left() -> None:
    gateway = ScriptedGateway(a_failed_backfill())
    async with looking_at(an_app(gateway)) as eyes:
        with gateway.hold("mark"):
            await marking(eyes, gateway)
            await eyes.press("escape", "escape")
            await eyes.until(lambda: isinstance(eyes.app.screen, DagsScreen), "the Dags")
            eyes.app.clear_notifications()
            await eyes.press("u")
            await told(eyes, STILL)
        await told(eyes, "Marked ")


@on_screen
async def test_a_problem_is_shown_after_the_screen_that_asked_was_left() -> None:
    gateway = ScriptedGateway(a_failed_backfill())
    async with looking_at(an_app(gateway)) as eyes:
        with gateway.hold("mark"):
            await marking(eyes, gateway)
            await eyes.press("escape", "escape")
            await eyes.until(lambda: isinstance(eyes.app.screen, DagsScreen), "the Dags")
            gateway.fail("mark", AirflowFailed("Airflow would not have it"))
        await eyes.sees("Airflow would not have it")


@on_screen
async def test_a_deed_without_an_answer_is_told_to_be_in_doubt_even_where_the_loss_is_known() -> None:
    gateway = ScriptedGateway(a_failed_backfill())
    async with looking_at(an_app(gateway)) as eyes:
        with gateway.hold("mark"):
            await marking(eyes, gateway)
            gateway.fail("environment", Unreachable("The bridge has ended"))
            await eyes.until(lambda: isinstance(eyes.app.screen, ProblemDialog), "the loss")
            gateway.fail("mark", Unreachable("The bridge has ended"))
        await told(
            eyes,
            "Marking 2 runs of sales_daily as success: no answer came, so it may be done or not: "
            "the grid shows it, and backfill-tui journal tells how it ended",
        )


@on_screen
async def test_a_backfill_that_is_removed_under_another_dialog_leaves_that_dialog_alone() -> None:
    world = World([a_dag("sales_daily")])
    world.add_abandoned("sales_daily")
    gateway = ScriptedGateway(world)
    async with looking_at(an_app(gateway)) as eyes:
        await eyes.sees("sales_daily")
        await eyes.press("w")
        await eyes.until(lambda: isinstance(eyes.app.screen, WatchScreen), "the watch screen")
        await eyes.sees("x remove")
        with gateway.hold("control"):
            await eyes.press("x")
            await eyes.until(lambda: isinstance(eyes.app.screen, ControlDialog), "the question")
            await eyes.sees("It has no run")
            await eyes.press("enter")
            await eyes.until(lambda: gateway.asked.get("control"), "it to be removed")
            await eyes.press("question_mark")
            await eyes.sees("Help")
            helping = eyes.app.screen
        await told(eyes, "Backfill 1 is out of the way")
        assert eyes.app.screen is helping


@on_screen
async def test_an_undo_that_is_found_late_does_not_ask_over_another_question() -> None:
    gateway = ScriptedGateway(a_failed_backfill())
    async with looking_at(an_app(gateway)) as eyes:
        await marking(eyes, gateway)
        await told(eyes, "Marked ")
        with gateway.hold("preview_undo"):
            await eyes.press("U")
            await eyes.until(lambda: gateway.asked.get("preview_undo"), "what is undone to be asked for")
            await eyes.press("m")
            await eyes.until(lambda: isinstance(eyes.app.screen, SetStateDialog), "the question")
        watch = next(one for one in eyes.app.screen_stack if isinstance(one, WatchScreen))
        await eyes.until(lambda: not is_busy(watch, "undo"), "it to be found")
        await eyes.sees("Mark as")
        assert not any(isinstance(one, ConfirmDialog) for one in eyes.app.screen_stack)


@on_screen
async def test_a_launch_whose_plan_comes_late_does_not_ask_over_another_question() -> None:
    gateway = ScriptedGateway(World([a_dag("sales_daily")]))
    async with looking_at(an_app(gateway)) as eyes:
        await eyes.sees("sales_daily")
        with gateway.hold("plan"):
            await eyes.press("enter")
            await eyes.until(lambda: isinstance(eyes.app.screen, PlanScreen), "the plan")
            await eyes.until(lambda: gateway.asked.get("plan"), "the plan to be asked for")
            await eyes.press("f5", "f2")
            await eyes.until(lambda: isinstance(eyes.app.screen, PresetsDialog), "the ranges")
            ranges = eyes.app.screen
        await told(eyes, "The launch was given up")
        assert eyes.app.screen is ranges


@on_screen
async def test_a_launch_that_ends_under_a_problem_closes_itself_and_not_the_problem() -> None:
    gateway = ScriptedGateway(World([a_dag("sales_daily")]))
    async with looking_at(an_app(gateway)) as eyes:
        await eyes.sees("sales_daily")
        await eyes.press("enter")
        await eyes.until(lambda: isinstance(eyes.app.screen, PlanScreen), "the plan")
        plan = eyes.app.screen
        await eyes.sees("167 create")
        with gateway.hold("launch"):
            await eyes.press("f5")
            await eyes.sees("Launch")
            await eyes.press("enter")
            await eyes.until(lambda: isinstance(eyes.app.screen, CreationDialog), "the launch")
            gateway.fail("environment", Unreachable("The bridge has ended"))
            await eyes.until(lambda: isinstance(eyes.app.screen, ProblemDialog), "the loss")
            gateway.fail("launch", Unreachable("The bridge has ended"))
        problem, creation = eyes.app.screen, eyes.app.screen_stack[-2]
        await eyes.until(lambda: not is_busy(creation, "launch"), "its end")
        assert eyes.app.screen is problem
        await eyes.press("escape")
        await eyes.until(lambda: eyes.app.screen is plan, "the plan to be seen again")


@on_screen
async def test_leaving_while_a_deed_is_under_way_says_where_its_end_is_found() -> None:
    gateway = ScriptedGateway(a_failed_backfill())
    app = an_app(gateway)
    async with looking_at(app) as eyes:
        with gateway.hold("mark"):
            await marking(eyes, gateway)
            await eyes.press("q")
            await eyes.until(lambda: app._exit_renderables, "the last words")
            (said,) = app._exit_renderables
    assert str(said).endswith("as success was still under way: backfill-tui journal tells how it ended")


@on_screen
async def test_the_pause_of_a_dag_is_told() -> None:
    world = World([a_dag("sales_daily")])
    async with looking_at(an_app(world)) as eyes:
        await eyes.sees("sales_daily")
        await eyes.press("u")
        await eyes.sees("Pause sales_daily?")
        await eyes.press("enter")
        await told(eyes, '"sales_daily" is paused')
        assert "sales_daily" in world.paused
