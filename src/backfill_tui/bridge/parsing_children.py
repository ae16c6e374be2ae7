"""Which child parses which file: a few children at a time, each with several files one after the other.

A file that does not import, or ends its child, is the problem only when nothing was parsed there before it:
otherwise it is tried again in a fresh child, so that no file answers for another.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from backfill_tui.bridge.parsing_child import heading, relative_to
from backfill_tui.bridge.parsing_messages import (
    ChildParsed,
    FileParsed,
    FileStarted,
    ParseFolder,
    decode_from_child,
)
from backfill_tui.bridge.parsing_worker import ChildEnded, Worker

AT_ONCE: Final = max(1, min(4, os.cpu_count() or 1))
# The file it is at, and one to go on with while its result is looked at.
_ORDERED: Final = 2
_SECOND_LOOK_SECONDS: Final = 2.0
"""What took longer than this to fail is believed at once, instead of taking so long again."""
_END_SECONDS: Final = 5.0

Tell = Callable[[FileStarted | FileParsed], None]
Work = Callable[[int, int], int]


class _Child:
    """A child, the files it has been given and not told of yet, and how many it has told of."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self.files: deque[str] = deque()
        self.told = 0
        self.is_ending = False
        self.since = 0.0

    def seconds(self) -> float:
        """How long it has been at its first file."""
        return time.monotonic() - self.since


class ParsingChildren:
    """The files of one job, on their way through the children, which do `work`."""

    def __init__(
        self,
        order: ParseFolder,
        files: Sequence[str],
        work: Work,
        *,
        seconds_for: Callable[[str], float],
        tell: Tell,
        foreign: Sequence[int],
    ) -> None:
        self._order = order
        self._work = work
        self._waiting = deque(files)
        self._again: deque[str] = deque()
        self._seconds_for = seconds_for
        self._tell = tell
        self._foreign = foreign
        self._children: list[_Child] = []

    @property
    def workers(self) -> list[Worker]:
        """Those that live."""
        return [child.worker for child in self._children]

    def give(self) -> bool:
        """Give files to children, starting them as needed; False when all is done."""
        while len(self._children) < AT_ONCE and (self._again or self._waiting):
            foreign = [*self._foreign, *(end for worker in self.workers for end in worker.foreign)]
            child = _Child(Worker.fork(self._work, foreign))
            self._children.append(child)
            self._give(child, (self._again or self._waiting).popleft())
        for child in self._children:
            while not child.is_ending and len(child.files) < _ORDERED and self._waiting:
                self._give(child, self._waiting.popleft())
            if not child.files and not child.is_ending:
                self._let_end(child)
        return bool(self._children)

    def look(self) -> list[ChildEnded]:
        """Take what the children have told, end those that are late; those that have ended."""
        gone = []
        for child in list(self._children):
            self._take_results(child)
            if child.worker.deadline <= time.monotonic():
                child.worker.kill(late=True)
                child.worker.wait()
            if (ended := child.worker.poll()) is not None:
                self._take_results(child)
                self._children.remove(child)
                self._take_end(child, ended)
                gone.append(ended)
        return gone

    def kill(self) -> None:
        """End all children."""
        for worker in self.workers:
            worker.kill()
        for worker in self.workers:
            worker.wait()
            # It closes the pipes.
            worker.poll()
        self._children.clear()

    def _give(self, child: _Child, file: str) -> None:
        child.files.append(file)
        child.worker.order(os.fsencode(file))
        if len(child.files) == 1:
            self._begin(child)

    def _begin(self, child: _Child) -> None:
        """The child is at its first file now."""
        file = child.files[0]
        child.since = time.monotonic()
        child.worker.allow(self._seconds_for(file))
        self._tell(FileStarted(relative_to(file, self._order.folder)))

    def _let_end(self, child: _Child) -> None:
        child.is_ending = True
        child.worker.order_no_more()
        child.worker.allow(_END_SECONDS)

    def _take_results(self, child: _Child) -> None:
        for body in child.worker.results():
            try:
                result = decode_from_child(body)
            except msgspec.MsgspecError:
                result = None
            if not isinstance(result, ChildParsed) or not child.files:
                # A file has written where only we should.
                child.worker.kill()
                return
            self._take(child, result)

    def _take(self, child: _Child, result: ChildParsed) -> None:
        file = child.files.popleft()
        if result.parsed.import_errors and self._deserves_another_look(child):
            self._again.append(file)
        else:
            self._tell(result.parsed)
        child.told += 1
        if result.last:
            self._waiting.extendleft(reversed(child.files))
            child.files.clear()
            self._let_end(child)
        elif child.files:
            self._begin(child)

    def _take_end(self, child: _Child, ended: ChildEnded) -> None:
        if not child.files:
            return
        file = child.files.popleft()
        if not ended.late and self._deserves_another_look(child):
            self._again.append(file)
        else:
            self._tell(_problem(relative_to(file, self._order.folder), ended))
        self._waiting.extendleft(reversed(child.files))

    def _deserves_another_look(self, child: _Child) -> bool:
        return child.told > 0 and child.seconds() < _SECOND_LOOK_SECONDS


def _problem(file: str, ended: ChildEnded) -> FileParsed:
    """The import problem of the file that a child was at when it ended."""
    output = ended.output.rpartition(heading(file).decode())[2]
    told = f"{ended.sentence()}\n\n{output}" if output else ended.sentence()
    return FileParsed(file=file, dags=[], import_errors={file: told})
