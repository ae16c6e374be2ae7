"""What goes out of the bridge: messages wait for one thread that writes them.

A reader that stops lets the stream fill up. Then this thread waits, and nobody else: not a launch, which
holds locks of Airflow's database meanwhile. What waits is bounded, because events that are many are sent no
faster than they are read (see `Call`), and answers are as many as there were questions.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import BinaryIO, Final

from backfill_tui.wire.frames import MARK, FrameWriter
from backfill_tui.wire.messages import Message

_STOP_SECONDS: Final = 0.5
"""How long an end waits for a frame that is being written."""


class Outgoing:
    """Messages on their way to one stream; `on_gone` is called when the other side is not there any more."""

    def __init__(self, stream: BinaryIO, on_gone: Callable[[], None]) -> None:
        self._writer = FrameWriter(stream)
        self._on_gone = on_gone
        self._frames: deque[bytes] = deque()
        self._changed = threading.Condition()
        self._stopped = False
        self._thread = threading.Thread(target=self._write, name="outgoing", daemon=True)

    def start(self) -> None:
        """Begin to write, in a thread."""
        self._thread.start()

    def stop(self) -> None:
        """Write no more than what is being written now: nobody reads it."""
        with self._changed:
            self._stopped = True
            self._changed.notify()
        self._thread.join(_STOP_SECONDS)

    def put(self, message: Message) -> None:
        """Let it be written after those before; raises BrokenFrameError when it is over the limit."""
        frame = self._writer.encode(message)
        with self._changed:
            self._frames.append(frame)
            self._changed.notify()

    def begin_with(self, message: Message) -> None:
        """Write the mark and this message now, in this thread, before there is another one."""
        self._write_frame(MARK + self._writer.encode(message))

    def _write(self) -> None:
        while True:
            with self._changed:
                while not self._frames and not self._stopped:
                    self._changed.wait()
                if self._stopped:
                    return
                frame = self._frames.popleft()
            if not self._write_frame(frame):
                return

    def _write_frame(self, frame: bytes) -> bool:
        try:
            self._writer.write_frame(frame)
        except (OSError, ValueError):
            # Gone, or closed here because the server ends.
            self._on_gone()
            return False
        return True
