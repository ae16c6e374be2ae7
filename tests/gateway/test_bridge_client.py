from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from backfill_tui.domain.environment import StartupPhase
from backfill_tui.domain.ids import BackfillId, DagId, RunId, TaskId
from backfill_tui.domain.instants import Instant
from backfill_tui.domain.launching import CreationProgress, Launch
from backfill_tui.domain.planning import BackfillRequest
from backfill_tui.domain.problems import AirflowFailed, Interrupted, Problem, Refused, Unreachable
from backfill_tui.domain.repairing import TaskInstanceKey
from backfill_tui.domain.tasks import LogQuery
from backfill_tui.gateway.bridge import BridgeGateway
from backfill_tui.gateway.child import BridgeChild, BridgeCommand
from backfill_tui.wire.messages import PROTOCOL_VERSION
from backfill_tui.wire.methods import WATCH

DAG = DagId("any")
LOG = LogQuery(dag_id=DAG, key=TaskInstanceKey(run_id=RunId("r"), task_id=TaskId("t")), try_number=1)
Start = Callable[..., BridgeGateway]


def request(*, runs: int) -> BackfillRequest:
    return BackfillRequest(dag_id=DAG, from_date=Instant(0), to_date=Instant(0), max_active_runs=runs)


def command(tmp_path: Path, *options: str) -> BridgeCommand:
    words = [sys.executable, "-m", "tests.support.talking_bridge", *options]
    return BridgeCommand(words=words, environment=dict(os.environ), log=tmp_path / "bridge.log")


def swallow(call: Callable[[], object]) -> None:
    with contextlib.suppress(Problem):
        call()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    gateways: list[BridgeGateway] = []

    def begin(*options: str, call_seconds: float = 30) -> BridgeGateway:
        gateway = BridgeGateway(BridgeChild(command(tmp_path, *options)), call_seconds=call_seconds)
        gateways.append(gateway)
        return gateway

    yield begin
    for gateway in gateways:
        gateway.close()


def test_a_call_is_answered(start: Start) -> None:
    assert start().environment().version == "3.3.2"


def test_events_arrive_in_order_before_the_answer(start: Start) -> None:
    phases: list[StartupPhase] = []
    environment = start().open(lambda step: phases.append(step.phase))
    assert phases == [StartupPhase.PARSING, StartupPhase.READY]
    assert environment.executor == "LocalExecutor"


def test_a_problem_keeps_its_kind_its_remedy_and_its_detail(start: Start) -> None:
    with pytest.raises(Refused) as raised:
        start().parse()
    assert (raised.value.message, raised.value.remedy, raised.value.detail) == (
        "Not today",
        "come tomorrow",
        "[/red]",
    )


def test_a_bug_in_the_bridge_names_itself_and_brings_its_traceback(start: Start) -> None:
    with pytest.raises(AirflowFailed, match="ZeroDivisionError: a bug") as raised:
        start().plan(request(runs=1))
    assert "has_a_bug" in raised.value.detail


def test_the_bridge_goes_on_after_a_bug(start: Start) -> None:
    gateway = start()
    with pytest.raises(AirflowFailed):
        gateway.plan(request(runs=1))
    assert gateway.environment().version == "3.3.2"


