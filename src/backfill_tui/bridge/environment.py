"""The Airflow this bridge speaks for, as its handlers see it."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from backfill_tui.bridge.journal import Journal
from backfill_tui.domain.environment import Mode
from backfill_tui.domain.instants import Instant
from backfill_tui.domain.problems import Problem, Refused

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from backfill_tui.bridge.parsing import DagParser


@dataclass(slots=True)
class Limits:
    """What can not be done here: `only_reads` is the problem that leaves nothing but reading.

    It is with this version of Airflow, known at once, or with its database, known once that has answered.
    """

    only_reads: Problem | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AirflowEnvironment:
    """One Airflow, already imported.

    `where` names it to a person (`embedded:dags/`, or its home); `dags_folder` is set in embedded mode,
    and so is `parser`, the process that parses its files. `journal` keeps what is done from here.
    `limits` has what was found at the start.
    """

    mode: Mode
    where: str
    read_only: bool
    dags_folder: Path | None = None
    parser: DagParser | None = field(default=None, repr=False)
    journal: Journal = field(default_factory=Journal, repr=False)
    limits: Limits = field(default_factory=Limits, repr=False)

    @contextmanager
    def session(self) -> Generator[Session, None, None]:
        """A session of its own, not the thread's: committed at the end, rolled back by an exception.

        Airflow's `create_session()` hands every caller of a thread the same session and commits it under
        them (Airflow 3.3 utils/session.py), so nothing here shares one. Objects outlive the session, their
        attributes do not expire at a commit, and nothing is flushed before a query.
        """
        from airflow.utils.session import create_session

        with create_session(scoped=False) as session:
            yield session

    def now(self, session: Session) -> Instant:
        """The clock of the database, by which Airflow decides what is due."""
        from sqlalchemy import text

        if dialect_of(session) == "sqlite":
            # SQLite has no clock but this machine's, and tells it in milliseconds only.
            return Instant(time.time_ns() // 1000)
        return Instant(int(session.execute(text(_POSTGRES_CLOCK)).scalar_one() * 1_000_000))

    def require_writable(self, what: str) -> None:
        """Raise Refused in read-only mode; `what` continues the sentence (`pausing a Dag`)."""
        if (why := self.limits.only_reads) is not None:
            raise Refused(
                f"Read-only, so {what} is not possible: {why.message}", remedy=why.remedy, detail=why.detail
            )
        if self.read_only:
            raise Refused(
                f"Read-only: {what} is not allowed",
                remedy="start without --read-only to change anything",
            )


_POSTGRES_CLOCK = "SELECT extract(epoch from clock_timestamp())"


def dialect_of(session: Session) -> str:
    """The kind of database behind a session: `sqlite` or `postgresql`."""
    return session.get_bind().dialect.name
