"""The parsing process: forked from the bridge while that has one thread, it forks children for the Dag files.

It has Airflow imported, so a child is ready in milliseconds; it runs no code of users itself, so it outlives
what a Dag file does to its process. It ends when the bridge is gone, and takes its children with it.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import selectors
import signal
import socket
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

import msgspec

from backfill_tui.bridge.parsing_child import create_database_in_child, parse_in_child, relative_to
from backfill_tui.bridge.parsing_children import ParsingChildren
from backfill_tui.bridge.parsing_messages import (
    ChildParsed,
    CreateDatabase,
    Done,
    FilesFound,
    FromParser,
    JobFailed,
    ParseFolder,
    Stop,
    decode_from_child,
    framed,
    read_order,
)
from backfill_tui.bridge.parsing_traces import WatchedModules
from backfill_tui.bridge.parsing_worker import ChildEnded, Worker

_DATABASE_SECONDS: Final = 20 * 60
_LOG_BYTES: Final = 2 * 1024 * 1024
_GRACE_SECONDS: Final = 5.0
"""How long a child may go on after Airflow's own limit, whose exception a file can swallow."""


def serve(control: socket.socket, log: Path) -> None:
    """Do the bridge's jobs, one after the other, until the bridge is gone."""
    _warm_up()
    watched = WatchedModules()
    watched.take()
    # What is there now lives as long as the process: children need not copy it to look at it.
    gc.freeze()
    wakeup_read, wakeup_write = os.pipe()
    for end in (wakeup_read, wakeup_write):
        os.set_blocking(end, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wakeup_write)
    tried: set[str] = set()
    while (order := read_order(control)) is not None:
        if isinstance(order, Stop):
            # Its job had ended before it arrived.
            continue
        try:
            job = _Job(control, wakeup_read, log)
            if isinstance(order, CreateDatabase):
                job.create_database()
            else:
                job.parse(order, tried, watched)
        except BridgeGoneError:
            return


class BridgeGoneError(Exception):
    """Nobody is there to answer."""


class _ParseLog:
    """What the children of one job wrote, up to a limit; a disk that is full costs the log, not the job."""

    def __init__(self, path: Path) -> None:
        self._room = _LOG_BYTES
        self._descriptor: int | None = None
        with contextlib.suppress(OSError):
            self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)

    def add(self, ended: ChildEnded) -> None:
        """Append the output of one child, and how it ended when that was not by itself."""
        end = f"({ended.sentence()})\n" if ended.late or ended.status else ""
        told = f"{ended.output}{end}".encode("utf-8", "backslashreplace")[: self._room]
        self._room -= len(told)
        if self._descriptor is not None:
            with contextlib.suppress(OSError):
                os.write(self._descriptor, told)

    def close(self) -> None:
        """Let go of the file."""
        if self._descriptor is not None:
            with contextlib.suppress(OSError):
                os.close(self._descriptor)


