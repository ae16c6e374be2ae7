"""The journal told over the wire, and who alone may go on rerunning a Dag: both are where the bridge runs."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from backfill_tui.domain.ids import DagId
from backfill_tui.domain.journal import JournalPart, JournalQuery, in_parts
from backfill_tui.domain.problems import Refused, Unreachable
from backfill_tui.domain.text import one_line
from backfill_tui.wire.methods import HOLD_ATTEMPTS, JOURNAL, ForDag, Nothing

if TYPE_CHECKING:
    from backfill_tui.bridge.environment import AirflowEnvironment
    from backfill_tui.bridge.journal import Journal
    from backfill_tui.bridge.server import Call, Server

_LOOK_SECONDS: Final = 0.5


def register(server: Server, airflow: AirflowEnvironment) -> None:
    """Answer `journal` and `hold_attempts`."""

    def journal(query: JournalQuery, call: Call[JournalPart]) -> Nothing:
        place = _file_of(airflow.journal, airflow.where)
        for part in in_parts(str(place), airflow.journal.meant(query)):
            call.emit(part)
            call.check()
        return Nothing()

    def hold(asked: ForDag, call: Call[Nothing]) -> Nothing:
        with held(_file_of(airflow.journal, airflow.where), asked.dag_id or DagId("")):
            call.emit(Nothing())
            while not call.wait(_LOOK_SECONDS):
                pass
        return Nothing()

    server.handle(JOURNAL, journal)
    server.handle(HOLD_ATTEMPTS, hold)


def _file_of(journal: Journal, where: str) -> Path:
    if journal.path is None:
        raise Unreachable(
            f"No journal of {one_line(where)} is kept, because there is no folder for it",
            remedy="make the state folder writable where the bridge runs, or set XDG_STATE_HOME there",
        )
    return journal.path


@contextmanager
def held(journal: Path, dag_id: DagId) -> Generator[None, None, None]:
    """Hold the lock of a Dag of the Airflow with that journal, which ends with the process at the latest.

    Journals of several Airflows may lie in one folder, and each may have a Dag of that name. Raises Refused
    while somebody else has the lock, Unreachable where it can not be made.
    """
    name = hashlib.sha256(f"{journal.name}\n{dag_id}".encode()).hexdigest()[:16]
    path = journal.with_name(f"rerun-{name}.lock")
    try:
        journal.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as cause:
        raise Unreachable(
            f"The lock {one_line(str(path))} can not be made: {cause.strerror}", remedy="see to its rights"
        ) from cause
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused(
                f"Another rerun with --max-attempts is at work on {one_line(dag_id)}",
                remedy="wait for its end, or stop it",
            ) from None
        yield
    finally:
        os.close(descriptor)
