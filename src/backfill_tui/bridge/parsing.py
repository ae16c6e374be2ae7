"""Parsing the Dags folder without running any of its code here: the bridge's end of the parsing process."""

from __future__ import annotations

import os
import select
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from backfill_tui.bridge.parsing_messages import (
    CreateDatabase,
    Done,
    FileParsed,
    FilesFound,
    FileStarted,
    Job,
    JobFailed,
    ParseFolder,
    Stop,
    framed,
    read_reply,
)
from backfill_tui.domain.problems import AirflowFailed, Unreachable

_LOOK_SECONDS: Final = 0.1

_QUIET_SECONDS: Final = 2.0


@dataclass(frozen=True, slots=True)
class NothingNew:
    """No file has come to its end for a while: what was started last is what it waits for."""


ParsingNews = FilesFound | FileStarted | FileParsed | NothingNew


class DagParser:
    """The parsing process, as the bridge's threads use it: one job at a time."""

    def __init__(self, control: socket.socket, log: Path) -> None:
        self._control = control
        self._lock = threading.Lock()
        self.log = log

    def create_database(self) -> None:
        """Create the metadata database of this home wholly, or raise AirflowFailed."""
        for _ in self._do(CreateDatabase(), lambda: False):
            pass

    def parse(
        self, folder: Path, bundle_name: str, is_cancelled: Callable[[], bool]
    ) -> Iterator[ParsingNews]:
        """Parse every file, telling of each; a cancelled parse ends early.

        Raises AirflowFailed when the folder can not be read, Unreachable when the process is gone.
        """
        yield from self._do(ParseFolder(folder=str(folder), bundle_name=bundle_name), is_cancelled)

    def _do(self, job: Job, is_cancelled: Callable[[], bool]) -> Iterator[ParsingNews]:
        with self._lock:
            self._send(job)
            ended = False
            try:
                for reply in self._replies(is_cancelled):
                    if isinstance(reply, Done):
                        ended = True
                        return
                    if isinstance(reply, JobFailed):
                        ended = True
                        raise AirflowFailed(
                            reply.sentence, remedy=f"look into {self.log}", detail=reply.detail
                        )
                    yield reply
            finally:
                if not ended:
                    self._abandon()

    def _replies(self, is_cancelled: Callable[[], bool]) -> Iterator[ParsingNews | Done | JobFailed]:
        stopping = False
        heard = time.monotonic()
        while True:
            if not stopping and is_cancelled():
                stopping = True
                self._send(Stop())
            if not select.select([self._control], [], [], _LOOK_SECONDS)[0]:
                if time.monotonic() - heard >= _QUIET_SECONDS:
                    heard = time.monotonic()
                    yield NothingNew()
                continue
            heard = time.monotonic()
            reply = read_reply(self._control)
            if reply is None:
                raise self._gone()
            yield reply

    def _abandon(self) -> None:
        """Let the process end its job, so that the next one finds it idle."""
        try:
            self._send(Stop())
            while not isinstance(read_reply(self._control), Done | JobFailed | None):
                pass
        except Unreachable:
            return

    def _send(self, order: Job | Stop) -> None:
        try:
            self._control.sendall(framed(order))
        except OSError:
            raise self._gone() from None

    def _gone(self) -> Unreachable:
        return Unreachable(
            "The process that parses Dag files is gone",
            remedy="restart the bridge; its log says more",
        )


def fork_parser(home: Path, close_in_fork: Callable[[], None]) -> DagParser:
    """Fork the parsing process; call it while this process has a single thread and Airflow is imported.

    `close_in_fork` closes, in the fork, what belongs to the bridge alone.
    """
    if threading.active_count() > 1:
        names = ", ".join(thread.name for thread in threading.enumerate())
        msg = f"forking with several threads is not safe: {names}"
        raise RuntimeError(msg)
    from backfill_tui.bridge import parsing_process

    ours, theirs = socket.socketpair()
    log = home / "parsing.log"
    if os.fork() == 0:
        code = 1
        try:
            # A signal to the bridge's whole group must leave this one time to end its children.
            os.setsid()
            ours.close()
            close_in_fork()
            parsing_process.serve(theirs, log)
            code = 0
        except BaseException:
            traceback.print_exc()
            sys.stderr.flush()
        finally:
            os._exit(code)
    theirs.close()
    return DagParser(ours, log)
