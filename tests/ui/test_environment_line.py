from __future__ import annotations

from dataclasses import replace

import pytest
from tests.support.screen import FIXED_TIME, looking_at, on_screen
from tests.support.scripted import ScriptedGateway
from tests.support.world import World, a_dag

from backfill_tui.domain.environment import Beats, Environment, Mode
from backfill_tui.domain.instants import SECOND, Instant
from backfill_tui.ui.app import BackfillApp


class Attached(ScriptedGateway):
    """An Airflow with several schedulers, and a triggerer that went silent."""

    def environment(self) -> Environment:
        now = self.world.now
        return replace(
            super().environment(),
            mode=Mode.ATTACHED,
            executor="CeleryExecutor,LocalExecutor",
            database="postgresql",
            schedulers=2,
            triggerers=Beats(latest=Instant(now - 300 * SECOND), alive=0),
            dag_processors=Beats(latest=Instant(now - 4 * SECOND), alive=1),
        )


@pytest.mark.parametrize(
    ("width", "seen", "not_seen"),
    [
        (80, ["2 schedulers 0 s"], ["triggerer"]),
        (
            200,
            ["CeleryExecutor, LocalExecutor", "postgresql", "no triggerer for 5:00", "dag processor 4 s"],
            [],
        ),
    ],
)
@on_screen
async def test_the_line_says_what_of_a_deployment_is_alive_as_far_as_it_has_room(
    width: int, seen: list[str], not_seen: list[str]
) -> None:
    gateway = Attached(World([a_dag("sales")]))
    app = BackfillApp(connect=lambda: gateway, where="attached", clock=lambda: FIXED_TIME)
    async with looking_at(app, size=(width, 24)) as eyes:
        await eyes.sees("sales", "2 schedulers 0 s")
        first = eyes.text().splitlines()[0]
        assert [words for words in seen if words not in first] == [], first
        assert not any(words in first for words in not_seen)
