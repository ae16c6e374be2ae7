from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.screen import looking_at, on_screen
from tests.support.scripted import ScriptedGateway
from tests.support.world import World, a_dag

from backfill_tui.domain.planning import BackfillPlan, BackfillRequest
from backfill_tui.gateway.port import IsCancelled, ignore, never
from backfill_tui.ui.app import BackfillApp
from backfill_tui.ui.bugs import record


class BuggyGateway(ScriptedGateway):
    def plan(
        self,
        request: BackfillRequest,
        is_cancelled: IsCancelled = never,
        on_partial: Callable[[BackfillPlan], None] = ignore,  # noqa: ARG002  # nothing is told
    ) -> BackfillPlan:
        secret = str(request.max_active_runs) + "-secret"
        raise KeyError(f"[/red] {len(secret)} \x1b[31m {request.dag_id} {is_cancelled()}")


async def open_a_plan(app: BackfillApp) -> None:
    async with looking_at(app) as eyes:
        await eyes.sees("1 Dag")
        await eyes.press("enter")
        await eyes.until(lambda: app.return_code, "the app to end")


@on_screen
async def test_a_bug_ends_the_screen_loudly_and_its_traceback_is_kept(tmp_path: Path) -> None:
    gateway = BuggyGateway(World([a_dag("sales_daily")]))
    app = BackfillApp(connect=lambda: gateway, where="dags/", log_folder=tmp_path)
    with pytest.raises(Exception, match="red"):
        await open_a_plan(app)
    gateway.close()
    log = tmp_path / "screen-bug.log"
    story = log.read_text(encoding="utf-8")
    assert "in plan" in story
    assert "10-secret" not in story
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


def a_bug() -> Exception:
    try:
        int("what \x1b[2J it says")
    except ValueError as bug:
        return bug
    raise AssertionError("it is no number")


def test_the_sentence_names_the_bug_harmlessly_and_the_file(tmp_path: Path) -> None:
    sentence = record(a_bug(), tmp_path)
    assert "ValueError: invalid literal" in sentence
    assert sentence.endswith(str(tmp_path / "screen-bug.log"))
    assert "\x1b" not in sentence


@pytest.mark.parametrize("folder", [None, Path("/nowhere/at/all")])
def test_without_a_file_the_traceback_is_told_itself(folder: Path | None) -> None:
    assert "in a_bug" in record(a_bug(), folder)
