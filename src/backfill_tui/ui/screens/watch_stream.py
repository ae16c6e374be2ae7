"""The stream of what is watched: one thread reads it, an inbox holds what the screen has not taken yet."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Final

from textual.dom import DOMNode
from textual.message import Message
from textual.worker import Worker

from backfill_tui.domain.dag_range import DagRange, RangeUpdate, Watchable
from backfill_tui.domain.problems import Problem, Unreachable
from backfill_tui.domain.watching import GridUpdate
from backfill_tui.gateway.port import Gateway
from backfill_tui.ui.workers import Asking

INBOX_UPDATES: Final = 4
"""How many wait for a screen that is slow; then the stream waits for it, and later changes come as one."""

_LEFT_SECONDS: Final = 0.5
"""How soon a stream that waits sees that its program is closing."""


class UpdatesArrived(Message):
    """There are updates in the inbox of a stream; several of these are as good as one."""

    def __init__(self, stream: Stream) -> None:
        super().__init__()
        self.stream = stream

    def can_replace(self, message: Message) -> bool:
        """A screen that is slow takes all updates at once."""
        return isinstance(message, UpdatesArrived) and message.stream is self.stream


class StreamBroke(Message):
    """A stream ended, and why."""

    def __init__(self, stream: Stream, problem: Problem) -> None:
        super().__init__()
        self.stream = stream
        self.problem = problem


class Stream:
    """Follows a backfill or a range until it is left; tells `UpdatesArrived` and at most one `StreamBroke`.

    `gateway` is called in the stream's own thread. A stream that was left posts nothing any more; its thread
    ends with the next reading. `in_view` are the ordinals of the rows that are seen, which are kept truest.
    """

    def __init__(self, node: DOMNode, gateway: Callable[[], Gateway], watched: Watchable) -> None:
        self._node = node
        self._gateway = gateway
        self._watched = watched
        self._inbox: deque[GridUpdate | RangeUpdate] = deque()
        self._taken = threading.Condition()
        self.in_view: tuple[int, ...] = ()
        self._worker: Worker[None] = node.run_worker(
            self._read, group="watch", name="watch", exclusive=True, thread=True
        )

    def take(self) -> list[GridUpdate | RangeUpdate]:
        """The updates that have come since the last call, in order."""
        with self._taken:
            taken = list(self._inbox)
            self._inbox.clear()
            self._taken.notify()
        return taken

    def leave(self) -> None:
        """Stop following."""
        self._worker.cancel()
        with self._taken:
            self._taken.notify()

    def _follow(self) -> AbstractContextManager[Iterator[GridUpdate | RangeUpdate]]:
        gateway, watched = self._gateway(), self._watched
        if isinstance(watched, DagRange):
            return gateway.watch_range(watched, self._seen)
        return gateway.watch(watched, self._seen)

    def _seen(self) -> tuple[int, ...]:
        return self.in_view

    def _read(self) -> None:
        asking = Asking(self._node)
        try:
            with self._follow() as updates:
                for update in updates:
                    if not self._put(update, asking):
                        return
                    asking.post(UpdatesArrived(self))
        except Problem as problem:
            asking.post(StreamBroke(self, problem))
        else:
            ended = Unreachable("The stream of these dates ended", remedy="read them again")
            asking.post(StreamBroke(self, ended))

    def _put(self, update: GridUpdate | RangeUpdate, asking: Asking) -> bool:
        """Wait for room in the inbox; false when nobody wants the update any more."""
        with self._taken:
            while len(self._inbox) >= INBOX_UPDATES and not asking.unwanted():
                self._taken.wait(_LEFT_SECONDS)
            self._inbox.append(update)
        return not asking.unwanted()
