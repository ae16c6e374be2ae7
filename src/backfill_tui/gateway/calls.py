"""Calls to the bridge: many threads ask, one thread reads, each answer finds its caller."""

from __future__ import annotations

import itertools
import queue
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Final, Generic, TypeVar

import msgspec

from backfill_tui.domain.problems import Problem, Unreachable
from backfill_tui.gateway.child import BridgeChild
from backfill_tui.gateway.port import InView, nothing
from backfill_tui.wire.frames import BrokenFrameError
from backfill_tui.wire.messages import PROTOCOL_VERSION, Cancel, Event, Failure, Hello, Request, Result, Taken
from backfill_tui.wire.methods import Method

P = TypeVar("P")
E = TypeVar("E")
R = TypeVar("R")


_READER_SECONDS = 2.0
GREETING_SECONDS: Final = 60.0
"""How long a bridge may take until its first word, which comes before it imports Airflow."""


class PendingCall(Generic[E, R]):
    """A call that was sent; its events and its end arrive in a queue."""

    def __init__(self, number: int, method: Method[P, E, R], conversation: Conversation) -> None:
        self.number = number
        self._method_name = method.name
        self._event = msgspec.msgpack.Decoder(method.event)
        self._result = msgspec.msgpack.Decoder(method.result)
        self._tells_taken = method.unread is not None
        self._inbox: queue.SimpleQueue[Event | Result | Failure | Problem] = queue.SimpleQueue()
        self._end: Result | None = None
        self._conversation = conversation

    def events(self, timeout_seconds: float | None = None, in_view: InView = nothing) -> Iterator[E]:
        """The events until the call ends; raises its Problem if it fails.

        An event counts as taken when the next one is asked for; of a method whose events are many, that is
        what lets the bridge send more, and tells it what is in view. Raises Unreachable when nothing arrives
        for `timeout_seconds`.
        """
        told: tuple[int, ...] = ()
        while self._end is None:
            try:
                arrived = self._inbox.get(timeout=timeout_seconds)
            except queue.Empty:
                raise Unreachable(
                    f"The bridge has not answered {self._method_name} for {timeout_seconds:.0f} s",
                    remedy="restart it, or look into its log",
                ) from None
            if isinstance(arrived, Event):
                yield self._event.decode(arrived.payload)
                if self._tells_taken:
                    seen = in_view()
                    self._conversation.tell(Taken(self.number, None if seen == told else seen))
                    told = seen
            elif isinstance(arrived, Result):
                self._end = arrived
            elif isinstance(arrived, Failure):
                raise arrived.problem.revive()
            else:
                raise arrived

    def result(self) -> R:
        """The answer; waits for it and drops the events before it."""
        for _ in self.events():
            pass
        if self._end is None:
            raise Unreachable(f"{self._method_name} has no answer")
        return self._result.decode(self._end.payload)

    def cancel(self) -> None:
        """Tell the bridge that the answer is no longer wanted; the call then ends by itself."""
        self._conversation.tell(Cancel(self.number))

    def deliver(self, arrived: Event | Result | Failure | Problem) -> None:
        """Hand over what arrived for this call (the reader's thread)."""
        self._inbox.put(arrived)

    @property
    def ended(self) -> bool:
        """Whether the result is here."""
        return self._end is not None


class Conversation:
    """The frames to and from one bridge, which must say its first word within `greeting_seconds`."""

    def __init__(self, child: BridgeChild, *, greeting_seconds: float = GREETING_SECONDS) -> None:
        self._child = child
        self._greeting_seconds = greeting_seconds
        self._unanswered = threading.Timer(greeting_seconds, self._give_up)
        self._unanswered.daemon = True
        self._unanswered.start()
        self._numbers = itertools.count(1)
        self._calls: dict[int, PendingCall[object, object]] = {}
        self._lock = threading.Lock()
        self._write_lock = threading.Lock()
        self._over: Problem | None = None
        self._reader = threading.Thread(target=self._read, name="bridge-reader", daemon=True)
        self._reader.start()

    @contextmanager
    def begin(self, method: Method[P, E, R], params: P) -> Generator[PendingCall[E, R], None, None]:
        """Send a call; leaving the context before its end cancels it."""
        call = PendingCall(next(self._numbers), method, self)
        with self._lock:
            if self._over is not None:
                raise self._over
            self._calls[call.number] = call  # type: ignore[assignment]  # decoded by the call itself
        try:
            self.tell(Request(call.number, method.name, msgspec.Raw(msgspec.msgpack.encode(params))))
            yield call
        finally:
            with self._lock:
                self._calls.pop(call.number, None)
                over = self._over is not None
            if not call.ended and not over:
                call.cancel()

    @property
    def is_over(self) -> bool:
        """Whether the bridge is gone, so that what it did last was not told."""
        with self._lock:
            return self._over is not None

    def tell(self, message: Request | Cancel | Taken) -> None:
        """Write one message; a bridge that is gone is reported by the reader, to every call."""
        with self._write_lock:
            try:
                self._child.writer.write(message)
            except (OSError, ValueError):
                return

    def close(self) -> None:
        """End the bridge; every waiting call raises Unreachable at once."""
        self._finish(Unreachable("The connection to the bridge was closed"))
        self._child.end()
        if threading.current_thread() is not self._reader:
            self._reader.join(_READER_SECONDS)
        if not self._reader.is_alive():
            self._child.close_output()

    def _read(self) -> None:
        greeted = False
        try:
            banner = self._child.reader.skip_to_mark()
            while (message := self._child.reader.read()) is not None:
                greeted = True
                if isinstance(message, Hello):
                    self._greet(message)
                elif isinstance(message, (Event, Result, Failure)):
                    with self._lock:
                        call = self._calls.get(message.call)
                    if call is not None:
                        call.deliver(message)
            problem = self._child.how_it_ended(None if greeted else banner)
        except BrokenFrameError as broken:
            far = "its command must write nothing else once a bridge speaks; look into its log"
            problem = Unreachable(
                "The bridge wrote something that is not a frame",
                remedy=far if self._child.far else "look into its log, then restart it",
                detail=f"{broken}\n\n{self._child.log_tail()}",
            )
        except Problem as mismatch:
            problem = mismatch
        except (OSError, ValueError):
            # The stream was closed under the reader: the bridge was ended on purpose.
            problem = Unreachable("The connection to the bridge was closed")
        self._finish(problem)

    def _greet(self, hello: Hello) -> None:
        self._unanswered.cancel()
        if hello.protocol != PROTOCOL_VERSION:
            raise Unreachable(
                f"The bridge is version {hello.program} and speaks protocol {hello.protocol}, "
                f"this program speaks {PROTOCOL_VERSION}",
                remedy="install the same version on both sides",
            )

    def _give_up(self) -> None:
        """The bridge never spoke (the timer's thread)."""
        what = "The bridge command" if self._child.far else "The bridge"
        self._finish(
            Unreachable(
                f"{what} has not answered for {self._greeting_seconds:.0f} s",
                remedy="run it by hand, it must not ask for anything" if self._child.far else "restart it",
                detail=self._child.log_tail(),
            )
        )
        self._child.end()

    def _finish(self, problem: Problem) -> None:
        self._unanswered.cancel()
        with self._lock:
            if self._over is None:
                self._over = problem
            waiting = list(self._calls.values())
        for call in waiting:
            call.deliver(self._over)
