"""Marking from the watch screen, and undoing it: what is asked, what is said, what happens; keys only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.support.screen import an_app, looking_at, on_screen
from tests.support.scripted import ScriptedEngine, ScriptedGateway
from tests.support.watch_screens import TASKS, watching
from tests.support.world import World, a_dag, instant

from backfill_tui.domain.ids import DagId
from backfill_tui.domain.launching import Launch
from backfill_tui.domain.marking import MarkAs, MarkOutcome, MarkProgress, MarkRequest, MarkScope
from backfill_tui.domain.planning import BackfillRequest
from backfill_tui.domain.problems import AirflowFailed
from backfill_tui.gateway.port import IsCancelled, ignore, never
from backfill_tui.ui.screens.set_state import SetStateDialog
from backfill_tui.ui.screens.watch import WatchScreen

DONE = "DONE: 8 succeeded, 2 failed"


class NotingGateway(ScriptedGateway):
    """Keeps the marks that were asked for."""

    def __init__(self, world: World, *, read_only: bool = False) -> None:
        super().__init__(world, read_only=read_only)
        self.marked: list[MarkRequest] = []

    def mark(
        self,
        request: MarkRequest,
        on_progress: Callable[[MarkProgress], None] = ignore,
        is_cancelled: IsCancelled = never,
    ) -> MarkOutcome:
        self.marked.append(request)
        return super().mark(request, on_progress, is_cancelled)


class UnwrittenGateway(ScriptedGateway):
    """Can not write its journal."""

    def mark(
        self,
        request: MarkRequest,
        on_progress: Callable[[MarkProgress], None] = ignore,
        is_cancelled: IsCancelled = never,
    ) -> MarkOutcome:
        return replace(super().mark(request, on_progress, is_cancelled), remarks=("The journal [/] is full",))

    def pause_dag(self, dag_id: DagId, *, is_paused: bool) -> tuple[str, ...]:
        super().pause_dag(dag_id, is_paused=is_paused)
        return ("The journal [/] is full",)


def a_failed_backfill() -> World:
    """Ten dates, two of which failed at `load`."""
    world = World([a_dag("sales_daily", tasks=TASKS)])
    world.fail("sales_daily", "load", "2024-02-06", "2024-02-07")
    launch(world)
    world.advance_to_end()
    return world


def launch(world: World) -> None:
    request = BackfillRequest(
        dag_id=DagId("sales_daily"), from_date=instant("2024-02-01"), to_date=instant("2024-02-10"),
        max_active_runs=4,
    )  # fmt: skip
    ScriptedGateway(world).launch(Launch(request=request))


@on_screen
async def test_a_mark_that_is_not_in_the_journal_is_told_and_offers_no_undoing() -> None:
    async with looking_at(an_app(UnwrittenGateway(a_failed_backfill()))) as eyes:
        await watching(eyes, DONE)
        await eyes.press("a", "m")
        await eyes.sees("(•) failed tasks", "6 task instances of 2 runs")
        await eyes.press("enter")
        await eyes.sees("Marked 6 task instances of 2", "The journal [/] is full")
        assert "undoes it" not in eyes.text()


@on_screen
async def test_a_pause_of_a_dag_that_is_not_in_the_journal_is_told() -> None:
    async with looking_at(an_app(UnwrittenGateway(a_failed_backfill()))) as eyes:
        await eyes.sees("sales_daily")
        await eyes.press("u")
        await eyes.sees("Pause sales_daily?")
        await eyes.press("enter")
        await eyes.sees("The journal [/] is full")


# From failed to success, and back.


@on_screen
async def test_failed_tasks_of_all_failed_dates_are_marked_and_taken_back() -> None:
    gateway = NotingGateway(a_failed_backfill())
    async with looking_at(an_app(gateway)) as eyes:
        await watching(eyes, DONE)
        await eyes.press("a", "m")
        await eyes.sees(
            "Set state of 2 dates of sales_daily", "(•) failed tasks", "6 task instances of 2 runs",
            "2 runs are success then", "4 other task instances stay as they are",
        )  # fmt: skip
        await eyes.press("enter")
        await eyes.sees("DONE: 10 succeeded", "Marked 6 task instances of 2", "U undoes it")
        assert "●" not in eyes.text(), "the marks are gone"
        (request,) = gateway.marked
        assert (request.mark_as, request.scope, len(request.run_ids)) == (
            MarkAs.SUCCESS, MarkScope.FAILED, 2
        )  # fmt: skip
        await eyes.press("U")
        await eyes.sees(
            "Undo the last deed on sales_daily?", "mark success of 2024-06-15",
            "6 task instances of 2 runs get back the states they had before",
        )  # fmt: skip
        await eyes.press("enter")
        await eyes.sees("DONE: 8 succeeded, 2 failed", "Undone; 6 task instances of 2")


@on_screen
async def test_the_line_that_was_chosen_is_taken_up_again_where_the_other_state_has_none_of_it() -> None:
    async with looking_at(an_app(a_failed_backfill())) as eyes:
        await watching(eyes)
        await eyes.press("n", "m")
        await eyes.sees("(•) success", "(•) failed tasks")
        await eyes.press("space")
        await eyes.sees("(•) failed", "(•) task load")
        await eyes.press("space")
        await eyes.sees("(•) success", "(•) failed tasks")
        await eyes.press("down", "space", "space")
        await eyes.sees("(•) success", "(•) task load")


@on_screen
async def test_a_task_whose_name_is_cut_has_a_line_of_its_own() -> None:
    world = World([a_dag("sales_daily", tasks=("extract_orders_of_all_shops",))])
    world.fail("sales_daily", "extract_orders_of_all_shops", "2024-02-06")
    launch(world)
    world.advance_to_end()
    async with looking_at(an_app(world)) as eyes:
        await watching(eyes, "DONE: 9 succeeded, 1 failed")
        await eyes.press("n", "m")
        await eyes.sees("task extract_orders_o…", "the task is extract_orders_of_all_shops")


@on_screen
async def test_the_task_under_the_cursor_is_marked_of_the_date_under_it() -> None:
    gateway = NotingGateway(a_failed_backfill())
    async with looking_at(an_app(gateway)) as eyes:
        await watching(eyes, DONE)
        await eyes.press("n", "m", "down")
        await eyes.sees(
            "Set state of 2024-02-06 of sales_daily", "(•) task load", "1 task instance of 1 run",
            "2 failed task instances downstream run again, as Airflow has it",
        )  # fmt: skip
        await eyes.press("enter")
        await eyes.sees("Marked 1 task instance of 1", "1 queued")
        assert "undoes it" not in eyes.text(), "what runs again has no way back"
        (request,) = gateway.marked
        assert (request.scope, request.task_id) == (MarkScope.TASK, "load")


@on_screen
async def test_what_runs_again_has_an_engine() -> None:
    world = a_failed_backfill()
    engine = ScriptedEngine(world)
    async with looking_at(an_app(world, engine=engine)) as eyes:
        await watching(eyes, DONE)
        engine.stop()
        await eyes.press("n", "m", "down")
        await eyes.sees("run again, as Airflow has it")
        await eyes.press("enter")
        await eyes.until(lambda: engine.status().running)


@on_screen
async def test_a_running_run_is_marked_failed_after_it_was_said_what_ends() -> None:
    world = World([a_dag("sales_daily", tasks=TASKS)])
    launch(world)
    world.start("sales_daily", 1)
    gateway = NotingGateway(world)
    async with looking_at(an_app(gateway)) as eyes:
        await watching(eyes, "1 running")
        await eyes.press("home", "m", "space", "down")
        await eyes.sees(
            "(•) whole run", "1 task instance under way ends, and its process with it",
            "4 task instances never run and are skipped", "1 run is failed then",
        )  # fmt: skip
        assert "failed tasks" not in eyes.text(), "what has failed is failed already"
        await eyes.press("enter")
        await eyes.sees("1 failed", "Marked 1 run failed")
        await eyes.press("U")
        await eyes.sees("Nothing of it is left to put")
        (request,) = gateway.marked
        assert (request.mark_as, request.scope) == (MarkAs.FAILED, MarkScope.WHOLE_RUN)


# What there is nothing of.


@on_screen
async def test_nothing_to_mark_can_not_be_accepted_and_says_why() -> None:
    async with looking_at(an_app(a_failed_backfill())) as eyes:
        await watching(eyes, DONE)
        await eyes.press("home", "m")
        await eyes.sees("(•) failed tasks", "nothing to mark", "Left alone: 2024-02-01: nothing in it failed")
        await eyes.press("enter")
        assert isinstance(eyes.app.screen, SetStateDialog)
        await eyes.press("escape")
        await eyes.until(lambda: isinstance(eyes.app.screen, WatchScreen))


@on_screen
async def test_a_deed_without_a_way_back_is_named_with_what_to_do_instead() -> None:
    async with looking_at(an_app(a_failed_backfill())) as eyes:
        await watching(eyes, DONE)
        await eyes.press("n", "r")
        await eyes.sees("Rerun 2024-02-06")
        await eyes.press("enter")
        await eyes.sees("1 queued")
        await eyes.press("U")
        await eyes.sees("There is no way back from the", "a rerun: what was cleared has")


@on_screen
async def test_a_paused_dag_is_unpaused_from_the_list_of_dags() -> None:
    world = World([a_dag("sales_daily", tasks=TASKS)])
    async with looking_at(an_app(world)) as eyes:
        await eyes.sees("sales_daily")
        await eyes.press("U")
        await eyes.sees("There is nothing to be undone")
        await eyes.press("u")
        await eyes.sees("Pause sales_daily?")
        await eyes.press("enter")
        await eyes.until(lambda: world.paused)
        await eyes.press("U")
        await eyes.sees("Undo the last deed on sales_daily?", "sales_daily is unpaused, so its runs")
        await eyes.press("enter")
        await eyes.until(lambda: not world.paused)


@on_screen
async def test_a_paused_backfill_is_resumed_from_the_list_of_backfills() -> None:
    world = World([a_dag("sales_daily", tasks=TASKS)])
    launch(world)
    async with looking_at(an_app(world)) as eyes:
        await eyes.sees("sales_daily")
        await eyes.press("b")
        await eyes.sees("10 queued")
        await eyes.press("p")
        await eyes.sees("Pause backfill 1")
        await eyes.press("enter")
        await eyes.sees("PAUSED")
        await eyes.press("U")
        await eyes.sees("Backfill 1 is resumed: 10 queued runs can start")
        await eyes.press("enter")
        await eyes.no_longer_sees("PAUSED")


@on_screen
async def test_a_mark_that_fails_is_told_and_the_marks_stay() -> None:
    gateway = NotingGateway(a_failed_backfill())
    gateway.fail("mark", AirflowFailed("Airflow could not mark them", remedy="look into the log"))
    async with looking_at(an_app(gateway)) as eyes:
        await watching(eyes, DONE)
        await eyes.press("a", "m")
        await eyes.sees("6 task instances of 2 runs")
        await eyes.press("enter")
        await eyes.sees("Airflow could not mark them")
        await eyes.press("escape")
        await eyes.sees("● 2 dates marked")


@on_screen
async def test_a_read_only_session_marks_and_undoes_nothing() -> None:
    gateway = ScriptedGateway(a_failed_backfill(), read_only=True)
    async with looking_at(an_app(gateway, read_only=True)) as eyes:
        await watching(eyes, DONE)
        await eyes.press("n", "m")
        await eyes.press("U")
        assert isinstance(eyes.app.screen, WatchScreen)
        assert not {"preview_mark", "preview_undo"} & set(gateway.asked)


# The dialog.


@pytest.mark.parametrize("size", [(80, 24), (120, 36)], ids=lambda size: f"{size[0]}x{size[1]}")
@on_screen
async def test_the_choices_at_every_size(size: tuple[int, int]) -> None:
    async with looking_at(an_app(a_failed_backfill()), size) as eyes:
        await watching(eyes, "DONE: 8 succeeded")
        await eyes.press("a", "m", "down", "down")
        await eyes.sees("(•) whole runs", "6 task instances that failed stay so")
        lines = [line.partition("│")[2].rpartition("│")[0].strip() for line in eyes.text().splitlines()]
        shown = [line.split("│")[0].strip() for line in lines if line and not line.startswith("20")]
        assert shown[:3] == [
            "Mark as  (•) success  ( ) failed",
            "( ) failed tasks  6 task instances of 2 runs",
            "( ) task load     2 task instances of 2 runs",
        ]
        assert "enter mark  space success or failed  esc back" in eyes.text()


class UncountableGateway(NotingGateway):
    """Can not count what the mark of a task changes."""

    def preview_mark(self, request: MarkRequest, is_cancelled: IsCancelled = never) -> MarkOutcome:
        if request.scope is MarkScope.TASK:
            raise AirflowFailed("The task is not in the Dag")
        return super().preview_mark(request, is_cancelled)


@on_screen
async def test_only_a_choice_is_accepted_whose_consequences_are_shown() -> None:
    gateway = UncountableGateway(a_failed_backfill())
    async with looking_at(an_app(gateway)) as eyes:
        await watching(eyes, DONE)
        await eyes.press("a", "m", "down")
        await eyes.sees("The task is not in the Dag", "(•) task load", "not counted")
        await eyes.press("enter")
        assert isinstance(eyes.app.screen, SetStateDialog)
        await eyes.press("up")
        await eyes.sees("(•) failed tasks", "2 runs are success then")
        assert "The task is not in the Dag" not in eyes.text(), "this one is counted"
        await eyes.press("enter")
        await eyes.sees("Marked 6 task instances of 2")
        assert gateway.marked[0].scope is MarkScope.FAILED


@on_screen
async def test_what_a_mark_does_is_scrolled_through_before_it_is_accepted() -> None:
    gateway = NotingGateway(a_failed_backfill())
    async with looking_at(an_app(gateway), (40, 12)) as eyes:
        await watching(eyes, "DONE")
        await eyes.press("a", "m")
        await eyes.sees("(•) failed tasks", "enter read on")
        for _ in range(20):
            if not isinstance(eyes.app.screen, SetStateDialog) or "enter mark" in eyes.text():
                break
            await eyes.press("enter")
            await eyes.pilot.pause()
            assert not gateway.marked
        await eyes.sees("enter mark", "2 runs are success then", "they are")
        await eyes.press("enter")
        await eyes.until(lambda: gateway.marked, "the mark")


@on_screen
async def test_only_what_ends_or_is_lost_stands_out() -> None:
    world = World([a_dag("sales_daily", tasks=TASKS)])
    launch(world)
    world.start("sales_daily", 3)
    async with looking_at(an_app(world)) as eyes:
        await watching(eyes, "3 running")
        await eyes.press("home", "J", "J", "m", "space", "down")
        await eyes.sees("3 task instances under way end", "12 task instances never run and are skipped")
        loud = [
            part.text.strip()
            for strip in eyes.strips()
            for part in strip
            if part.style is not None and part.style.bold and "task instances" in part.text
        ]
        assert loud == ["3 task instances under way end, and their processes too"]
