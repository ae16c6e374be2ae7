"""The watch screen: the stream made visible, and the pane about one task; keys only."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest
from syrupy.assertion import SnapshotAssertion
from tests.support.screen import FIXED_TIME, an_app, looking_at, on_screen
from tests.support.scripted import ScriptedGateway
from tests.support.watch_screens import FAILED_RUN, CountingGateway, a_backfill, watching
from tests.support.world import NOW, World, a_dag, instant
from textual.geometry import Region
from textual.widget import Widget

from backfill_tui.domain.causes import Cause, CauseCode
from backfill_tui.domain.grid import GridStore
from backfill_tui.domain.ids import BackfillId, DagId, RunId, TaskId
from backfill_tui.domain.launching import Launch
from backfill_tui.domain.planning import BackfillRequest
from backfill_tui.domain.problems import AirflowFailed, Unreachable
from backfill_tui.domain.repairing import TaskInstanceKey
from backfill_tui.domain.states import TaskState
from backfill_tui.domain.tasks import CellDetails, CellQuery, TaskInstanceDetails
from backfill_tui.ui.app import BackfillApp
from backfill_tui.ui.screens.watch_stream import INBOX_UPDATES, Stream, UpdatesArrived

# The stream.


@on_screen
async def test_the_stream_is_told_which_dates_are_seen() -> None:
    world = a_backfill(last="2024-04-30")
    app = an_app(world)
    gateway = app.gateway
    assert isinstance(gateway, ScriptedGateway)
    async with looking_at(app) as eyes:
        screen = await watching(eyes)
        number, dates = len(screen.grid.visible_rows()), len(screen.store.rows)
        assert 5 < number < dates == 90
        await eyes.until(lambda: gateway.in_view == tuple(range(1, number + 1)), "the first dates")
        await eyes.press("end")
        last = tuple(range(dates - number + 1, dates + 1))
        await eyes.until(lambda: gateway.in_view == last, "the last dates")
        await eyes.press("T")
        await eyes.until(lambda: gateway.in_view[-1:] == (dates,) and len(gateway.in_view) > number, "turned")
        await eyes.press("z")
        await eyes.until(lambda: gateway.in_view == (), "nothing from far away")


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 50)], ids=lambda size: f"{size[0]}x{size[1]}")
@on_screen
async def test_a_running_backfill_at_every_size(size: tuple[int, int], picture: SnapshotAssertion) -> None:
    world = a_backfill()
    world.advance(30)
    app = an_app(world)
    async with looking_at(app, size) as eyes:
        await watching(eyes, "RUNNING 4 of 4 slots", "10/19 runs")
        await eyes.press("n")
        await eyes.sees("failed  try 1 of 1")
        if size[0] == 80:
            await eyes.press("enter")
        await eyes.sees("KeyError: 'sku'")
        assert await eyes.picture() == picture


@on_screen
async def test_the_header_counts_every_run_and_the_failed_ones_first() -> None:
    world = a_backfill()
    world.advance(30)
    async with looking_at(an_app(world)) as eyes:
        await watching(eyes)
        counts = eyes.line_with("failed")
        assert counts.split()[:15] == [
            "✗",
            "2",
            "failed",
            "█",
            "8",
            "succeeded",
            "▶",
            "4",
            "running",
            "◔",
            "5",
            "queued",
            "–",
            "1",
            "skipped",
        ]
        assert "52 %" in eyes.line_with("RUNNING")


@on_screen
async def test_the_grid_changes_while_the_backfill_runs_and_the_header_says_when_it_is_done() -> None:
    world = a_backfill()
    world.mend()
    async with looking_at(an_app(world)) as eyes:
        await watching(eyes, "QUEUED")
        assert "◔" in eyes.line_with("2024-02-01")
        world.advance(2)
        await eyes.sees("RUNNING")
        assert "▶" in eyes.line_with("2024-02-01")
        world.advance_to_end()
        await eyes.sees("DONE: 19 succeeded, 1 skipped", "100 %", "19/19 runs")


@on_screen
async def test_a_backfill_that_failed_in_part_says_how_many() -> None:
    world = a_backfill()
    world.advance_to_end()
    async with looking_at(an_app(world)) as eyes:
        await watching(eyes, "DONE: 17 succeeded, 2 failed, 1 skipped")


@on_screen
async def test_the_first_waiting_date_says_what_it_waits_for() -> None:
    world = a_backfill()
    world.advance(3)
    async with looking_at(an_app(world)) as eyes:
        await watching(eyes)
        await eyes.sees("waits: 4 of 4 active runs of this backfill")
        assert eyes.text().count("waits:") == 1


@on_screen
async def test_the_main_cause_stands_in_the_first_waiting_date_with_its_remedy_in_the_header() -> None:
    world = a_backfill()
    world.paused.add(DagId("sales_daily"))
    paused = Cause(
        code=CauseCode.DAG_AUTO_PAUSED,
        sentence="Airflow paused the Dag after 3 failed runs in a row",
        remedy="unpause the Dag",
    )
    async with looking_at(an_app(world), (120, 36)) as eyes:
        await watching(eyes, "BLOCKED: the Dag is paused, so nothing starts")
        world.let_wait(BackfillId(1), paused)
        await eyes.sees(
            "BLOCKED: Airflow paused the Dag after 3 failed runs in a row (u: unpause the Dag)",
            "waits: Airflow paused the Dag after 3",
        )


@on_screen
async def test_what_only_holds_back_tasks_is_in_the_header_and_in_no_waiting_date() -> None:
    world = a_backfill()
    world.advance(3)
    full = Cause(code=CauseCode.NO_POOL, sentence='there is no pool "north"', remedy='add the pool "north"')
    async with looking_at(an_app(world), (120, 36)) as eyes:
        await watching(eyes, "RUNNING")
        world.let_wait(BackfillId(1), full)
        await eyes.sees(
            'RUNNING 4 of 4 slots, waits: there is no pool "north" (add the pool "north")',
            "waits: 4 of 4 active runs",
        )
        world.let_wait(BackfillId(1))
        await eyes.no_longer_sees("add the pool")


@on_screen
async def test_where_no_task_is_at_work_the_header_says_what_goes_on_first() -> None:
    world = a_backfill()
    world.advance(3)
    resting = Cause(code=CauseCode.UP_FOR_RESCHEDULE, sentence="no task is at work, a sensor looks again")
    async with looking_at(an_app(world), (120, 36)) as eyes:
        await watching(eyes, "RUNNING")
        world.let_wait(BackfillId(1), replace(resting, ordinal=1))
        await eyes.sees("RUNNING 4 of 4 slots")
        assert "no task is at work" not in eyes.text(), "of one date alone"
        world.let_wait(BackfillId(1), resting)
        await eyes.sees("RUNNING 4 of 4 slots, waits: no task is at work, a sensor looks again")
        world.let_wait(BackfillId(1))
        await eyes.no_longer_sees("no task is at work")


@on_screen
async def test_what_blocks_or_pauses_it_is_said_once_though_it_is_a_cause_with_an_age_of_its_own() -> None:
    world = a_backfill()
    world.scheduler_alive = False
    silent = Cause(
        code=CauseCode.NO_SCHEDULER,
        sentence="no scheduler heartbeat for 50 s",
        remedy="start a scheduler",
    )
    held = Cause(code=CauseCode.BACKFILL_PAUSED, sentence="the backfill is paused", remedy="resume")
    async with looking_at(an_app(world), (120, 36)) as eyes:
        world.let_wait(BackfillId(1), silent)
        await watching(eyes, "BLOCKED: no scheduler is running (start a scheduler)")
        world.scheduler_alive, world.backfills[BackfillId(1)].is_paused = True, True
        world.let_wait(BackfillId(1), held)
        await eyes.sees("no queued run starts (p: resume)")


@on_screen
async def test_a_paused_dag_blocks_it_and_one_key_unpauses_it() -> None:
    world = a_backfill()
    world.paused.add(DagId("sales_daily"))
    async with looking_at(an_app(world)) as eyes:
        await watching(eyes, "BLOCKED: the Dag is paused, so nothing starts", "waits: the Dag is paused")
        await eyes.press("u")
        await eyes.sees("Unpause sales_daily?")
        await eyes.press("enter")
        await eyes.no_longer_sees("BLOCKED")
        assert not world.paused


@on_screen
async def test_a_stalled_stream_shows_how_old_its_data_is() -> None:
    gateway = CountingGateway(a_backfill())
    time = [FIXED_TIME]
    async with looking_at(an_app(gateway, clock=lambda: time[0])) as eyes:
        await watching(eyes)
        gateway.flowing.clear()
        await eyes.until(gateway.stalled.is_set, "the stream to stall")
        time[0] += 12
        try:
            await eyes.sees("STALE 12 s, it was ◔ QUEUED")
        finally:
            gateway.flowing.set()
        await eyes.no_longer_sees("STALE")


@on_screen
async def test_a_stream_that_breaks_leaves_what_was_seen_and_is_taken_up_by_a_key() -> None:
    gateway = CountingGateway(a_backfill())
    gateway.world.advance(30)
    async with looking_at(an_app(gateway)) as eyes:
        await watching(eyes)
        gateway.break_with = AirflowFailed("The database is locked", remedy="wait a moment")
        await eyes.sees("The database is locked: wait a moment", "NOT READ", "ctrl+r read again")
        assert "✗" in eyes.line_with("2024-02-06"), "what was read last is still there"
        gateway.break_with = None
        gateway.world.mend()
        gateway.world.advance_to_end()
        await eyes.press("ctrl+r")
        await eyes.sees("DONE: 17 succeeded")
        assert "The database is locked" not in eyes.text()


@on_screen
async def test_a_lost_bridge_is_told_and_the_stream_goes_on_with_the_next_bridge() -> None:
    world = a_backfill()
    bridges = [CountingGateway(world), CountingGateway(world)]
    lost = bridges[0]
    app = BackfillApp(connect=lambda: bridges.pop(0), where="dags/", clock=lambda: FIXED_TIME)
    async with looking_at(app) as eyes:
        await watching(eyes)
        lost.break_with = Unreachable("The bridge to Airflow ended with exit code 9", remedy="restart it")
        await eyes.sees("Problem", "exit code 9")
        world.advance(3)
        await eyes.press("ctrl+o")
        await eyes.no_longer_sees("no bridge")
        await eyes.press("escape")
        await eyes.sees("RUNNING 4 of 4 slots")
        assert "exit code 9" not in eyes.text()


@on_screen
async def test_nothing_is_read_while_the_screen_is_hidden_or_left() -> None:
    gateway = CountingGateway(a_backfill())
    async with looking_at(an_app(gateway)) as eyes:
        await watching(eyes)
        assert gateway.open_streams == 1
        await eyes.press("b")
        await eyes.until(lambda: gateway.open_streams == 0, "the stream to be left under the list")
        await eyes.press("escape")
        await eyes.until(lambda: gateway.open_streams == 1, "the stream to be taken up again")
        await eyes.press("escape")
        await eyes.until(lambda: gateway.open_streams == 0, "the stream to be left with the screen")


@on_screen
async def test_the_stream_flows_on_under_a_dialog() -> None:
    gateway = CountingGateway(a_backfill())
    async with looking_at(an_app(gateway)) as eyes:
        await watching(eyes)
        await eyes.press("question_mark")
        await eyes.sees("Help: Watch")
        assert gateway.open_streams == 1


@on_screen
async def test_messages_of_one_stream_replace_each_other_and_no_others() -> None:
    async with looking_at(an_app(a_backfill())) as eyes:
        screen = await watching(eyes)
        one, other = (Stream(screen, lambda: screen.program.gateway, BackfillId(1)) for _ in range(2))
        assert UpdatesArrived(one).can_replace(UpdatesArrived(one))
        assert not UpdatesArrived(one).can_replace(UpdatesArrived(other))
        one.leave()
        other.leave()


@on_screen
async def test_a_reading_that_changes_nothing_draws_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    gateway = CountingGateway(a_backfill())
    drawn: list[str] = []
    refresh = Widget.refresh

    def counted(widget: Widget, *regions: Region, **how: bool) -> Widget:
        drawn.append(type(widget).__name__)
        return refresh(widget, *regions, **how)

    async with looking_at(an_app(gateway)) as eyes:
        await watching(eyes, "PythonOperator")
        await eyes.until(partial(gateway.has_passed_on, gateway.passed_on + 2))
        monkeypatch.setattr(Widget, "refresh", counted)
        await eyes.until(partial(gateway.has_passed_on, gateway.passed_on + 20))
        monkeypatch.undo()
    assert drawn == []


@on_screen
async def test_a_slow_screen_holds_few_updates_and_has_missed_nothing_in_the_end() -> None:
    world = a_backfill()
    gateway = CountingGateway(world)
    async with looking_at(an_app(gateway)) as eyes:
        screen = await watching(eyes)
        # The screen does not know this stream, so nothing takes what it brings.
        slow, store = Stream(screen.grid, lambda: gateway, BackfillId(1)), GridStore()
        await eyes.until(lambda: gateway.open_streams == 2)
        for _ in range(4 * INBOX_UPDATES):
            after = gateway.passed_on + 1
            world.advance()
            await eyes.until(partial(gateway.has_passed_on, after))
        held = slow.take()
        assert len(held) == INBOX_UPDATES
        for update in held:
            store.apply(update)

        def shows_all() -> bool:
            for update in slow.take():
                store.apply(update)
            return store.counts() == screen.store.counts()

        await eyes.until(shows_all)
        slow.leave()
        await eyes.until(lambda: gateway.open_streams == 1)


# The pane about one task.


@on_screen
async def test_the_log_follows_a_running_task() -> None:
    world = a_backfill()
    world.advance(2)
    first = "backfill__2024-02-01T00:00:00+00:00"
    world.add_log(first, "extract", "one")
    async with looking_at(an_app(world)) as eyes:
        await watching(eyes)
        await eyes.press("enter")
        await eyes.sees("running  try 1 of 1", "one")
        world.add_log(first, "extract", "one", "two")
        await eyes.sees("one\n two")
        await eyes.press("enter")
        await eyes.no_longer_sees("two")


@on_screen
async def test_a_task_that_has_not_started_has_no_log_yet() -> None:
    async with looking_at(an_app(a_backfill())) as eyes:
        await watching(eyes)
        await eyes.press("enter")
        await eyes.sees("It has not started, so there is no log yet", "no status yet")


@on_screen
async def test_a_date_without_a_run_says_why_instead_of_a_state() -> None:
    async with looking_at(an_app(a_backfill())) as eyes:
        await watching(eyes)
        await eyes.press("down", "down")
        await eyes.sees("extract  2024-02-03  skipped: a run already existed")


@on_screen
async def test_a_log_that_can_not_be_read_says_so_in_its_place() -> None:
    world = a_backfill()
    world.advance_to_end()
    gateway = ScriptedGateway(world)
    async with looking_at(an_app(gateway)) as eyes:
        await watching(eyes)
        gateway.fail("log", AirflowFailed("The log server does not answer", remedy="look on the worker"))
        await eyes.press("enter")
        await eyes.sees("The log server does not answer: look on the worker")


class MappedGateway(ScriptedGateway):
    """Its tasks have three map indexes, the second of which failed in its second try."""

    def cell(self, query: CellQuery) -> CellDetails:
        super().cell(query)
        states = (TaskState.SUCCESS, TaskState.FAILED, TaskState.RUNNING)
        return CellDetails(
            instances=tuple(
                TaskInstanceDetails(
                    key=TaskInstanceKey(run_id=query.run_id, task_id=query.task_id, map_index=index),
                    state=state,
                    try_number=2 if state is TaskState.FAILED else 1,
                    max_tries=2,
                    operator="PythonOperator",
                    started_at=NOW,
                    ended_at=None,
                )
                for index, state in enumerate(states)
            )
        )


@on_screen
async def test_the_map_indexes_of_a_mapped_task_are_listed_the_worst_first() -> None:
    world = a_backfill()
    world.advance(3)
    async with looking_at(an_app(MappedGateway(world))) as eyes:
        await watching(eyes)
        await eyes.sees("extract[1]  2024-02-01  ✗ failed  try 2 of 2", "map index [✗1] ▶2  █0")
        await eyes.press("full_stop")
        await eyes.sees("extract[2]  2024-02-01  ▶ running", "✗1 [▶2] █0")
        await eyes.press("comma", "comma")
        await eyes.sees("extract[0]  2024-02-01  █ success", "✗1  ▶2 [█0]")


@on_screen
async def test_an_earlier_try_can_be_looked_at() -> None:
    world = a_backfill()
    world.advance(3)
    async with looking_at(an_app(MappedGateway(world))) as eyes:
        await watching(eyes)
        await eyes.sees("try 2 of 2")
        await eyes.press("t")
        await eyes.sees("try 1 of 2 (latest 2)")
        await eyes.press("t")
        await eyes.no_longer_sees("(latest 2)")


@on_screen
async def test_tab_goes_to_the_log_and_escape_comes_back() -> None:
    world = a_backfill()
    world.advance(30)
    world.add_log(FAILED_RUN, "load", *(f"line {number}" for number in range(200)))
    async with looking_at(an_app(world)) as eyes:
        screen = await watching(eyes)
        await eyes.press("n", "enter")
        await eyes.sees("line 199")
        await eyes.press("tab", "g")
        await eyes.sees("line 0")
        await eyes.press("G")
        await eyes.sees("line 199")
        await eyes.press("escape")
        assert screen.grid.has_focus
        assert eyes.app.screen is screen


# Outside text.


@on_screen
async def test_names_and_logs_from_outside_are_shown_as_they_are_written() -> None:
    world = World([a_dag("sales_daily"), a_dag("sales_[/red]", tasks=("[bold]", "load"))])
    request = BackfillRequest(
        dag_id=DagId("sales_[/red]"), from_date=instant("2024-02-01"), to_date=instant("2024-02-02")
    )
    ScriptedGateway(world).launch(Launch(request=request))
    world.advance(2)
    key = TaskInstanceKey(run_id=RunId("backfill__2024-02-01T00:00:00+00:00"), task_id=TaskId("[bold]"))
    world.logs[key] = ("[/red] and \x1b[31mcolour\x1b]0;title\x07 and 日本",)
    async with looking_at(an_app(world)) as eyes:
        await watching(eyes, "sales_[/red] backfill 1", "[bold]")
        await eyes.press("enter")
        await eyes.sees("[/red] and colour and 日本")
        assert "\x1b" not in eyes.text()


@on_screen
async def test_help_shows_the_keys_of_grid_and_log() -> None:
    async with looking_at(an_app(a_backfill()), (120, 50)) as eyes:
        await watching(eyes)
        await eyes.press("question_mark")
        await eyes.sees("Help: Watch", "Go to the next failed date")
        await eyes.press("pagedown", *("j",) * 10)
        await eyes.sees("Here, in the grid", "Go to the first task")


@on_screen
async def test_a_stale_header_names_no_key_that_does_something_else() -> None:
    world = a_backfill()
    world.paused.add(DagId("sales_daily"))
    gateway = CountingGateway(world)
    time = [FIXED_TIME]
    async with looking_at(an_app(gateway, clock=lambda: time[0])) as eyes:
        await watching(eyes, "BLOCKED", "(u: unpause the Dag)")
        gateway.flowing.clear()
        await eyes.until(gateway.stalled.is_set, "the stream to stall")
        time[0] += 12
        try:
            await eyes.sees("STALE 12 s, it was")
            assert "read again" not in eyes.text()
        finally:
            gateway.flowing.set()


@on_screen
async def test_the_header_has_room_for_what_the_age_alone_adds() -> None:
    world = a_backfill()
    world.paused.add(DagId("sales_daily"))
    gateway = CountingGateway(world)
    time = [FIXED_TIME]
    async with looking_at(an_app(gateway, clock=lambda: time[0]), (76, 24)) as eyes:
        screen = await watching(eyes, "BLOCKED")
        gateway.flowing.clear()
        await eyes.until(gateway.stalled.is_set, "the stream to stall")
        heights = set()
        try:
            for seconds in (6, 60, 6_000, 600_000, 60_000_000):
                time[0] = FIXED_TIME + seconds
                screen.header.look_at_clock()
                await eyes.sees(f"STALE {seconds} s")
                await eyes.pilot.pause()
                assert screen.header.size.height == max(3, len(screen.header._lines())), seconds
                heights.add(screen.header.size.height)
        finally:
            gateway.flowing.set()
        assert len(heights) > 1, "the words need another line at some age"