def test_many_threads_get_their_own_answers(start: Start) -> None:
    gateway = start()
    seen: dict[int, list[int]] = {}

    def launch(runs: int) -> None:
        counted: list[int] = []
        launched = gateway.launch(
            Launch(request=request(runs=runs)), lambda progress: counted.append(progress.done)
        )
        seen[launched.created] = counted

    threads = [threading.Thread(target=launch, args=(runs,)) for runs in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert seen == {runs: list(range(1, runs + 1)) for runs in range(1, 9)}


def test_a_slow_call_does_not_hold_up_another(start: Start) -> None:
    gateway = start()
    waiting = threading.Thread(target=swallow, args=(gateway.dags,), daemon=True)
    waiting.start()
    assert gateway.environment().version == "3.3.2"
    gateway.close()
    waiting.join(10)
    assert not waiting.is_alive()


def test_a_reader_that_stops_gets_no_more_than_it_can_hold_and_misses_nothing(start: Start) -> None:
    gateway = start()
    most = WATCH.unread or 0

    def told() -> int:
        (summary,) = gateway.backfills()
        return summary.counts.queued

    with gateway.watch(BackfillId(1)) as updates:
        assert next(updates).total_rows == 0
        # It would tell thousands between these questions; the one taken is not done with yet.
        assert max(told() for _ in range(50)) <= most
        assert [next(updates).total_rows for _ in range(1_000)] == list(range(1, 1_001))
        assert told() <= 1_001 + most


def test_a_cancelled_call_ends_as_interrupted(start: Start) -> None:
    begun = threading.Event()

    def on_progress(progress: CreationProgress) -> None:
        if progress.done >= 3:
            begun.set()

    with pytest.raises(Interrupted):
        start().launch(Launch(request=request(runs=100_000)), on_progress, begun.is_set)


def test_close_makes_every_waiting_call_raise_unreachable_at_once(start: Start) -> None:
    gateway = start()
    assert gateway.environment().version
    raised: list[Problem] = []

    def wait() -> None:
        try:
            gateway.dags()
        except Problem as problem:
            raised.append(problem)

    threads = [threading.Thread(target=wait) for _ in range(4)]
    for thread in threads:
        thread.start()
    gateway.close()
    for thread in threads:
        thread.join(10)
    assert [type(problem) for problem in raised] == [Unreachable] * 4


def test_close_ends_the_process_and_can_be_called_twice(tmp_path: Path) -> None:
    child = BridgeChild(command(tmp_path))
    gateway = BridgeGateway(child)
    assert gateway.environment().version
    gateway.close()
    gateway.close()
    assert not psutil.pid_exists(child.pid)


def test_a_call_after_close_is_unreachable(start: Start) -> None:
    gateway = start()
    gateway.close()
    with pytest.raises(Unreachable):
        gateway.environment()


def test_a_bridge_that_dies_says_how_and_brings_the_end_of_its_log(start: Start) -> None:
    gateway = start()
    with pytest.raises(Unreachable, match="ended with exit code 3") as raised:
        gateway.pause_dag(DAG, is_paused=True)
    assert "Segmentation fault, as it were" in raised.value.detail
    with pytest.raises(Unreachable, match="ended with exit code 3"):
        gateway.environment()


def test_text_between_the_frames_ends_the_conversation_with_a_sentence(start: Start) -> None:
    with pytest.raises(Unreachable, match="not a frame") as raised:
        start().log(LOG)
    assert "prin" in raised.value.detail


def test_a_login_banner_before_the_first_frame_does_no_harm(start: Start) -> None:
    assert start("--login-banner").environment().version == "3.3.2"


def far(tmp_path: Path, *words: str) -> BridgeGateway:
    ran = BridgeCommand(words=words, environment=dict(os.environ), log=tmp_path / "bridge.log", far=True)
    return BridgeGateway(BridgeChild(ran))


def test_a_far_command_that_ends_before_a_bridge_answers_brings_its_last_words(tmp_path: Path) -> None:
    gateway = far(
        tmp_path, "sh", "-c", "echo Welcome; echo 'Host key [bold]verification[/] failed.' >&2; exit 255"
    )
    with pytest.raises(Unreachable) as raised:
        gateway.open()
    assert raised.value.message.endswith(
        "code 255 before a bridge answered: Host key [bold]verification[/] failed"
    )
    assert raised.value.remedy == "run it by hand, it must start a bridge"
    assert "Welcome" in raised.value.detail
    gateway.close()


def test_of_a_far_command_only_what_can_be_no_secret_is_said(tmp_path: Path) -> None:
    bridge = [sys.executable, "-m", "backfill_tui.bridge", "--mode", "no-such-mode"]
    gateway = far(tmp_path, "env", "TOKEN=hunter2", *bridge)
    with pytest.raises(Unreachable) as raised:
        gateway.open()
    gateway.close()
    assert "hunter2" not in str(raised.value.report())
    with pytest.raises(Unreachable, match="can not be started with this command: No such file"):
        far(tmp_path, "TOKEN=hunter2", *bridge)


def test_a_far_command_that_never_answers_is_given_up_and_ended(tmp_path: Path) -> None:
    child = BridgeChild(
        BridgeCommand(words=["cat"], environment=dict(os.environ), log=tmp_path / "bridge.log", far=True)
    )
    gateway = BridgeGateway(child, greeting_seconds=0.3)
    with pytest.raises(Unreachable, match="The bridge command has not answered for 0 s: run it by hand"):
        gateway.open()
    gateway.close()
    assert not psutil.pid_exists(child.pid)


def test_a_terminal_in_between_is_named(tmp_path: Path) -> None:
    inside = [sys.executable, "-m", "backfill_tui.bridge", "--mode", "attached", "--far"]
    gateway = far(tmp_path, sys.executable, "-c", f"import pty; pty.spawn({inside!r})")
    with pytest.raises(Unreachable, match="it was started on a terminal") as raised:
        gateway.open()
    assert "ssh without -t" in raised.value.remedy
    gateway.close()


def test_a_far_connection_that_breaks_says_so(tmp_path: Path) -> None:
    gateway = far(tmp_path, sys.executable, "-m", "tests.support.talking_bridge")
    with pytest.raises(Unreachable, match="The connection to the bridge ended with exit code 3: Segm"):
        gateway.pause_dag(DAG, is_paused=True)
    gateway.close()


def test_another_protocol_is_refused_with_both_versions(start: Start) -> None:
    other, own = PROTOCOL_VERSION + 1, PROTOCOL_VERSION
    with pytest.raises(Unreachable, match=f"speaks protocol {other}, this program speaks {own}"):
        start("--other-protocol").environment()


def test_a_call_without_an_answer_gives_up(start: Start) -> None:
    with pytest.raises(Unreachable, match="has not answered dags"):
        start(call_seconds=0.2).dags()


def test_a_python_that_is_not_there_is_a_clear_problem(tmp_path: Path) -> None:
    missing = BridgeCommand(words=["/no/such/python"], environment={}, log=tmp_path / "bridge.log")
    with pytest.raises(Unreachable, match="can not be started with /no/such/python"):
        BridgeChild(missing)


def test_the_bridge_ends_when_the_screen_is_gone(tmp_path: Path) -> None:
    child = BridgeChild(command(tmp_path))
    gateway = BridgeGateway(child)
    assert gateway.environment().version
    process = psutil.Process(child.pid)
    child.close_input()
    assert process.wait(10) in {0, None}
    gateway.close()
