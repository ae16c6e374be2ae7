"""The local journal of what was done from here: written before and after each deed, read when watching.

It is a help, never a hindrance: a deed is done also where the journal can not be written, and then says so.
"""

from __future__ import annotations

import fcntl
import getpass
import os
import sys
import threading
import time
import uuid
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from backfill_tui.domain.control import Deed
from backfill_tui.domain.folder_names import journal_name
from backfill_tui.domain.ids import BackfillId, DagId
from backfill_tui.domain.instants import Instant
from backfill_tui.domain.journal import JournalEntry, JournalQuery, Phase, RunBefore, RunMark
from backfill_tui.domain.problems import AirflowFailed, Problem, Unreachable
from backfill_tui.domain.text import one_line
from backfill_tui.wire.journal import decoded, encoded, entries, entries_meant, outlines

LAUNCH: Final = "launch"
CREATED_AT: Final = "created_at"
STOP_AFTER: Final = "stop_after_failures"
FAILED: Final = "failed"
Detail = str | int | bool | None


@dataclass(slots=True, kw_only=True)
class OpenDeed:
    """A deed under way. What is set here is written with its end.

    `unwritten` says why the journal could not be written, as a sentence for the user; empty as a rule.
    """

    dag_id: DagId
    backfill_id: BackfillId | None = None
    details: dict[str, Detail] = field(default_factory=dict)
    unwritten: str = ""

    @property
    def remarks(self) -> tuple[str, ...]:
        """That as the remarks of an outcome: one or none."""
        return (self.unwritten,) if self.unwritten else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchNotes:
    """What the journal knows of a backfill launched from here."""

    created_at: Instant
    note: str = ""
    stop_after_failures: int | None = None
    failures_accepted: int = 0


