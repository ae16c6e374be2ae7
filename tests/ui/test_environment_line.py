from __future__ import annotations

from dataclasses import replace

import pytest
from tests.support.screen import FIXED_TIME, looking_at, on_screen
from tests.support.scripted import ScriptedGateway
from tests.support.world import World, a_dag

from backfill_tui.domain.environment import Beats, Environment, Mode
from backfill_tui.domain.instants import SECOND, Instant
from backfill_tui.ui.app import BackfillApp
from backfill_tui.ui.widgets.environment_line import EnvironmentLine


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


class Deferring(Attached):
    """The same while a task is deferred, which no triggerer will wake."""

    def environment(self) -> Environment:
        return replace(super().environment(), waits_for_triggerer=True)


@pytest.mark.parametrize(
    ("gateway_class", "words", "warns"),
    [
        (Attached, "no triggerer for 5:00", False),
        (Deferring, "tasks are deferred, no triggerer for 5:00", True),
    ],
)
@on_screen
async def test_a_missing_triggerer_is_a_warning_only_where_a_task_waits_for_it(
    gateway_class: type[Attached], words: str, *, warns: bool
) -> None:
    gateway = gateway_class(World([a_dag("sales")]))
    app = BackfillApp(connect=lambda: gateway, where="attached", clock=lambda: FIXED_TIME)
    async with looking_at(app, size=(200, 24)) as eyes:
        await eyes.sees("sales", words)
        line = app.screen.query_one(EnvironmentLine).render()
        (span,) = [span for span in line.spans if line.plain[span.start : span.end] == words]
        assert (span.style == "$warning") is warns
        place, version = line.plain.index(words), line.plain.index("Airflow 3.3")
        assert (place < version) is warns


@pytest.mark.parametrize("folder", ["/srv/teams/numbers/dags/of/sales", "/srv/売上/日次/月次/年次/dags"])
@on_screen
async def test_of_a_long_path_the_end_is_seen_and_how_airflow_is_stays_in_view(folder: str) -> None:
    gateway = ScriptedGateway(World([a_dag("sales")]), where=folder)
    app = BackfillApp(connect=lambda: gateway, where=folder, clock=lambda: FIXED_TIME)
    async with looking_at(app, size=(56, 24)) as eyes:
        await eyes.sees("sales", "scheduler 0 s")
        line = app.screen.query_one(EnvironmentLine).render()
        assert line.cell_length <= 54, line.plain
        assert "…" in line.plain
        assert folder[-4:] in line.plain
