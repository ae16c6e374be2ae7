"""The metadata database: whether it is there, whether it is of this Airflow, and making the embedded one.

Nothing here ever migrates a database: that is for its owner to decide.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from backfill_tui.bridge.compat.readable import columns_missing
from backfill_tui.bridge.database_kind import problem_with_kind
from backfill_tui.bridge.environment import AirflowEnvironment
from backfill_tui.bridge.full_disk import FULL, says_full
from backfill_tui.bridge.lost_database import driver_words
from backfill_tui.bridge.parsing import DagParser
from backfill_tui.domain.environment import Mode
from backfill_tui.domain.problems import AirflowFailed, Problem, Refused, Unreachable
from backfill_tui.domain.text import one_line

_NONE_YET: Final = ""
_UNWRITABLE: Final = ("readonly database", "Permission denied", "Read-only file system", "unable to open")


def ensure_created(
    home: Path, parser: DagParser, on_wait: Callable[[], None], check: Callable[[], None]
) -> bool:
    """Create the embedded database unless it is there; whether it was created now.

    Two sessions that start at once create it once: the other one waits, calling `check` meanwhile.
    """
    place = _sqlite_file()
    if _revision_in(place) != _NONE_YET:
        return False
    on_wait()
    with _locked(home / "database.lock", check):
        if _revision_in(place) != _NONE_YET:
            return False
        try:
            parser.create_database()
        except AirflowFailed as failed:
            raise _not_created(place, failed) from failed
    # Whatever this process had open was the file from before.
    from airflow import settings

    settings.engine.dispose()
    return True


def check_version(airflow: AirflowEnvironment) -> None:
    """Raise a Problem unless the database is of a known kind, answers and has this Airflow's very tables."""
    from airflow import __version__, settings

    if (unknown := problem_with_kind(settings.engine.dialect.name, airflow.where)) is not None:
        raise unknown

    found = _revision_found(airflow)
    expected = _expected_revision()
    if found == expected:
        return
    where, remedy = _whose(airflow)
    if found == _NONE_YET:
        raise Refused(f"The database of {where} has no tables of Airflow", remedy=remedy)
    raise Refused(
        f"The database of {where} is of {_made_by(found)}, but Airflow {__version__} is installed here",
        remedy=remedy,
        detail=f"revision in the database: {found}\nrevision of this Airflow: {expected}",
    )


def check_readable(airflow: AirflowEnvironment, unknown: Problem) -> None:
    """Raise AirflowFailed where a version that is not known has other tables than those that are read."""
    with airflow.session() as session:
        missing = columns_missing(session.connection())
    if missing:
        raise AirflowFailed(
            f"{unknown.message}, and its tables can not be read either: they lack {missing[0]}",
            remedy=unknown.remedy,
            detail="\n".join([unknown.detail, *missing]).strip(),
        )


def _whose(airflow: AirflowEnvironment) -> tuple[str, str]:
    home = os.environ.get("AIRFLOW_HOME", airflow.where)
    if airflow.mode is Mode.EMBEDDED:
        remedy = (
            f"use the Airflow it was made with, start afresh with --home DIR, or keep a copy of {home} "
            f"and run: AIRFLOW_HOME={home} airflow db migrate"
        )
        return f"the home {home}", remedy
    return airflow.where, "use the Airflow that runs it, or have its owner run: airflow db migrate"


def _revision_found(airflow: AirflowEnvironment) -> str:
    from sqlalchemy import inspect, text
    from sqlalchemy.exc import DBAPIError

    try:
        with airflow.session() as session:
            if not inspect(session.connection()).has_table("alembic_version"):
                return _NONE_YET
            rows = session.execute(text("SELECT version_num FROM alembic_version")).scalars().all()
    except (DBAPIError, OSError) as cause:
        where, _ = _whose(airflow)
        raise Unreachable(
            f"The database of {where} does not answer: {driver_words(cause)}",
            remedy="check that it runs, and that sql_alchemy_conn names it",
            detail=str(cause),
        ) from cause
    return ",".join(sorted(rows))


def _expected_revision() -> str:
    """The revision of this Airflow's tables.

    Airflow notes the last revision of its releases (Airflow 3.3 utils/db.py); when that is not of this very
    minor release, all its migrations are read, which takes a third of a second.
    """
    from airflow import __version__
    from airflow.utils import db

    noted: dict[str, str] = getattr(db, "_REVISION_HEADS_MAP", {})
    if noted:
        version, revision = list(noted.items())[-1]
        if version.split(".")[:2] == __version__.split(".")[:2]:
            return revision
    return ",".join(sorted(db._get_script_object().get_heads()))  # noqa: SLF001  # there is no public way


def _made_by(revision: str) -> str:
    """The Airflow that a revision belongs to, in words (Airflow 3.3 utils/db.py, `_REVISION_HEADS_MAP`)."""
    from airflow.utils import db

    by_revision = {head: version for version, head in getattr(db, "_REVISION_HEADS_MAP", {}).items()}
    version = by_revision.get(revision)
    return f"Airflow {version}" if version else "another version of Airflow"


def _sqlite_file() -> Path:
    from airflow import settings

    return Path(settings.engine.url.database)


def _revision_in(place: Path) -> str:
    """The revision in a SQLite file, empty when there is no whole database yet."""
    try:
        if not place.exists() or place.stat().st_size == 0:
            return _NONE_YET
        with closing(sqlite3.connect(place, timeout=60)) as connection:
            found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.OperationalError as cause:
        if "no such table" in str(cause):
            # Airflow notes the revision last, so nothing has ever run on these tables.
            return _NONE_YET
        raise Unreachable(
            f"The database {place} can not be read: {cause}", remedy="check who may read it"
        ) from cause
    except sqlite3.DatabaseError as cause:
        raise Refused(
            f"The file {place} is not a database: {cause}",
            remedy="restore it from a copy, or start afresh with --home DIR",
        ) from cause
    except OSError as cause:
        raise Unreachable(
            f"The database {place} can not be read: {cause.strerror}", remedy="check who may read it"
        ) from cause
    return str(found[0]) if found else _NONE_YET


@contextmanager
def _locked(path: Path, check: Callable[[], None]) -> Iterator[None]:
    import time

    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as cause:
        raise Unreachable(
            f"The home {path.parent} can not be written: {cause.strerror}",
            remedy="make it writable for you, or name another folder with --home DIR",
        ) from cause
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                check()
                time.sleep(0.05)
        yield
    finally:
        os.close(descriptor)


def _not_created(place: Path, failed: AirflowFailed) -> Problem:
    told = f"{failed.message}\n{failed.detail}"
    if says_full(told, place.parent):
        return Unreachable(
            f"{FULL}: the database {place} can not be created",
            remedy="free some space, or name another folder with --home DIR",
            detail=failed.detail,
        )
    if any(words in told for words in _UNWRITABLE):
        return Unreachable(
            f"The database {place} can not be created: its folder can not be written",
            remedy="make it writable for you, or name another folder with --home DIR",
            detail=failed.detail,
        )
    return AirflowFailed(
        f"Airflow could not create the database {place}: {one_line(failed.message.splitlines()[0])}",
        remedy=failed.remedy,
        detail=failed.detail,
    )
