"""The main job through Textual's pilot, at a wide terminal, on the real bridge and engine."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

import pytest
from tests.support.bridges import bridge_command
from tests.support.program import Program, program_on
from tests.support.screen import Eyes, looking_at, on_screen

from backfill_tui.engine.attendance import attend
from backfill_tui.engine.control import EngineControl
from backfill_tui.engine.home import prepare_home
from backfill_tui.gateway.bridge import BridgeGateway
from backfill_tui.gateway.child import BridgeChild
from backfill_tui.ui.app import BackfillApp

pytestmark = [
    pytest.mark.airflow,
    pytest.mark.engine,
    pytest.mark.xdist_group("pilot"),
    pytest.mark.timeout(600),
]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    with program_on(tmp_path_factory.mktemp("pilot"), "sales_daily.py", "weekend_branch.py") as found:
        yield found


@pytest.fixture
def app(program: Program) -> Iterator[BackfillApp]:
    home = prepare_home(program.home, program.dags_folder)
    gateways: list[BridgeGateway] = []

    def connect() -> BridgeGateway:
        gateways.append(BridgeGateway(BridgeChild(bridge_command(home, log=f"{os.getpid()}.log"))))
        return gateways[-1]

    with attend(home):
        yield BackfillApp(connect=connect, engine=EngineControl(home), where="dags/")
        for gateway in gateways:
            gateway.close()


async def sees(eyes: Eyes, *words: str, seconds: float = 120) -> str:
    """Wait until all those words are on the screen, as long as a real Airflow needs for them."""
    for _ in range(int(seconds / 0.05)):
        if all(word in eyes.text() for word in words):
            return eyes.text()
        await eyes.pilot.pause(0.05)
    raise AssertionError(f"waited {seconds:.0f} s in vain for {words}:\n{eyes.text()}")


@on_screen
async def test_list_plan_launch_fail_mend_rerun_succeed(app: BackfillApp, program: Program) -> None:
    async with looking_at(app, (160, 40)) as eyes:
        await sees(eyes, "2 Dags")
        await eyes.press("enter")
        await sees(eyes, "Plan  sales_daily", "create")
        await eyes.press("home", *["delete"] * 10, *"2024-02-06")
        await eyes.press("tab", "home", *["delete"] * 10, *"2024-02-08")
        await sees(eyes, "3 dates", "Thu 2024-02-08 00:00")
        await eyes.press("f5")
        await sees(eyes, "Create 3 runs")
        await eyes.press("enter")
        await sees(eyes, "Watch  sales_daily")
        await sees(eyes, "DONE: 1 succeeded, 2 failed")
        await eyes.press("n")
        await sees(eyes, "KeyError: 'sku'")
        program.mend()
        await eyes.press("a", "r")
        await sees(eyes, "failed tasks only", "8 task instances")
        await eyes.press("enter")
        await sees(eyes, "DONE: 3 succeeded")
    tries = program.tries("sales_daily")
    assert {key for key, (number, _) in tries.items() if number == 2} == {
        ("2024-02-06", "clean"),
        ("2024-02-07", "clean"),
    }


@on_screen
async def test_skipped_branches_are_shown_as_skipped(app: BackfillApp) -> None:
    async with looking_at(app, (100, 30)) as eyes:
        await sees(eyes, "2 Dags")
        await eyes.press("end", "enter")
        await sees(eyes, "Plan  weekend_branch", "create")
        # A Friday and a Saturday.
        await eyes.press("home", *["delete"] * 10, *"2024-03-01")
        await eyes.press("tab", "home", *["delete"] * 10, *"2024-03-02")
        await sees(eyes, "2 dates")
        await eyes.press("f5")
        await sees(eyes, "Create 2 runs")
        await eyes.press("enter")
        shown = await sees(eyes, "DONE: 2 succeeded")
    rows = re.findall(r"(?m)^[ >]+2024-03-0[12] .*", shown)
    assert [row.count("–") for row in rows] == [1, 1], shown
