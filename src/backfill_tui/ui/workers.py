"""The one way in which the screen calls the blocking gateway: in a thread, and only wanted answers arrive.

A thread can not be stopped from outside, and Textual's `exclusive` only marks the older worker as cancelled:
its answer would still arrive, later, and win. So every message of a worker goes through `Asking.post`, which
drops what nobody waits for any more.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from textual.dom import DOMNode
from textual.message import Message
from textual.worker import Worker, get_current_worker

from backfill_tui.domain.problems import Problem
from backfill_tui.ui.messages import ProblemArose

T = TypeVar("T")


class Asking:
    """A call under way, as the function that makes it sees it (in the worker's thread)."""

    def __init__(self, node: DOMNode) -> None:
        self._node = node
        self._worker: Worker[None] = get_current_worker()

    def unwanted(self) -> bool:
        """Whether the answer is no longer wanted; it fits the gateway's `is_cancelled`."""
        return self._worker.is_cancelled

    def post(self, message: Message) -> None:
        """Give a message to the node that asked, unless nobody waits for it any more."""
        if not self.unwanted():
            self._node.post_message(message)


def ask(
    node: DOMNode,
    group: str,
    call: Callable[[Asking], T],
    answer: Callable[[T], Message],
    *,
    failure: Callable[[Problem], Message] = ProblemArose,
) -> Worker[None]:
    """Call the gateway in a thread; the node gets `answer(result)`, or `failure(problem)`.

    A newer call of the same group takes the place of an older one, whose messages are dropped. Only a
    `Problem` is caught: anything else is a bug, and ends the program loudly.
    """

    def work() -> None:
        asking = Asking(node)
        try:
            message = answer(call(asking))
        except Problem as problem:
            message = failure(problem)
        asking.post(message)

    return node.run_worker(work, group=group, name=group, exclusive=True, thread=True)


def is_busy(node: DOMNode, group: str) -> bool:
    """Whether a call of that group is under way: a periodic read is then left out."""
    return any(worker.node is node and worker.group == group and worker.is_running for worker in node.workers)
