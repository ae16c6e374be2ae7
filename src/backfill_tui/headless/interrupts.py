"""ctrl+c while something must either happen wholly or not at all."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, TypeVar

from backfill_tui.domain.problems import Interrupted

if TYPE_CHECKING:
    from backfill_tui.headless.session import Session

T = TypeVar("T")


@contextmanager
def deferred_interrupt() -> Generator[Callable[[], bool], None, None]:
    """While the context is open, the first ctrl+c only makes the yielded function true.

    The call it is given to then ends by itself, and says truly whether it was done. A second ctrl+c raises
    KeyboardInterrupt as usual. Outside the main thread, which gets no signals, nothing is changed.
    """
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked.is_set
        return

    def note(number: int, frame: FrameType | None) -> None:
        if asked.is_set():
            signal.default_int_handler(number, frame)
        asked.set()

    before = signal.signal(signal.SIGINT, note)
    try:
        yield asked.is_set
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def uninterrupted() -> Generator[None, None, None]:
    """While the context is open a ctrl+c waits, and comes as it would have once it is left.

    What rich has half written when an exception gets in its way it would write again.
    """
    with deferred_interrupt() as is_interrupted:
        yield
    if is_interrupted():
        signal.raise_signal(signal.SIGINT)


def until_stopped(session: Session, act: Callable[[Callable[[], bool]], T], *, said: str) -> T:
    """Do something that a first ctrl+c stops where nothing is half done, and let its progress go from sight.

    Raises Interrupted, with what is `said` of it, when it was stopped before anything was done.
    """
    try:
        with deferred_interrupt() as is_interrupted:
            return act(is_interrupted)
    except Interrupted:
        raise Interrupted(said) from None
    finally:
        session.voice.settle()
