"""`ctrl+r` on an Airflow that is not ours, with files of one name in two bundles."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.support.screen import FIXED_TIME, looking_at, on_screen
from tests.support.scripted import ScriptedGateway
from tests.support.world import World, a_dag

from backfill_tui.domain.dags import DagFile, ImportProblem
from backfill_tui.domain.environment import Beats, Environment, Mode
from backfill_tui.domain.problems import Refused
from backfill_tui.ui.app import BackfillApp


class Attached(ScriptedGateway):
    processors = 1

    def environment(self) -> Environment:
        beats = Beats(latest=self.world.now, alive=self.processors)
        return replace(super().environment(), mode=Mode.ATTACHED, dag_processors=beats)


class NobodyParses(Attached):
    processors = 0


def app_on(gateway: ScriptedGateway, *, read_only: bool = False) -> BackfillApp:
    return BackfillApp(
        connect=lambda: gateway, where="attached", clock=lambda: FIXED_TIME, read_only=read_only
    )


def two_bundles() -> World:
    broken = ImportProblem(file="broken.py", sentence="it is broken", advice="mend it", traceback="")
    return World(
        [a_dag("sales", file="sales.py", bundle="dags-folder"), a_dag("stock", file="sales.py", bundle="b")],
        import_problems=[broken, replace(broken, bundle="b")],
    )


@pytest.mark.parametrize(
    ("gateway_class", "words"),
    [(Attached, "the list shows it"), (NobodyParses, "no Dag processor is alive")],
)
@on_screen
async def test_the_file_of_the_row_is_asked_for(gateway_class: type[Attached], words: str) -> None:
    gateway = gateway_class(two_bundles())
    async with looking_at(app_on(gateway), size=(120, 24)) as eyes:
        await eyes.sees("sales", "stock", "broken.py")
        await eyes.press("/", "s", "t", "o", "c", "k", "enter")
        await eyes.sees("b: sales.py")
        await eyes.press("ctrl+r")
        # The lines of a notice are broken where they are full.
        await eyes.sees("is asked to parse b: sales.py", f"first: {words}")
        assert gateway.parsing_asked == (DagFile(bundle="b", path="sales.py"),)


@on_screen
async def test_files_that_do_not_import_in_two_bundles_have_a_row_each() -> None:
    gateway = Attached(two_bundles())
    async with looking_at(app_on(gateway), size=(120, 24)) as eyes:
        await eyes.sees("sales", "stock")
        assert eyes.text().count("broken.py ") >= 2


@on_screen
async def test_a_read_only_session_asks_for_nothing_and_says_so() -> None:
    gateway = Attached(two_bundles())
    gateway.fail("parse", Refused("never asked"))
    async with looking_at(app_on(gateway, read_only=True), size=(120, 24)) as eyes:
        await eyes.sees("sales", "stock")
        await eyes.press("ctrl+r")
        await eyes.sees("This session is read-only, so no file is parsed")
    assert "parse" not in gateway.asked


@on_screen
async def test_what_is_read_meanwhile_does_not_take_the_place_of_what_was_parsed() -> None:
    gateway = Attached(two_bundles())
    async with looking_at(app_on(gateway), size=(120, 24)) as eyes:
        await eyes.sees("sales", "stock")
        with gateway.hold("parse"):
            await eyes.press("ctrl+r")
            await eyes.until(lambda: gateway.asked.get("parse"), "the parsing to begin")
            # Coming back to the list reads it.
            await eyes.press("question_mark")
            await eyes.sees("Help: Dags")
            await eyes.press("escape")
            await eyes.no_longer_sees("Help: Dags")
        await eyes.sees("is asked to parse")
