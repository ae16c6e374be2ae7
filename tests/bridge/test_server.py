"""Calls whose caller is slow, and a stream that nobody reads."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import BinaryIO

import msgspec
import pytest

from backfill_tui.bridge.server import Call, Server
from backfill_tui.domain.ids import BackfillId, DagId
from backfill_tui.domain.instants import Instant
from backfill_tui.domain.launching import CreationProgress, Launch, Launched
from backfill_tui.domain.planning import BackfillRequest
from backfill_tui.wire.frames import FrameReader, FrameWriter
from backfill_tui.wire.messages import Cancel, Event, Failure, Hello, Message, Request, Result, Taken
from backfill_tui.wire.methods import LAUNCH

PATIENCE_SECONDS = 20
UNREAD = LAUNCH.unread or 0
LAUNCHED = Launched(backfill_id=BackfillId(7), created=1, reprocessed=0, skipped=0)
REQUEST = BackfillRequest(dag_id=DagId("any"), from_date=Instant(0), to_date=Instant(0))


@dataclass
class Line:
    """A server, and the other ends of its streams."""

    server: Server
    writer: FrameWriter
    reader: FrameReader

    def launch(self, call: int) -> None:
        """Begin a call."""
        params = msgspec.Raw(msgspec.msgpack.encode(Launch(request=REQUEST)))
        self.writer.write(Request(call, LAUNCH.name, params))

    def hear(self) -> Message:
        """The next message of the server."""
        message = self.reader.read()
        assert message is not None
        return message

    def hear_progress(self) -> int:
        """The next message, which is an event: how many were done."""
        message = self.hear()
        assert isinstance(message, Event)
        return msgspec.msgpack.decode(message.payload, type=CreationProgress).done


@pytest.fixture
def line() -> Iterator[Line]:
    with ExitStack() as files:
        to_server, from_server = _pipe(files), _pipe(files)
        server = Server(FrameReader(to_server[0]), from_server[1])
        serving = threading.Thread(target=server.serve)
        serving.start()
        yield Line(server=server, writer=FrameWriter(to_server[1]), reader=FrameReader(from_server[0]))
        to_server[1].close()
        serving.join(PATIENCE_SECONDS)
        assert not serving.is_alive()


def _pipe(files: ExitStack) -> tuple[BinaryIO, BinaryIO]:
    read, write = os.pipe()
    return files.enter_context(os.fdopen(read, "rb")), files.enter_context(os.fdopen(write, "wb"))


def progress(done: int) -> CreationProgress:
    return CreationProgress(done=done, total=100_000)


def test_a_handler_goes_on_though_nobody_reads_the_stream(line: Line) -> None:
    through = threading.Event()

    def handler(_: Launch, call: Call[CreationProgress]) -> Launched:
        for done in range(100_000):
            call.mention(progress(done))
        through.set()
        return LAUNCHED

    line.server.handle(LAUNCH, handler)
    # Far more than a pipe holds, and nobody reads it.
    line.server.send(Hello(protocol=0, program="x" * 1_000_000, python="", pid=0))
    line.launch(1)
    assert through.wait(PATIENCE_SECONDS)
    assert isinstance(line.hear(), Hello)
    assert [line.hear_progress() for _ in range(UNREAD)] == list(range(UNREAD)), "the others were dropped"
    assert line.hear() == Result(1, msgspec.Raw(msgspec.msgpack.encode(LAUNCHED)))


def test_no_more_events_are_sent_than_the_caller_takes(line: Line) -> None:
    sent: list[int] = []
    total = 3 * UNREAD

    def handler(_: Launch, call: Call[CreationProgress]) -> Launched:
        for done in range(total):
            call.emit(progress(done))
            sent.append(done)
        return LAUNCHED

    line.server.handle(LAUNCH, handler)
    line.launch(1)
    for done in range(UNREAD):
        assert line.hear_progress() == done
    for done in range(UNREAD, total):
        assert len(sent) <= done, "sent before one more was taken"
        line.writer.write(Taken(1))
        assert line.hear_progress() == done
    assert isinstance(line.hear(), Result)


def test_a_call_that_waits_for_its_caller_ends_when_it_is_cancelled(line: Line) -> None:
    goes_on: list[bool] = []

    def handler(_: Launch, call: Call[CreationProgress]) -> Launched:
        for done in range(UNREAD + 1):
            call.emit(progress(done))
        goes_on.append(call.wait_for_caller())
        return LAUNCHED

    line.server.handle(LAUNCH, handler)
    line.launch(1)
    assert [line.hear_progress() for _ in range(UNREAD)] == list(range(UNREAD))
    line.writer.write(Cancel(1))
    assert isinstance(line.hear(), Result), "what it would have sent last is not sent"
    assert goes_on == [False]


def test_one_caller_that_is_behind_holds_up_no_other(line: Line) -> None:
    def handler(_: Launch, call: Call[CreationProgress]) -> Launched:
        for done in range(UNREAD + 1):
            call.emit(progress(done))
        return LAUNCHED

    line.server.handle(LAUNCH, handler)
    line.launch(1)
    for _ in range(UNREAD):
        line.hear_progress()
    line.launch(2)
    for _ in range(UNREAD):
        line.hear_progress()
    line.writer.write(Taken(2))
    heard = [line.hear(), line.hear()]
    assert [type(message) for message in heard] == [Event, Result]
    assert [message.call for message in heard if isinstance(message, (Event, Result))] == [2, 2]


def test_a_handler_sees_what_the_caller_looks_at(line: Line) -> None:
    def handler(_: Launch, call: Call[CreationProgress]) -> Launched:
        for _event in range(UNREAD + 3):
            call.wait_for_caller()
            call.emit(progress(sum(call.in_view)))
        return LAUNCHED

    line.server.handle(LAUNCH, handler)
    line.launch(1)
    assert [line.hear_progress() for _ in range(UNREAD)] == [0] * UNREAD, "nothing was told yet"
    for in_view, expected in (((3, 4), 7), (None, 7), ((), 0)):
        line.writer.write(Taken(1, in_view))
        assert line.hear_progress() == expected
    assert isinstance(line.hear(), Result)


@pytest.mark.parametrize("left", [SystemExit(3), RuntimeError("no plugin")], ids=["exit", "bug"])
def test_code_of_others_that_leaves_or_breaks_ends_its_own_call_alone(
    line: Line, left: BaseException, capsys: pytest.CaptureFixture[str]
) -> None:
    def leave(params: Launch, _: Call[CreationProgress]) -> Launched:
        if params.note:
            return LAUNCHED
        raise left

    line.server.handle(LAUNCH, leave)
    line.launch(1)
    failed = line.hear()
    assert isinstance(failed, Failure)
    assert failed.problem.message == f"launch failed: {type(left).__name__}: {left}"
    assert f"{type(left).__name__}: {left}" in capsys.readouterr().err
    params = msgspec.Raw(msgspec.msgpack.encode(Launch(request=REQUEST, note="go on")))
    line.writer.write(Request(2, LAUNCH.name, params))
    answered = line.hear()
    assert isinstance(answered, Result)
    assert answered.call == 2
