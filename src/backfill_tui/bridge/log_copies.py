"""Copies of logs that are not one file of this machine, so that a page of one costs no fetching of the whole.

Airflow's reader gives a log from its beginning only. What it gives is written to a file without a name, which
goes with this process however that ends, and is read again from the reader once it may have changed.
"""

from __future__ import annotations

import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from tempfile import TemporaryFile, gettempdir
from typing import IO, Any, Final

from backfill_tui.bridge.full_disk import FULL, means_full
from backfill_tui.bridge.log_bytes import LogBytes
from backfill_tui.domain.problems import Unreachable
from backfill_tui.domain.repairing import TaskInstanceKey

Read = Callable[[list[str]], Iterable[Any]]
"""Gives the messages of a log, and notes where it looks."""

LogName = tuple[str, TaskInstanceKey, int]
"""The Dag, the task instance and its try."""

_KEPT: Final = 4
_MOST_BYTES: Final = 512 * 1024 * 1024
"""Of one copy, and of all that are kept beside the latest."""
_LIVE_SECONDS: Final = 2.0
_ENDED_SECONDS: Final = 60.0
_COSTS: Final = 5
"""A copy is good for so many times as long as it took to make."""


class LogCopies:
    """The logs that were read last; safe for many threads."""

    def __init__(self) -> None:
        self._copies: OrderedDict[LogName, _Copy] = OrderedDict()
        self._lock = threading.Lock()

    def open(self, name: LogName, *, ended: bool, read: Read) -> tuple[LogBytes, Sequence[str]]:
        """That log, and where Airflow has looked for it: its copy, made anew where it is too old.

        Raises Unreachable where the folder of temporary files has no room for it; the other copies are gone
        then, so that there is some for the next.
        """
        with self._lock:
            copy = self._copies.setdefault(name, _Copy())
            self._copies.move_to_end(name)
            self._throw_away_oldest()
        try:
            return copy.open(read, ended=ended)
        except Unreachable:
            with self._lock:
                self._copies.clear()
            raise
        finally:
            with self._lock:
                self._throw_away_oldest()

    @property
    def sizes(self) -> list[int]:
        """Bytes of the copies that are kept, the oldest first."""
        return [copy.size for copy in self._copies.values()]

    def _throw_away_oldest(self) -> None:
        while len(self._copies) > _KEPT or sum(self.sizes[:-1]) > _MOST_BYTES:
            self._copies.popitem(last=False)


class _Copy:
    """A copy of one log. Whoever reads an older one keeps it until they have closed it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._file: IO[bytes] | None = None
        self.size = 0
        self._looked: Sequence[str] = ()
        self._good_until = 0.0
        self._good_while_ended_until = 0.0

    def open(self, read: Read, *, ended: bool) -> tuple[LogBytes, Sequence[str]]:
        with self._lock:
            began = time.monotonic()
            good = began < (self._good_while_ended_until if ended else self._good_until)
            if self._file is None or not good:
                looked: list[str] = []
                written = _written(read(looked))
                self._close()
                self._file, self._looked = written, looked
                now = time.monotonic()
                self.size = os.fstat(self._file.fileno()).st_size
                lasts = _COSTS * (now - began)
                self._good_until = now + max(_LIVE_SECONDS, lasts)
                rests = ended and self.size > 0
                self._good_while_ended_until = now + max(_ENDED_SECONDS, lasts) if rests else 0.0
            return LogBytes(os.dup(self._file.fileno())), self._looked

    def __del__(self) -> None:
        """Only once nobody waits for it any more is one that was thrown away closed."""
        self._close()

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()


def _written(messages: Iterable[Any]) -> IO[bytes]:
    """The messages in a file that nobody else sees, each as one line of JSON."""
    with _room_asked_for():
        file = TemporaryFile(prefix="backfill-tui-")  # noqa: SIM115  # it is kept
    size = 0
    try:
        for message in messages:
            line = message.model_dump_json().encode("utf-8", "replace") + b"\n"
            with _room_asked_for():
                size += file.write(line)
                if size > _MOST_BYTES:
                    file.write(b"(the log goes on: no more than its first 512 MiB are fetched)\n")
                    break
        with _room_asked_for():
            file.flush()
    except BaseException:
        with suppress(OSError):
            file.close()
        raise
    return file


@contextmanager
def _room_asked_for() -> Iterator[None]:
    """Writing to the folder of temporary files, which need not be on the disk of the database."""
    try:
        yield
    except OSError as failed:
        if not means_full(failed):
            raise
        raise Unreachable(
            f"{FULL}: there is no room for a copy of the log in {gettempdir()}",
            remedy="free some space there, or name another folder with TMPDIR, then try again",
            detail=str(failed),
        ) from failed
