"""Answers calls: one reader, one thread a call, one writer.

The server knows nothing of Airflow. Handlers are registered by method; each runs in a thread of its own, so
that a launch of a minute does not stop the watching, and may open its own database session there.
"""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable
from typing import BinaryIO, Final, Generic, TypeVar, cast

import msgspec

from backfill_tui.bridge.full_disk import FULL, disk_is_full
from backfill_tui.bridge.lost_database import lost_database
from backfill_tui.bridge.outgoing import Outgoing
from backfill_tui.domain.problems import AirflowFailed, Interrupted, Problem, ProblemReport, Unreachable
from backfill_tui.wire.frames import BrokenFrameError, FrameReader
from backfill_tui.wire.messages import Cancel, Event, Failure, Hello, Message, Request, Result, Taken
from backfill_tui.wire.methods import Method

P = TypeVar("P")
E = TypeVar("E")
R = TypeVar("R")

_CLOSING_SECONDS: Final = 0.5
"""How soon a handler that waits for its caller sees that the server closes."""


class Call(Generic[E]):
    """One call under way, as its handler sees it; `unread` as in `methods.Method`.

    `in_view` are the ordinals of the rows that the caller looked at when it took the latest event.
    """

    def __init__(
        self, emit: Callable[[E], None], closing: threading.Event, *, unread: int | None = None
    ) -> None:
        self._emit = emit
        self._cancelled = threading.Event()
        self._closing = closing
        self._limit = unread
        self._unread = 0
        self._taken = threading.Condition()
        self.in_view: tuple[int, ...] = ()

    def emit(self, event: E) -> None:
        """Send an event to the caller; where it is behind, wait for it, and send nothing once cancelled."""
        if self.wait_for_caller():
            self._send(event)

    def mention(self, event: E) -> None:
        """Send an event, unless the caller is behind: the next one makes up for it."""
        if not self._is_behind():
            self._send(event)

    def tell_done(self, event: E) -> None:
        """Send an event that tells what is done for good, so that the caller knows it also once cancelled."""
        self._send(event)

    def wait_for_caller(self) -> bool:
        """Wait until the next event can be sent at once; whether the call still goes on.

        A handler that reads anew for each event reads nothing meanwhile, so its next event has all changes.
        """
        with self._taken:
            while self._is_behind() and not self.cancelled:
                self._taken.wait(_CLOSING_SECONDS)
        return not self.cancelled

    def was_taken(self, in_view: tuple[int, ...] | None) -> None:
        """The caller has dealt with one more event, and looks at other rows, if any (the reader's thread)."""
        with self._taken:
            self._unread -= 1
            self.in_view = self.in_view if in_view is None else in_view
            self._taken.notify_all()

    @property
    def cancelled(self) -> bool:
        """Whether nobody waits for the answer any more."""
        return self._cancelled.is_set() or self._closing.is_set()

    def check(self) -> None:
        """Raise Interrupted once the call is cancelled."""
        if self.cancelled:
            raise Interrupted("The call was cancelled")

    def wait(self, seconds: float) -> bool:
        """Sleep, but no longer than until the call is cancelled; whether it was."""
        self._cancelled.wait(seconds)
        return self.cancelled

    def cancel(self) -> None:
        """Tell the handler to stop at its next look."""
        self._cancelled.set()
        with self._taken:
            self._taken.notify_all()

    def _is_behind(self) -> bool:
        return self._limit is not None and self._unread >= self._limit

    def _send(self, event: E) -> None:
        with self._taken:
            self._unread += 1
        self._emit(event)


Handler = Callable[[P, Call[E]], R]


