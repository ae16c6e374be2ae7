"""Planning on the screen: the preview follows the typing, and a launch says beforehand what it does."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import pytest
from syrupy.assertion import SnapshotAssertion
from tests.support.plan_screens import ESTIMATE, WARNINGS, a_february, fill, planning
from tests.support.screen import an_app, looking_at, on_screen
from tests.support.scripted import ScriptedGateway
from tests.support.world import DAY, HOUR, World, a_dag, instant
from textual.screen import Screen

from backfill_tui.domain.ids import BackfillId, DagId
from backfill_tui.domain.launching import CreationProgress, Launch, Launched
from backfill_tui.domain.planning import (
    BackfillPlan,
    BackfillRequest,
    Gravity,
    PlanWarning,
    ReprocessBehavior,
)
from backfill_tui.domain.problems import AirflowFailed, BadRequest, Unreachable
from backfill_tui.domain.states import RunState
from backfill_tui.gateway.port import IsCancelled, ignore, never
from backfill_tui.ui.app import BackfillApp
from backfill_tui.ui.screens.creation import CreationDialog
from backfill_tui.ui.screens.dags import DagsScreen
from backfill_tui.ui.screens.plan import PlanScreen
from backfill_tui.ui.screens.watch import WatchScreen
from backfill_tui.ui.widgets.plan_table import PlanTable


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 50)], ids=lambda size: f"{size[0]}x{size[1]}")
@on_screen
async def test_the_plan_at_every_size(size: tuple[int, int], picture: SnapshotAssertion) -> None:
    gateway = ScriptedGateway(a_february())
    gateway.world.paused.add(DagId("sales_daily"))
    gateway.estimate = ESTIMATE
    gateway.more_warnings = WARNINGS
    app = an_app(gateway)
    async with looking_at(app, size) as eyes:
        await planning(eyes)
        await fill(eyes, "2024-02-04", "2024-06-20")
        await eyes.press("tab", "tab", "right")
        await eyes.sees("138 dates", "2 reprocess", "122 create", "9 skip", "5 not yet")
        await eyes.press("tab", "tab", "tab", "tab", "tab", "tab", "tab", "j", "j")
        await eyes.until(lambda: eyes.line_with("2024-02-06").startswith("▌"))
        assert await eyes.picture() == picture


@on_screen
async def test_the_range_offered_goes_from_the_first_hole_to_the_last_date_that_is_due() -> None:
    async with looking_at(an_app(a_february())) as eyes:
        screen = await planning(eyes)
        await eyes.sees("Thu 2024-02-15 00:00 to Sat 2024-06-15 12:00", "122 dates", "122 create")
        await eyes.press("f3")
        await eyes.sees("Tue 2024-02-06 00:00 to Sat 2024-06-15 00:00", "122 create", "2 reprocess")
        assert screen.form.values.from_text == "2024-02-06"


@on_screen
async def test_the_range_offered_ends_yesterday_when_no_date_of_today_is_due() -> None:
    async with looking_at(an_app(World([a_dag("weekly", period=7 * DAY)]))) as eyes:
        screen = await planning(eyes)
        await eyes.sees("to Fri 2024-06-14 24:00", "24 create")
        assert screen.form.values.to_text == "2024-06-14"


@on_screen
async def test_a_dag_that_depends_on_its_past_begins_with_the_only_choice_it_can_be_launched_with() -> None:
    async with looking_at(an_app(a_february(depends_on_past=True))) as eyes:
        screen = await planning(eyes)
        await eyes.sees("(•) Missing and Errored Runs", "122 create")
        assert screen.plan is not None
        assert screen.plan.request.reprocess_behavior is ReprocessBehavior.FAILED


@on_screen
async def test_every_date_has_its_verdict_and_the_reason() -> None:
    async with looking_at(an_app(a_february())) as eyes:
        await planning(eyes)
        await fill(eyes, "2024-02-05", "2024-02-16")
        await eyes.press("tab", "tab", "right")
        await eyes.sees("12 dates", "2 create", "2 reprocess", "8 skip")
        assert "– skip" in eyes.line_with("1  Mon 2024-02-05 00:00")
        assert "already succeeded" in eyes.line_with("1  Mon 2024-02-05 00:00")
        assert "↻ reprocess" in eyes.line_with("2  Tue 2024-02-06 00:00")
        assert "failed, 1 of 3 tasks succeeded" in eyes.line_with("2  Tue 2024-02-06 00:00")
        assert "+ create" in eyes.line_with("12  Fri 2024-02-16 00:00")


@on_screen
async def test_a_launch_says_what_the_filter_of_the_list_hides() -> None:
    async with looking_at(an_app(a_february())) as eyes:
        screen = await planning(eyes)
        await fill(eyes, "2024-03-01", "2024-03-03")
        await eyes.sees("3 dates", "3 create")
        screen.table.focus()
        await eyes.press("3")
        await eyes.sees("No date has the verdict skip")
        await eyes.press("f5")
        await eyes.sees("Create 3 runs", "The filter of the list hides 3 of them, which are launched too")


@on_screen
async def test_newest_first_turns_the_list_round() -> None:
    async with looking_at(an_app(a_february())) as eyes:
        await planning(eyes)
        await fill(eyes, "2024-03-01", "2024-03-03")
        await eyes.sees("3 dates")
        await eyes.press("tab", "tab", "tab", "space")
        await eyes.until(lambda: " 1  Sun 2024-03-03" in eyes.text())


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        ("2024-03-05", "2024-03-01", "The range ends before it begins"),
        ("2024-02-31", "2024-03-01", "2024-02-31"),
        ("[/red]", "2024-03-01", "[/red]"),
    ],
)
@on_screen
async def test_a_range_that_can_not_be_meant_is_refused_in_one_line(
    first: str, last: str, words: str
) -> None:
    gateway = ScriptedGateway(a_february())
    async with looking_at(an_app(gateway)) as eyes:
        await planning(eyes)
        await eyes.sees("122 dates")
        await fill(eyes, first, last)
        await eyes.sees("✗", words)
        await eyes.press("f5")
        await eyes.pilot.pause()
        assert isinstance(eyes.app.screen, PlanScreen)
    assert "launch" not in gateway.asked


@on_screen
async def test_conf_that_is_not_json_is_refused_with_the_way_to_write_it() -> None:
    async with looking_at(an_app(a_february())) as eyes:
        await planning(eyes)
        await eyes.sees("122 dates")
        await eyes.press("tab", "tab", "tab", "tab", "tab", "tab")
        await eyes.write("{day")
        await eyes.sees("The conf is not JSON", 'write it as {"key": "value"}')


@on_screen
async def test_a_long_refusal_is_read_to_its_end_at_80_columns() -> None:
    gateway = ScriptedGateway(a_february())
    async with looking_at(an_app(gateway)) as eyes:
        await planning(eyes)
        await eyes.sees("122 create")
        words = (
            "The conf does not fit the params of sales_daily: Invalid input for param n: 0 is less than the"
        )
        gateway.fail("plan", BadRequest(f"{words} minimum of 1", remedy="change the conf"))
        await eyes.press("ctrl+r")
        await eyes.sees("✗ The conf does not fit", "is less than the minimum of 1", "  change the conf")


@on_screen
async def test_a_launch_of_an_invalid_plan_says_why_there_is_none() -> None:
    gateway = ScriptedGateway(a_february())
    app = an_app(gateway)
    async with looking_at(app) as eyes:
        await planning(eyes)
        await eyes.sees("122 create")
        await fill(eyes, "[/red]", "2024-03-01")
        await eyes.sees("✗")
        assert not app._notifications
        await eyes.press("f5")
        await eyes.until(lambda: app._notifications, "a notice")
        (notice,) = app._notifications
        assert "[/red]" in notice.message
        assert not notice.markup
    assert "launch" not in gateway.asked


@on_screen
async def test_a_launch_that_waits_for_its_plan_says_so_and_is_confirmed_after_it() -> None:
    gateway = SlowForOne(a_february(), "2024-03-01")
    async with looking_at(an_app(gateway)) as eyes:
        await planning(eyes)
        await eyes.sees("122 create")
        await fill(eyes, "2024-03-01", "2024-03-02")
        await eyes.until(gateway.begun.is_set)
        await eyes.press("f5")
        await eyes.sees("Still planning")
        gateway.go.set()
        await eyes.sees("Create 2 runs")


@on_screen
async def test_the_confirmation_of_one_run_names_its_date_and_no_limit() -> None:
    async with looking_at(an_app(a_february())) as eyes:
        await planning(eyes)
        await fill(eyes, "2024-02-14", "2024-02-15")
        await eyes.press("f5")
        await eyes.sees("Create 1 run", "For Thu 2024-02-15 00:00 (UTC)", "1 date stays as it is")
        assert "At most" not in eyes.text()


@on_screen
async def test_the_keys_of_a_confirmation_are_in_view_on_a_small_terminal() -> None:
    async with looking_at(an_app(a_february()), (40, 10)) as eyes:
        await eyes.sees("1 Dag", "█")
        await eyes.press("enter")
        await eyes.until(lambda: isinstance(eyes.app.screen, PlanScreen))
        await eyes.press("f5")
        await eyes.sees("Create 122 runs", "enter launch  esc back")


class SlowForOne(ScriptedGateway):
    """Keeps the plan of one range back until it is told."""

    def __init__(self, world: World, slow_from: str) -> None:
        super().__init__(world)
        self.slow_from = instant(slow_from)
        self.begun, self.go, self.cancelled = threading.Event(), threading.Event(), threading.Event()

    def plan(
        self,
        request: BackfillRequest,
        is_cancelled: IsCancelled = never,
        on_partial: Callable[[BackfillPlan], None] = ignore,
    ) -> BackfillPlan:
        if request.from_date != self.slow_from:
            return super().plan(request, is_cancelled, on_partial)
        self.begun.set()
        self.go.wait(20)
        if is_cancelled():
            self.cancelled.set()
        return super().plan(request)


@on_screen
async def test_the_answer_to_an_older_question_never_replaces_a_newer_one() -> None:
    gateway = SlowForOne(a_february(), "2024-03-01")
    async with looking_at(an_app(gateway)) as eyes:
        await planning(eyes)
        await fill(eyes, "2024-03-01", "2024-03-02")
        await eyes.until(gateway.begun.is_set)
        await eyes.press("shift+tab")
        await fill(eyes, "2024-03-03", "2024-03-09")
        await eyes.sees("7 dates")
        gateway.go.set()
        await eyes.until(gateway.cancelled.is_set, "the older plan to be cancelled")
        await eyes.pilot.pause()
        assert "7 dates" in eyes.text()


@on_screen
async def test_the_confirmation_says_in_words_what_will_happen(picture: SnapshotAssertion) -> None:
    world = a_february()
    world.paused.add(DagId("sales_daily"))
    app = an_app(world)
    async with looking_at(app) as eyes:
        await planning(eyes)
        await fill(eyes, "2024-02-05", "2024-02-16")
        await eyes.press("tab", "tab", "right")
        await eyes.sees("2 reprocess")
        await eyes.press("f5")
        await eyes.sees(
            "From Tue 2024-02-06 00:00 to Fri 2024-02-16 00:00 (UTC)",
            "Create 2 runs and run 2 again (6 task instances, 2 of them had",
            "8 dates stay as they are",
            "The Dag is paused, so no run will start",
        )
        assert await eyes.picture() == picture


@on_screen
async def test_nothing_is_created_before_the_confirmation() -> None:
    world = a_february()
    async with looking_at(an_app(world)) as eyes:
        await planning(eyes)
        await eyes.sees("122 create")
        await eyes.press("f5")
        await eyes.sees("Create 122 runs")
        await eyes.press("escape")
        await eyes.no_longer_sees("Create 122 runs")
    assert not world.backfills


@pytest.mark.parametrize("key", ["f5", "ctrl+s"])
@on_screen
async def test_a_confirmed_launch_opens_the_watch_screen_by_itself(key: str) -> None:
    world = a_february()
    app = an_app(world)
    async with looking_at(app) as eyes:
        await planning(eyes)
        await fill(eyes, "2024-03-01", "2024-03-05")
        await eyes.press(key)
        await eyes.sees("Create 5 runs")
        await eyes.press("enter")
        await eyes.until(lambda: isinstance(app.screen, WatchScreen), "the watch screen")
        await eyes.press("escape")
        await eyes.until(lambda: isinstance(app.screen, DagsScreen), "the Dags, not the plan")
    (backfill,) = world.backfills.values()
    assert backfill.entries[0][0] == instant("2024-03-01")
    assert len(backfill.entries) == 5


@on_screen
async def test_everything_that_is_typed_reaches_airflow() -> None:
    world = a_february()
    async with looking_at(an_app(world)) as eyes:
        await planning(eyes)
        await fill(eyes, "2024-02-06", "2024-02-08T00:00Z")
        await eyes.press("tab", "home", "shift+end", "delete", "3", "tab", "right", "right", "tab", "space")
        await eyes.press("tab", "space", "tab")
        await eyes.write('{"a": 1}')
        await eyes.press("f5")
        await eyes.sees("Run 3 again", "At most 3 runs at a time, newest first")
        await eyes.press("enter")
        await eyes.until(lambda: world.backfills)
    (backfill,) = world.backfills.values()
    assert backfill.request == BackfillRequest(
        dag_id=DagId("sales_daily"), from_date=instant("2024-02-06"), to_date=instant("2024-02-08"),
        reprocess_behavior=ReprocessBehavior.COMPLETED, max_active_runs=3, run_backwards=True,
        conf='{"a": 1}', run_on_latest_version=False,
    )  # fmt: skip


@on_screen
async def test_the_creation_shows_how_far_it_is_and_can_be_taken_back(picture: SnapshotAssertion) -> None:
    world = a_february()
    gateway = ScriptedGateway(world)
    app = an_app(gateway)
    with gateway.hold("launch"):
        async with looking_at(app) as eyes:
            await planning(eyes)
            await eyes.sees("122 create")
            await eyes.press("f5", "enter")
            await eyes.until(lambda: isinstance(app.screen, CreationDialog))
            await eyes.sees("0 of 122 dates", "esc cancel")
            assert await eyes.picture() == picture
            await eyes.press("escape")
            await eyes.sees("The launch was taken back")
            assert isinstance(app.screen, PlanScreen)
    assert not world.backfills


@on_screen
async def test_a_refused_launch_shows_why_and_leaves_the_plan_open() -> None:
    gateway = ScriptedGateway(a_february())
    gateway.fail(
        "launch", AirflowFailed("Airflow refused: [/red]", remedy="try later", detail="Traceback\n  x")
    )
    async with looking_at(an_app(gateway)) as eyes:
        await planning(eyes)
        await eyes.sees("122 create")
        await eyes.press("f5", "enter")
        await eyes.sees("Airflow refused: [/red]", "try later", "Traceback")
        await eyes.press("escape")
        await eyes.sees("122 create")
    assert not gateway.world.backfills


@on_screen
async def test_a_world_that_changed_meanwhile_is_shown_and_asked_about_again(
    picture: SnapshotAssertion,
) -> None:
    world = a_february()
    app = an_app(world)
    async with looking_at(app) as eyes:
        await planning(eyes)
        await eyes.sees("122 create")
        await eyes.press("f5")
        await eyes.sees("Create 122 runs")
        world.add_run("sales_daily", "2024-02-20", RunState.SUCCESS)
        await eyes.press("enter")
        await eyes.sees("The plan has changed since it was shown: 1 date now succeeded", "Create 121 runs")
        assert await eyes.picture() == picture
        assert not world.backfills
        await eyes.press("enter")
        await eyes.sees("QUEUED 121 queued")


@on_screen
async def test_a_plan_that_changed_is_left_to_be_looked_at_by_escape() -> None:
    world = a_february()
    app = an_app(world)
    async with looking_at(app) as eyes:
        screen = await planning(eyes)
        await eyes.sees("122 create")
        await eyes.press("f5")
        await eyes.sees("Create 122 runs")
        world.add_run("sales_daily", "2024-02-20", RunState.SUCCESS)
        await eyes.press("enter")
        await eyes.sees("The plan has changed since it was shown")
        await eyes.press("escape")
        await eyes.until(lambda: app.screen is screen)
        await eyes.sees("121 create", "1 skip")
        await eyes.press("f5")
        await eyes.sees("Create 121 runs")
        assert "has changed" not in eyes.text()
    assert not world.backfills


@on_screen
async def test_a_changed_plan_that_may_not_be_launched_says_what_changed_and_why_not() -> None:
    gateway = ScriptedGateway(a_february())
    async with looking_at(an_app(gateway)) as eyes:
        await planning(eyes)
        await eyes.sees("122 create")
        await eyes.press("f5")
        await eyes.sees("Create 122 runs")
        gateway.world.add_run("sales_daily", "2024-02-20", RunState.SUCCESS)
        gateway.more_warnings = (
            PlanWarning(code="new", message="Nothing goes now", remedy="wait", gravity=Gravity.BLOCKS),
        )
        await eyes.press("enter")
        await eyes.sees("Problem", "Nothing goes now", "1 date now succeeded")


@on_screen
async def test_another_active_backfill_forbids_the_launch() -> None:
    world = a_february()
    asked = BackfillRequest(
        dag_id=DagId("sales_daily"), from_date=instant("2024-05-01"), to_date=instant("2024-05-03")
    )
    ScriptedGateway(world).launch(Launch(request=asked))
    async with looking_at(an_app(world)) as eyes:
        await planning(eyes)
        await eyes.sees("✗ Backfill 1 of this Dag is active: watch it, or wait until it is done")
        await eyes.press("f5")
        await eyes.sees("Problem", "Backfill 1 of this Dag is active")
    assert len(world.backfills) == 1


@on_screen
async def test_a_plan_in_which_nothing_runs_is_not_launched() -> None:
    async with looking_at(an_app(a_february())) as eyes:
        await planning(eyes)
        await fill(eyes, "2024-02-01", "2024-02-03")
        await eyes.press("f5")
        await eyes.sees("Nothing would run", "another reprocess behavior")


@on_screen
async def test_a_paused_dag_is_unpaused_from_the_plan() -> None:
    world = a_february()
    world.paused.add(DagId("sales_daily"))
    async with looking_at(an_app(world)) as eyes:
        await planning(eyes)
        await eyes.sees("The Dag is paused, so no run will start", "f6 unpause")
        await eyes.press("f6")
        await eyes.sees("Unpause sales_daily?", "A scheduler that schedules starts due ones")
        await eyes.press("enter")
        await eyes.no_longer_sees("The Dag is paused")
    assert not world.paused


@on_screen
async def test_unpausing_from_the_plan_says_how_many_scheduled_runs_it_releases() -> None:
    gateway = ScriptedGateway(a_february(is_paused=True))
    gateway.released = "1,059 scheduled runs"
    async with looking_at(an_app(gateway)) as eyes:
        await planning(eyes)
        await eyes.sees("122 create")
        await eyes.press("f6")
        await eyes.sees("Unpause sales_daily?", "Unpausing it releases 1,059 scheduled runs as well")


@on_screen
async def test_a_paused_dag_is_unpaused_with_the_launch_by_one_key() -> None:
    gateway = ScriptedGateway(a_february(is_paused=True))
    gateway.released = "1,059 scheduled runs"
    app = an_app(gateway)
    async with looking_at(app) as eyes:
        await planning(eyes)
        await eyes.sees("122 create")
        await eyes.press("f5")
        await eyes.sees("Launch all the same?", "u launch and unpause")
        await eyes.sees("unpausing it releases", "1,059")
        await eyes.press("u")
        await eyes.until(lambda: isinstance(app.screen, WatchScreen), "the watch screen")
        await eyes.sees('"sales_daily" was unpaused', "QUEUED 122 queued")
    assert not gateway.world.paused


@on_screen
async def test_a_paused_dag_stays_paused_at_a_plain_launch() -> None:
    world = a_february(is_paused=True)
    app = an_app(world)
    async with looking_at(app) as eyes:
        await planning(eyes)
        await eyes.sees("122 create")
        await eyes.press("f5")
        await eyes.sees("enter  launch: the Dag stays paused, and no run starts")
        await eyes.press("enter")
        await eyes.sees("BLOCKED: the Dag is paused, so nothing starts")
    assert world.paused


@on_screen
async def test_a_backfill_can_be_created_paused() -> None:
    world = a_february()
    async with looking_at(an_app(world)) as eyes:
        await planning(eyes)
        await eyes.sees("122 create")
        await eyes.press("f5")
        await eyes.sees("p  launch paused: no run starts before the backfill is resumed")
        assert "u launch and unpause" not in eyes.text()
        await eyes.press("p")
        await eyes.sees("PAUSED: 0 running, 122 queued: no queued run starts", "p resume")
        world.advance(3)
        assert {run.state for run in world.runs_of(world.backfills[BackfillId(1)])} == {RunState.QUEUED}


@on_screen
async def test_what_a_launch_put_right_is_told() -> None:
    class Frank(ScriptedGateway):
        def launch(
            self,
            launch: Launch,
            on_progress: Callable[[CreationProgress], None] = ignore,
            is_cancelled: IsCancelled = never,
        ) -> Launched:
            done = super().launch(launch, on_progress, is_cancelled)
            return replace(done, remarks=("Its mark of completion came too early and was taken back [/]",))

    async with looking_at(an_app(Frank(a_february()))) as eyes:
        await planning(eyes)
        await eyes.sees("122 create")
        await eyes.press("f5", "enter")
        await eyes.until(lambda: eyes.app._notifications, "a notice")
        (notice,) = eyes.app._notifications
        assert notice.message == "Its mark of completion came too early and was taken back [/]"
        assert not notice.markup


@on_screen
async def test_the_note_and_the_limit_of_failures_go_with_the_launch() -> None:
    world = a_february()
    async with looking_at(an_app(world)) as eyes:
        await planning(eyes)
        await eyes.sees("122 create")
        await eyes.press(*["tab"] * 7)
        await eyes.write("3")
        await eyes.press("tab")
        await eyes.write("after the fix of [/] prices")
        await eyes.press("f5")
        await eyes.sees(
            "Pauses once 3 runs have failed, as long as somebody watches it",
            "Note on each run: after the fix of [/] prices",
        )
        await eyes.press("enter")
        await eyes.sees("Stops after 3 failures   Note: after the fix of [/] prices")
    backfill = world.backfills[BackfillId(1)]
    assert (backfill.stop_after_failures, backfill.note) == (3, "after the fix of [/] prices")


@on_screen
async def test_a_limit_that_is_no_number_says_what_to_write() -> None:
    async with looking_at(an_app(a_february())) as eyes:
        screen = await planning(eyes)
        await eyes.sees("122 create")
        screen.form.stop_field.focus()
        await eyes.write("0")
        await eyes.sees("Stop after is not a number of failed runs", "leave it empty for never")
        await eyes.press("backspace")
        await eyes.sees("122 create")


@on_screen
async def test_typing_a_note_plans_nothing_again() -> None:
    gateway = ScriptedGateway(a_february())
    async with looking_at(an_app(gateway)) as eyes:
        screen = await planning(eyes)
        await eyes.sees("122 create")
        asked = gateway.asked["plan"]
        screen.form.note_field.focus()
        await eyes.write("why")
        await eyes.press("f5")
        await eyes.sees("Note on each run: why")
    assert gateway.asked["plan"] == asked


@on_screen
async def test_the_active_backfill_that_forbids_the_launch_is_a_key_away() -> None:
    world = a_february()
    asked = BackfillRequest(
        dag_id=DagId("sales_daily"), from_date=instant("2024-05-01"), to_date=instant("2024-05-03")
    )
    app = an_app(world)
    async with looking_at(app) as eyes:
        screen = await planning(eyes)
        await eyes.sees("122 create")
        assert "f9" not in eyes.text()
        ScriptedGateway(world).launch(Launch(request=asked))
        await eyes.press("ctrl+r")
        await eyes.sees("✗ Backfill 1 of this Dag is active", "f9 watch")
        await eyes.press("f9")
        await eyes.until(lambda: isinstance(app.screen, WatchScreen), "the watch screen")
        world.advance_to_end()
        await eyes.press("escape")
        await eyes.until(lambda: app.screen is screen)
        await eyes.no_longer_sees("is active")


@on_screen
async def test_a_read_only_session_plans_but_does_not_launch() -> None:
    world = a_february()
    async with looking_at(an_app(world, read_only=True)) as eyes:
        screen = await planning(eyes)
        await eyes.sees("122 create", "read-only")
        assert "f5 launch" not in eyes.text()
        await eyes.press("f5")
        await eyes.until(lambda: eyes.app._notifications, "a notice")
        (notice,) = eyes.app._notifications
        assert (
            notice.message
            == "This session is read-only, so nothing is launched: start it without --read-only"
        )
        assert eyes.app.screen is screen
    assert not world.backfills


@on_screen
async def test_a_read_only_session_says_why_it_unpauses_nothing() -> None:
    world = a_february()
    world.paused.add(DagId("sales_daily"))
    async with looking_at(an_app(world, read_only=True)) as eyes:
        await eyes.sees("Schedule")
        assert "u pause" not in eyes.text()
        await eyes.press("u")
        await eyes.until(lambda: eyes.app._notifications, "a notice")
        screen = await planning(eyes)
        await eyes.sees("The Dag is paused")
        assert "f6 unpause" not in eyes.text()
        await eyes.press("f6")
        await eyes.until(lambda: len(eyes.app._notifications) > 1, "another notice")
        said = [notice.message.partition(": ")[0] for notice in eyes.app._notifications]
        assert [words.partition(", so ")[2] for words in said] == [
            "no Dag is paused or unpaused",
            "no Dag is unpaused",
        ]
        assert eyes.app.screen is screen
    assert world.paused


@on_screen
async def test_a_bridge_lost_while_planning_leaves_the_last_plan_in_view() -> None:
    gateway = ScriptedGateway(a_february())
    async with looking_at(an_app(gateway)) as eyes:
        await planning(eyes)
        await eyes.sees("122 create")
        gateway.fail(
            "plan", Unreachable("The bridge to Airflow was ended by signal 9", detail="its last line")
        )
        await eyes.press("ctrl+r")
        await eyes.sees("was ended by signal 9", "its last line")
        await eyes.press("escape")
        await eyes.sees("no bridge", "2024-02-15")


@on_screen
async def test_a_hundred_thousand_dates_are_scrolled_to_their_end() -> None:
    world = World([a_dag("hourly", period=HOUR, start_date=instant("2013-01-01"))])
    app = an_app(world)
    async with looking_at(app) as eyes:
        screen = await planning(eyes)
        await eyes.until(lambda: screen.query_one(PlanTable).row_count > 100_000, "the whole plan")
        await eyes.press("enter", "G")
        await eyes.sees("Sat 2024-06-15 11:00")
        await eyes.press("g")
        await eyes.sees("Tue 2013-01-01 00:00")


@on_screen
async def test_escape_leads_back_to_the_dags() -> None:
    app: BackfillApp = an_app(a_february())
    async with looking_at(app) as eyes:
        await planning(eyes)
        await eyes.press("escape")
        await eyes.until(lambda: isinstance(app.screen, DagsScreen))
        first: Screen[object] = app.screen
        assert app.screen_stack == [first]


@on_screen
async def test_a_range_without_a_date_is_told_from_one_that_is_not_planned_yet() -> None:
    gateway = ScriptedGateway(a_february())
    async with looking_at(an_app(gateway)) as eyes:
        with gateway.hold("plan"):
            await planning(eyes)
            await eyes.sees("Planning")
            assert "No date" not in eyes.text()
        await fill(eyes, "2024-02-01T00:01Z", "2024-02-01T00:02Z")
        await eyes.sees("0 dates", "No date of the schedule lies in this range")


@on_screen
async def test_the_dates_of_one_verdict_can_be_looked_at_alone() -> None:
    async with looking_at(an_app(a_february())) as eyes:
        await planning(eyes)
        await fill(eyes, "2024-02-05", "2024-02-16")
        await eyes.press("tab", "tab", "right")
        await eyes.sees("2 reprocess")
        await eyes.press("tab", "tab", "tab", "tab", "tab", "tab", "tab", "2")
        await eyes.sees("only reprocess, 0 shows all")
        assert "2024-02-08 00:00" not in eyes.text()
        assert "↻ reprocess" in eyes.line_with("2024-02-07 00:00")
        await eyes.press("4")
        await eyes.sees("No date has the verdict not yet")
        await eyes.press("0")
        await eyes.sees("2024-02-08 00:00", "12 dates")
