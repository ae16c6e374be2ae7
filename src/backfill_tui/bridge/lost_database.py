"""A database that does not answer, told from what its driver raises."""

from __future__ import annotations

import sys
from typing import Final

from backfill_tui.domain.problems import AirflowFailed
from backfill_tui.domain.text import one_line

_AWAY: Final = ("08", "57P")
"""How SQLSTATEs begin of a connection that broke, and of a server that goes down or is not up yet."""


def lost_database(failure: BaseException) -> AirflowFailed | None:
    """The problem of a call that ended because the database did not answer; None where it was something else.

    It is not Unreachable, for the bridge itself is there, and answers the next call once the database does.
    """
    errors = sys.modules.get("sqlalchemy.exc")
    if errors is None or not isinstance(failure, (errors.OperationalError, errors.InterfaceError)):
        return None
    cause = failure.orig
    if cause is None or type(cause).__module__.startswith("sqlite3"):
        return None
    state = getattr(cause, "pgcode", None) or getattr(cause, "sqlstate", None)
    if state is not None and not state.startswith(_AWAY):
        return None
    return AirflowFailed(
        f"Airflow's database does not answer: {one_line(driver_words(failure))}",
        remedy="see whether it is up, then try again",
    )


def driver_words(failure: Exception) -> str:
    """The first line of what the driver says, without SQLAlchemy's, which has the statement in it."""
    words = str(getattr(failure, "orig", None) or failure).strip()
    return words.splitlines()[0] if words else type(failure).__name__