class _Job:
    """One job, and what is told of it; nothing here waits for the bridge, which may be busy writing."""

    def __init__(self, control: socket.socket, wakeup: int, log: Path) -> None:
        self._control = control
        self._wakeup = wakeup
        self._log = log
        self._untold = bytearray()

    def create_database(self) -> None:
        """Create the database in a child."""
        worker = Worker.fork(create_database_in_child, self._foreign())
        worker.allow(_DATABASE_SECONDS)
        reply: FromParser = Done()
        with contextlib.closing(_ParseLog(self._log)) as log:
            try:
                while not self._is_stopped_after_a_turn([worker]):
                    if worker.deadline <= time.monotonic():
                        worker.kill(late=True)
                        worker.wait()
                    if (ended := worker.poll()) is not None:
                        log.add(ended)
                        reply = _reply_of(worker) or JobFailed(ended.sentence(), ended.output)
                        break
            finally:
                worker.kill()
                worker.wait()
        self._tell(reply)
        self._end()

    def parse(self, order: ParseFolder, tried: set[str], watched: WatchedModules) -> None:
        """Parse all files of a folder, a few at a time; each end is told as it comes."""
        try:
            files = list_dag_files(order.folder)
        except Exception as cause:
            self._tell(JobFailed(f"The Dags folder can not be read: {cause}", ""))
            self._end()
            return
        self._tell(FilesFound([relative_to(file, order.folder) for file in files]))
        for file in files:
            _import_airflow_modules(file, tried)
        watched.take()
        children = ParsingChildren(
            order,
            files,
            partial(parse_in_child, order, watched),
            seconds_for=_seconds_for,
            tell=self._tell,
            foreign=self._foreign(),
        )
        with contextlib.closing(_ParseLog(self._log)) as log:
            try:
                while children.give() and not self._is_stopped_after_a_turn(children.workers):
                    for ended in children.look():
                        log.add(ended)
            finally:
                children.kill()
        self._tell(Done())
        self._end()

    def _foreign(self) -> list[int]:
        return [self._control.fileno(), self._wakeup]

    def _tell(self, reply: FromParser) -> None:
        self._untold += framed(reply)
        self._tell_on()

    def _tell_on(self) -> None:
        try:
            while self._untold:
                del self._untold[: self._control.send(self._untold, socket.MSG_DONTWAIT)]
        except BlockingIOError:
            return
        except OSError:
            raise BridgeGoneError from None

    def _end(self) -> None:
        """Tell what is left of this job, for as long as that takes."""
        try:
            self._control.sendall(self._untold)
        except OSError:
            raise BridgeGoneError from None

    def _is_stopped_after_a_turn(self, workers: Sequence[Worker]) -> bool:
        """Wait until something happens and read what there is; whether the bridge says stop."""
        with selectors.DefaultSelector() as selector:
            ways = selectors.EVENT_WRITE if self._untold else 0
            selector.register(self._control, selectors.EVENT_READ | ways)
            selector.register(self._wakeup, selectors.EVENT_READ)
            for worker in workers:
                worker.register(selector)
            patience = min(worker.deadline for worker in workers) - time.monotonic()
            ready = selector.select(max(0.0, patience))
        for key, events in ready:
            if key.fileobj is self._control:
                if events & selectors.EVENT_WRITE:
                    self._tell_on()
                if events & selectors.EVENT_READ:
                    if read_order(self._control) is None:
                        raise BridgeGoneError
                    return True
            elif key.fileobj == self._wakeup:
                with contextlib.suppress(BlockingIOError):
                    os.read(self._wakeup, 4096)
            else:
                key.data()
        return False


def _warm_up() -> None:
    """Serialize a Dag of our own: what Airflow imports for the first one is not every child's work then."""
    from airflow import sdk
    from airflow.providers.standard.operators.python import PythonOperator
    from airflow.serialization.serialized_objects import DagSerialization

    for name in ("Asset", "TaskGroup", "Variable", "dag", "task"):
        getattr(sdk, name)
    with sdk.DAG("warm_up", schedule="@daily") as dag:
        PythonOperator(task_id="warm_up", python_callable=print)
    DagSerialization.to_dict(dag)


def list_dag_files(folder: str) -> list[str]:
    """The Dag files of a folder in alphabetical order, as Airflow's importers find them.

    `.airflowignore`, zip archives and the safe mode (a file must mention `dag` and `airflow`) are theirs.
    """
    from airflow.configuration import conf
    from airflow.dag_processing.importers import get_importer_registry

    safe_mode = conf.getboolean("core", "dag_discovery_safe_mode")
    return sorted(get_importer_registry().list_dag_files(folder, safe_mode=safe_mode))


def _import_airflow_modules(file: str, tried: set[str]) -> None:
    """Import the Airflow modules a file names, once for all its children, as Airflow's Dag processor does."""
    from airflow.utils.file import iter_airflow_imports

    for module in iter_airflow_imports(file):
        if module not in tried:
            tried.add(module)
            # What does not import is told where it matters: in the child that parses the file.
            with contextlib.suppress(Exception, SystemExit):
                importlib.import_module(module)


def _seconds_for(file: str) -> float:
    """How long a file may take in all: Airflow's limit for its import, and a grace.

    Where Airflow's is switched off, its limit for the processing of a file holds.
    """
    from airflow import settings
    from airflow.configuration import conf

    limit = settings.get_dagbag_import_timeout(file)
    if isinstance(limit, (int, float)) and limit > 0:
        return float(limit) + _GRACE_SECONDS
    return float(conf.getint("dag_processor", "dag_file_processor_timeout", fallback=50))


def _reply_of(worker: Worker) -> Done | JobFailed | None:
    for body in worker.results():
        with contextlib.suppress(msgspec.MsgspecError):
            reply = decode_from_child(body)
            return None if isinstance(reply, ChildParsed) else reply
    return None
