"""Writing a plan, or what became of a backfill, to a file; keys only."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion
from tests.support.pages import read_page
from tests.support.plan_screens import a_february, planning
from tests.support.screen import Eyes, an_app, looking_at, on_screen
from tests.support.scripted import ScriptedGateway
from tests.support.watch_screens import watching
from tests.support.world import World, a_dag, instant

from backfill_tui.domain.ids import DagId
from backfill_tui.domain.instances import InstancesFound, InstancesQuery
from backfill_tui.domain.launching import Launch
from backfill_tui.domain.planning import BackfillRequest
from backfill_tui.domain.problems import Unreachable
from backfill_tui.domain.states import RunState
from backfill_tui.ui.screens.export import ExportDialog


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the program was started, so that a name alone is a file there."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def a_backfill() -> World:
    """Three dates of January, one of them failed."""
    world = World([a_dag("sales_daily")])
    world.fail("sales_daily", "load", "2024-01-02")
    request = BackfillRequest(
        dag_id=DagId("sales_daily"), from_date=instant("2024-01-01"), to_date=instant("2024-01-03")
    )
    ScriptedGateway(world).launch(Launch(request=request))
    world.advance_to_end()
    return world


async def asked(eyes: Eyes, *words: str) -> ExportDialog:
    await eyes.press("E")
    await eyes.sees("Export", *words)
    dialog = eyes.app.screen
    assert isinstance(dialog, ExportDialog)
    return dialog


def told(eyes: Eyes) -> str:
    return "".join(notice.message for notice in eyes.app._notifications)


def files_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def name(eyes: Eyes, text: str) -> None:
    await eyes.press("home", "shift+end", "delete")
    await eyes.write(text)


@on_screen
async def test_what_became_of_a_watched_backfill_is_written_as_a_page(folder: Path) -> None:
    async with looking_at(an_app(a_backfill())) as eyes:
        await watching(eyes, "2024-01-01", "3/3 runs")
        await asked(eyes, "backfill 1 of sales_daily", "sales_daily-backfill-1.html", "a page with a picture")
        await eyes.press("enter")
        await eyes.until(lambda: "Written to" in told(eyes), "the file to be written")
        path = folder / "sales_daily-backfill-1.html"
        assert f"Written to {path}, {path.stat().st_size:,} bytes" in told(eyes)
        assert "done with failures: 2 succeeded, 1 failed" in read_page(path.read_text("utf-8")).words
        assert not isinstance(eyes.app.screen, ExportDialog)


@on_screen
async def test_the_question_where_to_looks_as_it_did(picture: SnapshotAssertion) -> None:
    async with looking_at(an_app(a_backfill())) as eyes:
        await watching(eyes, "2024-01-01", "3/3 runs")
        await asked(eyes)
        # The folder of a test is another one each time.
        await name(eyes, "/reports/sales.csv")
        await eyes.sees("There is no folder /reports: make it first")
        assert await eyes.picture() == picture


@on_screen
async def test_the_end_of_the_name_is_the_form_and_tab_changes_it(folder: Path) -> None:
    async with looking_at(an_app(a_backfill())) as eyes:
        await watching(eyes, "2024-01-01", "3/3 runs")
        dialog = await asked(eyes)
        await eyes.press("tab")
        await eyes.sees("sales_daily-backfill-1.csv", "rows for a spreadsheet")
        await eyes.press("tab")
        await eyes.sees("sales_daily-backfill-1.json", "everything, for programs")
        await eyes.press("tab")
        await eyes.sees("sales_daily-backfill-1.html")
        await name(eyes, "kept.txt")
        await eyes.sees("end it with .html, .csv or .json")
        await eyes.press("enter")
        await name(eyes, "kept.csv")
        await eyes.sees("rows for a spreadsheet")
        assert eyes.app.screen is dialog
        await eyes.press("enter")
        await eyes.until((folder / "kept.csv").exists, "the file")
        rows = list(csv.DictReader((folder / "kept.csv").read_text().splitlines()))
        assert [row["state"] for row in rows] == ["success", "success", "success", "failed", *["success"] * 2]


@on_screen
async def test_a_file_that_is_there_is_written_over_at_the_second_enter_alone(folder: Path) -> None:
    path = folder / "kept.json"
    path.write_text("mine")
    async with looking_at(an_app(a_backfill())) as eyes:
        await watching(eyes, "2024-01-01", "3/3 runs")
        await asked(eyes)
        await name(eyes, "kept.json")
        await eyes.sees("it is there already")
        await eyes.press("enter")
        await eyes.sees("enter again writes over it")
        assert path.read_text() == "mine"
        await name(eyes, "kept.json")
        await eyes.sees("enter twice writes over it")
        await eyes.press("enter")
        await eyes.sees("enter again writes over it")
        await eyes.press("enter")
        await eyes.until(lambda: "Written to" in told(eyes), "the file to be written")
        assert json.loads(path.read_text())["about"]["backfill_id"] == 1


@on_screen
async def test_a_place_where_nothing_can_be_written_is_said_before_and_the_question_stays() -> None:
    async with looking_at(an_app(a_backfill())) as eyes:
        await watching(eyes, "2024-01-01", "3/3 runs")
        dialog = await asked(eyes)
        await name(eyes, "no/such/a.html")
        await eyes.sees("There is no folder no/such: make it first")
        await eyes.press("enter")
        await eyes.sees("There is no folder")
        assert eyes.app.screen is dialog
        await eyes.press("escape")
        await eyes.no_longer_sees("Export")
        assert told(eyes) == ""


@on_screen
async def test_a_home_that_is_nobodys_is_said_while_the_way_to_ones_own_is_written(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(folder))
    async with looking_at(an_app(a_backfill())) as eyes:
        await watching(eyes, "2024-01-01", "3/3 runs")
        dialog = await asked(eyes, "sales_daily-backfill-1.html")
        await eyes.press("home", "~")
        await eyes.sees("There is no home of sales_daily-backfill-1.html: write ~/ and a name")
        await eyes.press("enter")
        await eyes.sees("There is no home of")
        assert eyes.app.screen is dialog
        await eyes.press("/")
        await eyes.sees("Writes", "a page with a picture")
        await eyes.press("enter")
        await eyes.until((folder / "sales_daily-backfill-1.html").exists, "the file")


@on_screen
async def test_an_airflow_that_goes_away_is_said_and_leaves_no_file(folder: Path) -> None:
    gateway = ScriptedGateway(a_backfill())
    async with looking_at(an_app(gateway)) as eyes:
        await watching(eyes, "2024-01-01", "3/3 runs")
        await asked(eyes)
        gateway.fail("failures", Unreachable("The bridge is gone"))
        await eyes.press("enter")
        await eyes.sees("The bridge is gone")
        assert files_in(folder) == []
        await eyes.press("enter")
        await eyes.until(lambda: "Written to" in told(eyes), "the second attempt")


class WaitingGateway(ScriptedGateway):
    """Tells one run, and waits to be left."""

    @contextmanager
    def instances(self, query: InstancesQuery) -> Iterator[Iterator[InstancesFound]]:
        with super().instances(query) as found:
            parts = list(found)

            def endless() -> Iterator[InstancesFound]:
                yield from parts[:2]
                while True:
                    with self.world.changed:
                        self.world.changed.wait(0.02)
                    self._enter("instances")
                    yield InstancesFound()

            yield endless()


@on_screen
async def test_escape_gives_up_what_is_being_written_and_leaves_nothing(folder: Path) -> None:
    async with looking_at(an_app(WaitingGateway(a_backfill()))) as eyes:
        await watching(eyes, "2024-01-01", "3/3 runs")
        await asked(eyes)
        await eyes.press("tab", "enter")
        await eyes.sees("Writing the task instances (1 of 3)")
        await eyes.press("escape")
        await eyes.no_longer_sees("Export")
        assert files_in(folder) == []
        assert told(eyes) == ""


@on_screen
async def test_the_backfill_under_the_cursor_of_the_list_is_written(folder: Path) -> None:
    async with looking_at(an_app(a_backfill())) as eyes:
        await eyes.sees("sales_daily")
        await eyes.press("b")
        await eyes.sees("2024-01-01..2024-01-03")
        await asked(eyes, "backfill 1 of sales_daily")
        await eyes.press("enter")
        await eyes.until(lambda: "Written to" in told(eyes), "the file to be written")
        assert (folder / "sales_daily-backfill-1.html").exists()


@on_screen
async def test_the_dates_of_a_watched_range_are_written(folder: Path) -> None:
    world = World([a_dag("sales_daily")])
    world.add_run("sales_daily", "2024-06-11", RunState.FAILED, failed="load")
    async with looking_at(an_app(world, read_only=True)) as eyes:
        await eyes.sees("sales_daily")
        await eyes.press("W")
        await eyes.sees("last 30 days")
        await eyes.press("enter")
        await eyes.sees("2024-06-11", "1/1 runs")
        await asked(eyes, "dates of sales_daily")
        await name(eyes, "dates.json")
        await eyes.press("enter")
        await eyes.until(lambda: "Written to" in told(eyes), "the file to be written")
        found = json.loads((folder / "dates.json").read_text())
        assert [run["outcome"] for run in found["runs"]] == ["failed"]


@on_screen
async def test_a_plan_is_written_with_the_commands_that_ask_for_it(folder: Path) -> None:
    async with looking_at(an_app(a_february())) as eyes:
        screen = await planning(eyes)
        await eyes.sees("122 create")
        await eyes.press("f12")
        await eyes.sees("Export the plan of sales_daily", "sales_daily-plan.html")
        await eyes.press("enter")
        await eyes.until(lambda: "Written to" in told(eyes), "the file to be written")
        found = read_page((folder / "sales_daily-plan.html").read_text("utf-8"))
        assert "Plan of a backfill of sales_daily" in found.words
        assert "backfill-tui launch sales_daily" in found.words
        assert screen.plan is not None
        cells = [text for text in found.text("title") if text.startswith("2024-")]
        assert len(cells) == len(screen.plan.judged)