class Server:
    """Serves calls from one stream until it ends."""

    def __init__(self, reader: FrameReader, stream: BinaryIO) -> None:
        self._reader = reader
        self._handlers: dict[str, tuple[Method[object, object, object], Handler[object, object, object]]] = {}
        self._calls: dict[int, Call[object]] = {}
        self._calls_lock = threading.Lock()
        self._closing = threading.Event()
        self._outgoing = Outgoing(stream, self._closing.set)

    def handle(self, method: Method[P, E, R], handler: Handler[P, E, R]) -> None:
        """Let `handler` answer the calls of `method`."""
        self._handlers[method.name] = (
            cast("Method[object, object, object]", method),
            cast("Handler[object, object, object]", handler),
        )

    def greet(self, hello: Hello) -> None:
        """Write the first message; there is no thread of the server yet, so the process may still fork."""
        self._outgoing.begin_with(hello)

    def send(self, message: Message) -> None:
        """Let one message be written; when the other side is gone the server begins to close."""
        self._outgoing.put(message)

    def serve(self) -> None:
        """Read and answer until the stream ends; a broken frame raises BrokenFrameError."""
        self._outgoing.start()
        try:
            while not self._closing.is_set():
                message = self._reader.read()
                if message is None:
                    return
                if isinstance(message, Request):
                    self._start(message)
                elif isinstance(message, (Cancel, Taken)):
                    with self._calls_lock:
                        call = self._calls.get(message.call)
                    if call is None:
                        continue
                    call.cancel() if isinstance(message, Cancel) else call.was_taken(message.in_view)
        finally:
            self._closing.set()
            with self._calls_lock:
                under_way = list(self._calls.values())
            for call in under_way:
                call.cancel()
            self._outgoing.stop()

    def _start(self, request: Request) -> None:
        number = request.call
        encoder = msgspec.msgpack.Encoder()

        def emit(event: object) -> None:
            self.send(Event(number, msgspec.Raw(encoder.encode(event))))

        known = self._handlers.get(request.method)
        call = Call(emit, self._closing, unread=known[0].unread if known else None)
        with self._calls_lock:
            self._calls[number] = call
        threading.Thread(
            target=self._run, args=(request, call), name=f"call-{number}-{request.method}", daemon=True
        ).start()

    def _run(self, request: Request, call: Call[object]) -> None:
        try:
            answer: Message = Result(request.call, msgspec.Raw(self._answer(request, call)))
        except Problem as problem:
            answer = Failure(request.call, _report_of_problem(problem))
        except (Exception, SystemExit) as bug:
            # Code of others that wants to exit, such as a plugin's, may not leave a caller without answer.
            traceback.print_exc()
            answer = Failure(request.call, _report_of(bug, request.method))
        with self._calls_lock:
            self._calls.pop(request.call, None)
        try:
            self.send(answer)
        except BrokenFrameError as too_large:
            report = ProblemReport(
                code="airflow_failed",
                message=f"The answer to {request.method} is too large to send",
                remedy="ask for less, such as a shorter range",
                detail=str(too_large),
            )
            self.send(Failure(request.call, report))

    def _answer(self, request: Request, call: Call[object]) -> bytes:
        if request.method not in self._handlers:
            raise Problem(
                f"The bridge has no method {request.method!r}",
                remedy="the screen and the bridge are of different versions: install the same on both sides",
            )
        method, handler = self._handlers[request.method]
        params = msgspec.msgpack.decode(request.params, type=method.params)
        return msgspec.msgpack.encode(handler(params, call))


def _report_of_problem(problem: Problem) -> ProblemReport:
    # What other words a handler found for it, a disk that is full is what there is to know and to do.
    if not isinstance(problem, (Unreachable, AirflowFailed)) or problem.message.startswith(FULL):
        return problem.report()
    # SQLite rolls back by itself then, so what is said last is often but what came of that.
    causes = "".join(traceback.format_exception(problem))
    full = disk_is_full(f"{causes}\n{problem.detail}")
    return (full or problem).report()


def _report_of(bug: BaseException, method: str) -> ProblemReport:
    traced = "".join(traceback.format_exception(bug))
    if full := disk_is_full(traced):
        return full.report()
    if lost := lost_database(bug):
        lost.detail = traced
        return lost.report()
    return ProblemReport(
        code="airflow_failed",
        message=f"{method} failed: {type(bug).__name__}: {bug}",
        remedy="the traceback is in the bridge's log",
        detail=traced,
    )