class Journal:
    """One file, which other processes append to as well. Without a path nothing is written or known."""

    def __init__(self, path: Path | None = None, where: str = "") -> None:
        self._path = path
        self._where = where
        self._lock = threading.Lock()
        self._read_up_to = 0
        self._launches: dict[int, LaunchNotes] = {}

    def outlines(self) -> Iterator[JournalEntry]:
        """All its entries without runs and marks, the oldest first; raises Unreachable when it can not."""
        return self._read(outlines)

    @property
    def path(self) -> Path | None:
        """Its file, which may not exist yet; None where none is kept."""
        return self._path

    @property
    def stamp(self) -> tuple[int, int] | None:
        """What changes with each line that anyone writes to it; None where there is no file."""
        try:
            found = None if self._path is None else self._path.stat()
        except OSError:
            return None
        return None if found is None else (found.st_mtime_ns, found.st_size)

    def meant(self, query: JournalQuery) -> Iterator[JournalEntry]:
        """The entries that are asked for, without marks; raises Unreachable when it can not be read."""
        return self._read(lambda path: entries_meant(path, query))

    def beginning(self, number: str) -> JournalEntry | None:
        """The first line of a deed, with all that is in it; raises Unreachable when it can not be read."""
        lines = self._read(lambda path: entries(path, number))
        return next((entry for entry in lines if entry.number == number), None)

    def _read(self, read: Callable[[Path], Iterator[JournalEntry]]) -> Iterator[JournalEntry]:
        if self._path is None:
            return
        try:
            yield from read(self._path)
        except OSError as cause:
            raise Unreachable(
                f"The journal {self._path} can not be read: {cause.strerror}", remedy="see to its rights"
            ) from cause

    @contextmanager
    def deed(
        self,
        deed: str,
        dag_id: DagId,
        *,
        backfill_id: BackfillId | None = None,
        note: str = "",
        runs: Iterable[RunBefore] = (),
        marks: Iterable[RunMark] = (),
        details: dict[str, Detail] | None = None,
    ) -> Generator[OpenDeed, None, None]:
        """Write that a deed begins; at the end of the context that it is done, or undone by an exception.

        The deed must be committed inside the context, and its last line in the context is its commit.
        """
        opened = OpenDeed(dag_id=dag_id, backfill_id=backfill_id, details=dict(details or {}))
        entry = JournalEntry(
            at=_now(), number=uuid.uuid4().hex[:12], phase=Phase.BEGUN, deed=deed, user=user_name(),
            where=self._where, dag_id=dag_id, backfill_id=backfill_id, note=note, runs=tuple(runs),
            marks=tuple(marks), details=dict(opened.details),
        )  # fmt: skip
        self._write(entry, opened)
        try:
            yield opened
        except BaseException as failure:
            self._write(self._end(entry, opened, Phase.UNDONE, _why(failure)), opened)
            raise
        self._write(self._end(entry, opened, Phase.DONE), opened)

    def launch_notes(self, backfill_id: BackfillId, created_at: Instant) -> LaunchNotes:
        """What is known of a backfill; the instant tells it from another one that had its number before."""
        with self._lock:
            self._read_on()
            known = self._launches.get(backfill_id)
        if known is None or known.created_at != created_at:
            return LaunchNotes(created_at=created_at)
        return known

    def _end(self, begun: JournalEntry, opened: OpenDeed, phase: Phase, problem: str = "") -> JournalEntry:
        return replace(
            begun, at=_now(), phase=phase, problem=problem, runs=(), marks=(), backfill_id=opened.backfill_id,
            details=dict(opened.details),
        )  # fmt: skip

    def _write(self, entry: JournalEntry, opened: OpenDeed) -> None:
        if self._path is None:
            return
        try:
            _append(self._path, encoded(entry))
        except OSError as cause:
            opened.unwritten = f"The journal {self._path} can not be written: {cause.strerror}"
            sys.stderr.write(f"{opened.unwritten}\n")

    def _read_on(self) -> None:
        """Take in the lines that were appended since the last look."""
        if self._path is None:
            return
        try:
            with self._path.open("rb") as file:
                if os.fstat(file.fileno()).st_size < self._read_up_to:
                    self._read_up_to, self._launches = 0, {}
                file.seek(self._read_up_to)
                for line in file:
                    if not line.endswith(b"\n"):
                        break
                    self._read_up_to += len(line)
                    self._take_in(line)
        except OSError:
            # No journal, or none that may be read: then nothing is known, which is what is said.
            return

    def _take_in(self, line: bytes) -> None:
        # The lines that begin a deed may be long, and nothing of them is wanted.
        entry = decoded(line) if b'"phase":"done"' in line else None
        if entry is None or entry.backfill_id is None:
            return
        details = entry.details
        if entry.deed == LAUNCH and isinstance(details.get(CREATED_AT), int):
            self._launches[entry.backfill_id] = LaunchNotes(
                created_at=Instant(int(details[CREATED_AT] or 0)), note=entry.note,
                stop_after_failures=_number(details.get(STOP_AFTER)),
            )  # fmt: skip
        elif entry.deed == Deed.RESUME and entry.backfill_id in self._launches:
            known = self._launches[entry.backfill_id]
            accepted = _number(details.get(FAILED)) or 0
            self._launches[entry.backfill_id] = replace(known, failures_accepted=accepted)


def _why(failure: BaseException) -> str:
    """Why a deed came to nothing, in this program's own words: those of Airflow may quote a conf."""
    if isinstance(failure, AirflowFailed):
        return "Airflow could not do it; the log of the bridge says why"
    return one_line(str(failure)) if isinstance(failure, Problem) else type(failure).__name__


def user_name() -> str:
    """The user of the operating system, as the one who did it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A container may run under a number that no one gave a name.
        return str(os.getuid())


def _append(path: Path, line: bytes) -> None:
    """Append one line whole, though others append too, and though the last one may have been torn."""
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        size = os.fstat(descriptor).st_size
        torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
        rest = memoryview(b"\n" + line if torn else line)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def journal_of_home(airflow_home: Path) -> Path | None:
    """The journal of an Airflow of this machine when the screen is on another one.

    It lies where a session of this machine keeps it on Linux; None where no folder for it can be made.
    """
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    folder = Path(state) / "backfill-tui" / "attached"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as cause:
        sys.stderr.write(f"no journal is kept, {folder} can not be made: {cause.strerror}\n")
        return None
    return folder / journal_name(airflow_home.resolve())


def _now() -> Instant:
    return Instant(time.time_ns() // 1000)
