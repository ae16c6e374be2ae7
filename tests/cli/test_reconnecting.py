"""Following through a bridge elsewhere, whose way breaks in the middle."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import TypeVar

import pytest
from tests.cli.conftest import CommandLine, scheduler
from tests.support.scripted import ScriptedGateway

from backfill_tui.domain.dag_range import DagRange, RangeUpdate
from backfill_tui.domain.environment import Environment, StartupStep
from backfill_tui.domain.ids import BackfillId
from backfill_tui.domain.problems import Refused, Unreachable
from backfill_tui.domain.reconnecting import WAITS
from backfill_tui.domain.watching import GridUpdate
from backfill_tui.gateway.port import InView, ignore, nothing

U = TypeVar("U")
LAUNCH = ("launch", "sales_daily", "--from", "2024-01-01", "--to", "2024-01-03", "--yes")
LOST = Unreachable("The connection to the bridge ended with exit code 255", remedy="restart it")


class BrokenWay(ScriptedGateway):
    """The first streams break after their first update."""

    BREAKS = 2

    @contextmanager
    def watch(
        self, backfill_id: BackfillId, in_view: InView = nothing
    ) -> Generator[Iterator[GridUpdate], None, None]:
        with super().watch(backfill_id, in_view) as updates:
            yield self._breaking(updates)

    @contextmanager
    def watch_range(
        self, dates: DagRange, in_view: InView = nothing
    ) -> Generator[Iterator[RangeUpdate], None, None]:
        with super().watch_range(dates, in_view) as updates:
            yield self._breaking(updates)

    def _breaking(self, updates: Iterator[U]) -> Iterator[U]:
        if type(self).BREAKS:
            type(self).BREAKS -= 1
            yield next(updates)
            raise LOST
        yield from updates


class NeverBack(BrokenWay):
    """Nothing comes up any more after the first time."""

    BREAKS = 1
    opened = 0

    def open(self, on_step: Callable[[StartupStep], None] = ignore) -> Environment:
        type(self).opened += 1
        if type(self).opened > 1:
            raise Unreachable("The bridge command ended with exit code 255 before a bridge answered")
        return super().open(on_step)


class AnotherThere(NeverBack):
    """What comes up is refused."""

    def open(self, on_step: Callable[[StartupStep], None] = ignore) -> Environment:
        try:
            return super().open(on_step)
        except Unreachable:
            raise Refused("The database is of another version") from None


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long it waited each time, which takes no time."""
    found: list[float] = []
    monkeypatch.setattr("backfill_tui.headless.reconnecting.sleep", found.append)
    return found


@pytest.mark.parametrize("words", [("watch", "1"), ("watch", "sales_daily", "--from", "2024-01-01")])
def test_what_follows_connects_again_and_goes_on_to_the_end(
    run: CommandLine, waits: list[float], words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    run(*LAUNCH)
    monkeypatch.setattr(BrokenWay, "BREAKS", 2)
    run.composition.gateway_class, run.composition.reconnects = BrokenWay, True
    with scheduler(run.world):
        ended = run(*words)
    assert ended.code == 0, ended.talk
    assert "done, 3 succeeded" in ended.out.splitlines()[-1]
    assert ended.talk.count("ended with exit code 255: trying again by itself") == 2
    assert ended.talk.count("Connected again") == 2
    assert waits == [WAITS[0]] * 2


def test_a_bridge_that_does_not_come_back_ends_it_after_ten_minutes(
    run: CommandLine, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    run(*LAUNCH)
    monkeypatch.setattr(NeverBack, "BREAKS", 1)
    monkeypatch.setattr(NeverBack, "opened", 0)
    run.composition.gateway_class, run.composition.reconnects = NeverBack, True
    ended = run("watch", "1")
    assert ended.code == 3
    assert "error: The connection to the bridge ended with exit code 255: " in ended.talk
    assert waits == list(WAITS)
    assert sum(waits) > 600


def test_what_is_refused_by_the_one_that_came_back_ends_it_at_once(
    run: CommandLine, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    run(*LAUNCH)
    monkeypatch.setattr(AnotherThere, "BREAKS", 1)
    monkeypatch.setattr(AnotherThere, "opened", 0)
    run.composition.gateway_class, run.composition.reconnects = AnotherThere, True
    ended = run("watch", "1")
    assert ended.code == 4
    assert "The database is of another version" in ended.talk
    assert waits == [WAITS[0]]


def test_a_bridge_of_this_machine_that_ends_is_not_tried_again(
    run: CommandLine, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    run(*LAUNCH)
    monkeypatch.setattr(BrokenWay, "BREAKS", 1)
    run.composition.gateway_class = BrokenWay
    ended = run("watch", "1")
    assert (ended.code, waits) == (3, [])
    assert "trying again" not in ended.talk
