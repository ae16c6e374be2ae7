"""Rerunning failed dates from the watch screen: what is asked, what is said, what then happens; keys only."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from syrupy.assertion import SnapshotAssertion
from tests.support.screen import an_app, looking_at, on_screen
from tests.support.scripted import ScriptedGateway
from tests.support.watch_screens import watching
from tests.support.world import World, a_dag, instant

from backfill_tui.domain.ids import BackfillId, DagId, RunId, TaskId
from backfill_tui.domain.launching import Launch
from backfill_tui.domain.planning import BackfillRequest
from backfill_tui.domain.problems import AirflowFailed
from backfill_tui.domain.repairing import (
    AffectedTask,
    LeftAlone,
    RerunOutcome,
    RerunProgress,
    RerunRequest,
    RerunScope,
    TaskInstanceKey,
)
from backfill_tui.domain.states import RunState, TaskState
from backfill_tui.gateway.port import IsCancelled, ignore, never
from backfill_tui.ui.rerun_words import consequences, rerun_words, scope_words
from backfill_tui.ui.screens.rerun import RerunDialog
from backfill_tui.ui.screens.watch import WatchScreen

TASKS = ("extract", "clean", "load", "check", "publish")
FAILED_DATES = ("2024-02-06", "2024-02-07")


class NotingGateway(ScriptedGateway):
    """Keeps the reruns that were asked for."""

    def __init__(self, world: World, *, read_only: bool = False) -> None:
        super().__init__(world, read_only=read_only)
        self.reruns: list[RerunRequest] = []

    def rerun(
        self,
        request: RerunRequest,
        on_progress: Callable[[RerunProgress], None] = ignore,
        is_cancelled: IsCancelled = never,
    ) -> RerunOutcome:
        self.reruns.append(request)
        return super().rerun(request, on_progress, is_cancelled)


def a_failed_backfill() -> World:
    """Ten dates, two of which failed at `load`."""
    world = World([a_dag("sales_daily", tasks=TASKS)])
    world.fail("sales_daily", "load", *FAILED_DATES)
    request = BackfillRequest(
        dag_id=DagId("sales_daily"),
        from_date=instant("2024-02-01"),
        to_date=instant("2024-02-10"),
        max_active_runs=4,
    )
    ScriptedGateway(world).launch(Launch(request=request))
    world.advance_to_end()
    return world


def delete_run(world: World, date: str) -> None:
    with world.changed:
        del world.runs[DagId("sales_daily"), run_of(date)]
        world.changed.notify_all()


def run_of(date: str) -> RunId:
    return RunId(f"backfill__{date}T00:00:00+00:00")


# From failed to done.


@on_screen
async def test_the_failed_dates_are_taken_rerun_and_succeed() -> None:
    gateway = NotingGateway(a_failed_backfill())
    async with looking_at(an_app(gateway)) as eyes:
        await watching(eyes, "DONE: 8 succeeded, 2 failed")
        await eyes.press("a")
        await eyes.sees("●2024-02-06", "●2024-02-07", "● 2 dates marked")
        await eyes.press("r")
        await eyes.sees("Rerun 2 dates of sales_daily", "(•) failed tasks only      6 task instances")
        gateway.world.mend()
        await eyes.press("enter")
        await eyes.sees("6 task instances of 2 runs", "2 queued")
        assert "●" not in eyes.text(), "the marks are gone"
        gateway.world.advance_to_end()
        await eyes.sees("DONE: 10 succeeded", "100 %")
        assert gateway.reruns == [
            RerunRequest(
                dag_id=DagId("sales_daily"),
                run_ids=tuple(map(run_of, FAILED_DATES)),
                backfill_id=BackfillId(1),
            )
        ]


@on_screen
async def test_without_marks_the_failed_date_under_the_cursor_is_taken() -> None:
    gateway = NotingGateway(a_failed_backfill())
    async with looking_at(an_app(gateway)) as eyes:
        await watching(eyes, "DONE: 8 succeeded, 2 failed")
        await eyes.press("n", "n", "r")
        await eyes.sees("Rerun 2024-02-07 of sales_daily", "3 task instances")
        await eyes.press("enter")
        await eyes.sees("3 task instances of 1 run")
        assert [request.run_ids for request in gateway.reruns] == [(run_of("2024-02-07"),)]


@on_screen
async def test_marked_dates_come_before_the_one_under_the_cursor() -> None:
    gateway = NotingGateway(a_failed_backfill())
    async with looking_at(an_app(gateway)) as eyes:
        await watching(eyes, "DONE: 8 succeeded, 2 failed")
        await eyes.press("n", "space", "n", "r")
        await eyes.sees("Rerun 2024-02-06 of sales_daily")


@on_screen
async def test_rerun_on_a_date_that_succeeded_says_how_to_choose_some() -> None:
    async with looking_at(an_app(a_failed_backfill())) as eyes:
        await watching(eyes, "DONE: 8 succeeded, 2 failed")
        await eyes.press("r")
        await eyes.sees("Mark dates with space")


# The dialog.


@pytest.mark.parametrize("size", [(80, 24), (120, 36)], ids=lambda size: f"{size[0]}x{size[1]}")
@on_screen
async def test_the_choices_at_every_size(size: tuple[int, int], picture: SnapshotAssertion) -> None:
    app = an_app(a_failed_backfill())
    async with looking_at(app, size) as eyes:
        await watching(eyes, "DONE: 8 succeeded, 2 failed")
        await eyes.press("a", "r", "down", "down")
        await eyes.sees(
            "(•) whole run", "10 task instances in 2 runs, 4 succeeded", "4 successes will be overwritten"
        )
        assert await eyes.picture() == picture


@on_screen
async def test_on_a_small_terminal_the_words_scroll_and_the_keys_stay() -> None:
    app = an_app(a_failed_backfill())
    async with looking_at(app, (40, 10)) as eyes:
        await eyes.sees("sales")
        await eyes.press("w")
        await eyes.until(lambda: isinstance(app.screen, WatchScreen))
        await eyes.sees("10/10 runs")
        await eyes.press("a", "r")
        await eyes.sees("(•) failed tasks only", "enter read on")
        await eyes.press(*["down"] * 30)
        await eyes.sees("can be undone once", "enter rerun")
        await eyes.press(*["up"] * 30)
        await eyes.sees("(•) failed tasks only", "enter read on")


@on_screen
async def test_each_choice_is_counted_and_says_what_stays() -> None:
    gateway = NotingGateway(a_failed_backfill())
    async with looking_at(an_app(gateway)) as eyes:
        await watching(eyes, "DONE: 8 succeeded, 2 failed")
        await eyes.press("n", "r")
        await eyes.sees("In 1 run, 2 other task instances stay as they are", "can be undone")
        await eyes.press("j", "j")
        await eyes.sees("1 run from beginning to end", "2 successes will be overwritten")
        await eyes.press("k", "enter")
        await eyes.sees("3 task instances of 1 run")
        assert [request.scope for request in gateway.reruns] == [RerunScope.FAILED_AND_DOWNSTREAM]


@on_screen
async def test_the_task_under_the_cursor_is_rerun_on_all_marked_dates_with_or_without_downstream() -> None:
    gateway = NotingGateway(a_failed_backfill())
    async with looking_at(an_app(gateway)) as eyes:
        await watching(eyes, "DONE: 8 succeeded, 2 failed")
        await eyes.press("a", "0", "right", "right", "right", "r")
        await eyes.sees("( ) check and downstream   4 task instances in 2 runs", "( ) check only")
        await eyes.press("j", "j", "j")
        await eyes.sees("(•) check and downstream", "In 2 runs, 6 other task instances stay as they are")
        await eyes.press("enter")
        await eyes.sees("4 task instances of 2 runs")
        (request,) = gateway.reruns
        assert (request.scope, request.task_id) == (RerunScope.TASK_AND_DOWNSTREAM, "check")
        assert len(request.run_ids) == 2


@on_screen
async def test_a_long_task_id_leaves_room_for_the_counts_and_has_a_line_of_its_own() -> None:
    world = World([a_dag("sales_daily", tasks=("extract", "load_orders_[/]_anew"))])
    world.fail("sales_daily", "extract", "2024-02-01")
    request = BackfillRequest(
        dag_id=DagId("sales_daily"), from_date=instant("2024-02-01"), to_date=instant("2024-02-01")
    )
    ScriptedGateway(world).launch(Launch(request=request))
    world.advance_to_end()
    async with looking_at(an_app(world)) as eyes:
        await eyes.sees("sales_daily")
        await eyes.press("w")
        await eyes.sees("DONE: 1 failed")
        await eyes.press("r")
        await eyes.sees("( ) extra… and downstream", "the task is extract")
        await eyes.press("escape", "right", "r")
        await eyes.sees(
            "( ) load_… and downstream  1 task instance in 1 run", "the task is load_orders_[/]_anew"
        )


@on_screen
async def test_a_note_is_put_on_the_runs_and_its_letters_are_no_keys() -> None:
    gateway = NotingGateway(a_failed_backfill())
    async with looking_at(an_app(gateway)) as eyes:
        await watching(eyes, "DONE: 8 succeeded, 2 failed")
        await eyes.press("n", "r")
        await eyes.sees("3 task instances in 1 run", "tab note")
        await eyes.press("tab", "k", "n", "space", "j")
        await eyes.sees("Note kn j", "(•) failed tasks only", "[x] on the latest version")
        await eyes.press("down")
        await eyes.sees("(•) failed and downstream")
        await eyes.press("tab", "k")
        await eyes.sees("(•) failed tasks only")
        await eyes.press("enter")
        await eyes.sees("3 task instances of 1 run")
        assert gateway.reruns[0].note == "kn j"
        assert gateway.world.runs[DagId("sales_daily"), run_of("2024-02-06")].note == "kn j"


@on_screen
async def test_rerun_on_a_date_without_a_run_says_why_there_is_none() -> None:
    world = a_failed_backfill()
    async with looking_at(an_app(world)) as eyes:
        await watching(eyes, "DONE: 8 succeeded, 2 failed")
        delete_run(world, "2024-02-07")
        await eyes.press("n", "j")
        await eyes.sees("its run was deleted")
        await eyes.press("r")
        await eyes.sees("Nothing to rerun on 2024-02-07")


@on_screen
async def test_a_run_that_was_cancelled_before_it_started_runs_as_a_whole_or_not_at_all() -> None:
    world = a_failed_backfill()
    run = world.runs[DagId("sales_daily"), run_of("2024-02-07")]
    run.started_at, run.tasks = None, dict.fromkeys(run.tasks, TaskState.NONE)
    async with looking_at(an_app(world)) as eyes:
        await eyes.sees("sales_daily")
        await eyes.press("w")
        await eyes.sees("1 never ran")
        await eyes.press("n", "j", "r")
        await eyes.sees("(•) failed tasks only      nothing to run again", "whole run")
        await eyes.sees("5 task instances in 1 run", "it was cancelled before it started")
        await eyes.press("j", "j", "enter")
        await eyes.sees("5 task instances of 1 run")


@on_screen
async def test_the_latest_version_can_be_declined_and_all_is_counted_anew() -> None:
    gateway = NotingGateway(a_failed_backfill())
    async with looking_at(an_app(gateway)) as eyes:
        await watching(eyes, "DONE: 8 succeeded, 2 failed")
        await eyes.press("n", "r")
        await eyes.sees("[x] on the latest version of the Dag", "3 task instances")
        with gateway.hold("preview_rerun"):
            await eyes.press("space")
            await eyes.sees("[ ] on the latest version of the Dag", "counting ...")
        await eyes.sees("(•) failed tasks only      3 task instances")
        await eyes.press("enter")
        await eyes.until(lambda: gateway.reruns, "the rerun")
        assert not gateway.reruns[0].run_on_latest_version


@on_screen
async def test_escape_reruns_nothing() -> None:
    gateway = NotingGateway(a_failed_backfill())
    async with looking_at(an_app(gateway)) as eyes:
        screen = await watching(eyes, "DONE: 8 succeeded, 2 failed")
        await eyes.press("a", "r")
        await eyes.sees("failed tasks only")
        await eyes.press("escape")
        await eyes.until(lambda: eyes.app.screen is screen, "the dialog to close")
        assert not gateway.reruns
        assert screen.grid.marks.rows == {5, 6}, "the marks are kept"


@on_screen
async def test_nothing_is_rerun_before_it_is_counted() -> None:
    gateway = NotingGateway(a_failed_backfill())
    async with looking_at(an_app(gateway)) as eyes:
        await watching(eyes, "DONE: 8 succeeded, 2 failed")
        with gateway.hold("preview_rerun"):
            await eyes.press("n", "r")
            await eyes.sees("counting ...")
            await eyes.press("enter")
            assert isinstance(eyes.app.screen, RerunDialog)
        await eyes.sees("3 task instances")
        assert not gateway.reruns


@on_screen
async def test_choices_that_can_not_be_counted_say_why() -> None:
    gateway = NotingGateway(a_failed_backfill())
    async with looking_at(an_app(gateway)) as eyes:
        await watching(eyes, "DONE: 8 succeeded, 2 failed")
        gateway.fail("preview_rerun", AirflowFailed("The Dag is not in the database", remedy="parse again"))
        await eyes.press("n", "r")
        await eyes.sees("The Dag is not in the database: parse again")


@on_screen
async def test_a_rerun_that_fails_says_so_and_keeps_the_marks() -> None:
    gateway = NotingGateway(a_failed_backfill())
    async with looking_at(an_app(gateway)) as eyes:
        screen = await watching(eyes, "DONE: 8 succeeded, 2 failed")
        await eyes.press("a", "r")
        await eyes.sees("6 task instances")
        gateway.fail("rerun", AirflowFailed("The database is locked", remedy="try again in a moment"))
        await eyes.press("enter")
        await eyes.sees("The database is locked", "try again in a moment")
        assert screen.grid.marks.rows == {5, 6}


@on_screen
async def test_a_read_only_session_offers_no_rerun_and_no_marks() -> None:
    gateway = NotingGateway(a_failed_backfill(), read_only=True)
    async with looking_at(an_app(gateway, read_only=True)) as eyes:
        await watching(eyes, "DONE: 8 succeeded, 2 failed")
        assert "rerun" not in eyes.text().splitlines()[-1]
        await eyes.press("n", "space", "a", "r")
        await eyes.sees("> 2024-02-06")
        assert not isinstance(eyes.app.screen, RerunDialog)


# Words.


def an_outcome(**more: object) -> RerunOutcome:
    affected = tuple(
        AffectedTask(key=TaskInstanceKey(run_id=RunId(run), task_id=TaskId(task)), state=state)
        for run, task, state in (
            ("one", "load", TaskState.FAILED),
            ("one", "check", TaskState.UPSTREAM_FAILED),
            ("two", "load", TaskState.SUCCESS),
        )
    )
    return RerunOutcome(**{"affected": affected, "untouched": 3, **more})  # type: ignore[arg-type]


def test_the_words_of_a_choice_count_what_is_overwritten() -> None:
    assert scope_words(an_outcome()) == "3 task instances in 2 runs, 1 succeeded"
    assert scope_words(RerunOutcome(affected=(), untouched=5)) == "nothing to run again"


def test_runs_that_are_let_go_are_something_to_do_and_have_words() -> None:
    alone = RerunOutcome(let_go=(RunId("three"),))
    assert scope_words(alone) == rerun_words(alone) == "1 run let go"
    with_others = an_outcome(let_go=(RunId("three"),))
    assert scope_words(with_others) == "3 task instances in 2 runs, 1 succeeded, 1 run let go"
    text = "\n".join(line.plain for line in consequences(with_others, {}))
    assert "In 2 runs, 3 other task instances stay as they are" in text
    assert "Lets 1 queued run go, with nothing left to run" in text


@on_screen
async def test_a_run_that_hangs_with_nothing_left_to_run_can_be_let_go_alone() -> None:
    gateway = NotingGateway(a_failed_backfill())
    world = gateway.world
    async with looking_at(an_app(gateway)) as eyes:
        await watching(eyes, "DONE: 8 succeeded, 2 failed")
        world.cancel(BackfillId(1))
        with world.changed:
            hanging = world.runs[DagId("sales_daily"), run_of("2024-02-07")]
            hanging.state, hanging.tasks = RunState.QUEUED, dict.fromkeys(hanging.tasks, TaskState.SUCCESS)
            world.changed.notify_all()
        await eyes.sees("1 queued")
        await eyes.press("n", "j", "space", "r")
        await eyes.sees("Rerun 2024-02-07", "1 run let go")
        await eyes.press("enter")
        await eyes.sees("1 run let go")
        assert [request.run_ids for request in gateway.reruns] == [(run_of("2024-02-07"),)]


def test_runs_that_are_left_alone_are_named_by_date_and_grouped_by_reason() -> None:
    dates = {RunId(f"run{number}"): f"2024-02-0{number}" for number in range(1, 8)}
    left = tuple(LeftAlone(run_id=run_id, reason="it is running") for run_id in dates)
    text = "\n".join(line.plain for line in consequences(an_outcome(left_alone=left), dates))
    assert "Left alone: 2024-02-01, 2024-02-02, 2024-02-03, 2024-02-04 and 3 more: it is running" in text


def test_a_cancelled_backfill_that_is_lifted_is_told() -> None:
    text = "\n".join(line.plain for line in consequences(an_outcome(unblocked=(5,)), {}))
    assert "Lifts the pause of cancelled backfill 5, or these runs would never start" in text


def test_a_finished_rerun_says_what_runs_and_what_was_left_alone() -> None:
    left = (LeftAlone(run_id=RunId("three"), reason="it is running"),)
    assert rerun_words(an_outcome(left_alone=left)) == (
        "3 task instances of 2 runs will run again, 1 run left alone: it is running"
    )
    assert rerun_words(RerunOutcome(affected=(), untouched=0)) == "Nothing was rerun"


class UncountableGateway(NotingGateway):
    """Can not count what is downstream."""

    def preview_rerun(self, request: RerunRequest, is_cancelled: IsCancelled = never) -> RerunOutcome:
        if request.scope is RerunScope.FAILED_AND_DOWNSTREAM:
            raise AirflowFailed("The Dag is not in the database")
        return super().preview_rerun(request, is_cancelled)


@on_screen
async def test_only_a_choice_is_accepted_whose_consequences_are_shown() -> None:
    gateway = UncountableGateway(a_failed_backfill())
    async with looking_at(an_app(gateway)) as eyes:
        await watching(eyes, "DONE: 8 succeeded, 2 failed")
        await eyes.press("a", "r", "down")
        await eyes.sees("(•) failed and downstream  not counted", "The Dag is not in the database")
        await eyes.press("enter")
        assert isinstance(eyes.app.screen, RerunDialog)
        await eyes.press("up")
        await eyes.sees("(•) failed tasks only", "other task instances stay as they are")
        assert "The Dag is not in the database" not in eyes.text(), "this one is counted"
        await eyes.press("enter")
        await eyes.sees("6 task instances of 2 runs")
