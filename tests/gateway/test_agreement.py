from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from backfill_tui.domain.control import ControlRequest, Deed
from backfill_tui.domain.ids import BackfillId, DagId, RunId
from backfill_tui.domain.instants import Instant
from backfill_tui.domain.launching import Launch
from backfill_tui.domain.marking import MarkAs, MarkRequest
from backfill_tui.domain.planning import BackfillRequest
from backfill_tui.domain.problems import Problem, Refused
from backfill_tui.domain.profiles import Profile
from backfill_tui.domain.repairing import RerunRequest
from backfill_tui.domain.undoing import UndoRequest
from backfill_tui.gateway.agreement import Agreement
from backfill_tui.gateway.bridge import BridgeGateway
from backfill_tui.gateway.child import BridgeChild, BridgeCommand
from backfill_tui.gateway.port import Gateway

DAG = DagId("sales\x1b[1m")
REQUEST = BackfillRequest(dag_id=DAG, from_date=Instant(0), to_date=Instant(0), max_active_runs=1)
PROD = Profile(name="prod", production=True)
WRITES: dict[str, Callable[[Gateway], object]] = {
    "launch a backfill of sales": lambda gateway: gateway.launch(Launch(request=REQUEST)),
    "cancel running backfill 7": lambda gateway: gateway.control(
        ControlRequest(backfill_id=BackfillId(7), deed=Deed.CANCEL_RUNNING)
    ),
    "rerun task instances of sales": lambda gateway: gateway.rerun(
        RerunRequest(dag_id=DAG, run_ids=(RunId("r"),))
    ),
    "mark runs of sales": lambda gateway: gateway.mark(
        MarkRequest(dag_id=DAG, run_ids=(RunId("r"),), mark_as=MarkAs.SUCCESS)
    ),
    "take back what was done": lambda gateway: gateway.undo(UndoRequest(number="1")),
    "pause sales": lambda gateway: gateway.pause_dag(DAG, is_paused=True),
}


class Questions:
    """Answers as told, and keeps what was asked."""

    def __init__(self, *, answer: bool) -> None:
        self.asked: list[tuple[str, str]] = []
        self._answer = answer

    def __call__(self, profile: Profile, what: str) -> bool:
        self.asked.append((profile.name, what))
        return self._answer


@pytest.fixture
def on(tmp_path: Path) -> Iterator[Callable[[Agreement], BridgeGateway]]:
    made: list[BridgeGateway] = []

    def gateway(agreement: Agreement) -> BridgeGateway:
        words = [sys.executable, "-m", "tests.support.talking_bridge"]
        child = BridgeChild(
            BridgeCommand(words=words, environment=dict(os.environ), log=tmp_path / "bridge.log")
        )
        made.append(BridgeGateway(child, agreement=agreement))
        return made[-1]

    yield gateway
    for one in made:
        one.close()


def test_every_method_that_changes_something_is_known_here() -> None:
    """A new one in the protocol has to be thought of: all others only read."""
    reads = {
        "open", "environment", "dags", "parse", "plan", "backfills", "watch", "watch_range", "cell",
        "indexes", "instances", "log", "find_in_log", "count_in_log", "failures", "journal",
            "hold_attempts", "close",
    }  # fmt: skip
    methods = {name for name in vars(Gateway) if not name.startswith("_")}
    previews = {name for name in methods if name.startswith("preview_")}
    assert methods - reads - previews == {"launch", "control", "rerun", "mark", "undo", "pause_dag"}


@pytest.mark.parametrize("what", WRITES)
def test_a_change_that_nobody_agrees_to_is_not_made(
    what: str, on: Callable[[Agreement], BridgeGateway]
) -> None:
    questions = Questions(answer=False)
    agreement = Agreement(PROD)
    gateway = on(agreement)
    with pytest.raises(Refused, match="Nothing was done"):
        WRITES[what](gateway)
    agreement.asked_by(questions)
    with pytest.raises(Refused, match="the name of the profile was not typed"):
        WRITES[what](gateway)
    assert questions.asked == [("prod", what)]
    assert gateway.environment().version == "3.3.2"


@pytest.mark.parametrize("profile", [None, Profile(name="dev")])
def test_elsewhere_nothing_is_asked(
    profile: Profile | None, on: Callable[[Agreement], BridgeGateway]
) -> None:
    agreement = Agreement(profile)
    agreement.asked_by(Questions(answer=False))
    assert on(agreement).launch(Launch(request=REQUEST)).created == 1


def test_with_the_name_it_is_done_and_the_breaker_needs_none(
    on: Callable[[Agreement], BridgeGateway],
) -> None:
    questions = Questions(answer=True)
    agreement = Agreement(PROD)
    agreement.asked_by(questions)
    gateway = on(agreement)
    assert gateway.launch(Launch(request=REQUEST)).created == 1
    paused = ControlRequest(backfill_id=BackfillId(7), deed=Deed.PAUSE, reason="3 runs have failed")
    with pytest.raises(Problem, match="has no method"):
        gateway.control(paused)
    assert len(questions.asked) == 1
