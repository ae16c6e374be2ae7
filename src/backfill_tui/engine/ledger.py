"""What the engine reads in the metadata database, with the standard library alone.

The tables are Airflow 3.3's (models/backfill.py, models/dagrun.py, jobs/job.py). The one thing written is
what Airflow's own scheduler would write half a minute later: that a job whose process is gone has failed.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path
from typing import Final
from urllib.parse import quote

SCHEDULER_JOB: Final = "SchedulerJob"
TRIGGERER_JOB: Final = "TriggererJob"

_READ_SECONDS: Final = 2.0
_WRITE_SECONDS: Final = 20.0

# Something that Airflow would still do: a task under way, a run that may advance (a paused or vanished Dag
# and a paused backfill hold theirs back), a backfill not yet marked as completed although its runs are over.
_ACTIVE: Final = """
SELECT EXISTS (
    SELECT 1 FROM task_instance WHERE state IN ('queued', 'running', 'restarting', 'deferred')
) OR EXISTS (
    SELECT 1 FROM dag_run r JOIN dag d ON d.dag_id = r.dag_id LEFT JOIN backfill b ON b.id = r.backfill_id
    WHERE NOT d.is_paused AND NOT d.is_stale
    AND (r.state = 'running' OR (r.state = 'queued' AND NOT coalesce(b.is_paused, 0)))
) OR EXISTS (
    SELECT 1 FROM backfill b WHERE b.completed_at IS NULL AND NOT EXISTS (
        SELECT 1 FROM dag_run r WHERE r.backfill_id = b.id AND r.state IN ('queued', 'running')
    )
)
"""


class Ledger:
    """The metadata database of one home, as the engine sees it. Every question may raise sqlite3.Error."""

    def __init__(self, database: Path) -> None:
        self._database = database

    def is_there(self) -> bool:
        """Whether the database has been created."""
        if not self._database.exists():
            return False
        found = self._ask("SELECT count(*) FROM sqlite_master WHERE name IN ('job', 'backfill', 'dag_run')")
        return found == 3  # noqa: PLR2004

    def is_active(self) -> bool:
        """Whether there is anything left for Airflow to do."""
        return bool(self._ask(_ACTIVE))

    def has_deferred(self) -> bool:
        """Whether a task waits for a trigger, which needs a triggerer."""
        return bool(self._ask("SELECT EXISTS (SELECT 1 FROM task_instance WHERE state = 'deferred')"))

    def heartbeat(self, job_type: str, since: float) -> str | None:
        """The latest heartbeat of a job of this type that began at `since` (seconds since epoch) or later."""
        beat = self._ask(
            "SELECT max(latest_heartbeat) FROM job"
            " WHERE job_type = ? AND state = 'running' AND start_date >= ?",
            (job_type, _as_stored(since)),
        )
        return beat if isinstance(beat, str) else None

    def is_held(self) -> bool:
        """Whether somebody writes right now, so that nobody else can, as a launch does while it creates."""
        with closing(sqlite3.connect(self._address("rw"), uri=True, timeout=0)) as connection:
            try:
                connection.execute("BEGIN IMMEDIATE")
                connection.execute("ROLLBACK")
            except sqlite3.OperationalError as refused:
                # Python 3.10 tells no code.
                if "locked" not in str(refused):
                    raise
                return True
        return False

    def fail_jobs(self, job_type: str) -> None:
        """Say that all jobs of this type have failed, so that their tasks are taken over at once.

        Only for jobs whose processes are known to be gone. Airflow's scheduler does the same after 30 s
        (Airflow 3.3 scheduler_job_runner.py, adopt_or_reset_orphaned_tasks).
        """
        with closing(sqlite3.connect(self._database, timeout=_WRITE_SECONDS)) as connection, connection:
            connection.execute(
                "UPDATE job SET state = 'failed', end_date = ? WHERE job_type = ? AND state = 'running'",
                (_as_stored(time.time()), job_type),
            )

    def _ask(self, question: str, values: tuple[object, ...] = ()) -> object:
        # A new connection each time costs a third of a millisecond and never holds anything.
        with closing(sqlite3.connect(self._address("ro"), uri=True, timeout=_READ_SECONDS)) as connection:
            row = connection.execute(question, values).fetchone()
        return row[0] if row else None

    def _address(self, mode: str) -> str:
        """The database as it is: none is made where there is none."""
        return f"file:{quote(str(self._database))}?mode={mode}"


def _as_stored(seconds: float) -> str:
    """An instant as Airflow stores it in SQLite: UTC, without an offset."""
    moment = datetime.fromtimestamp(seconds, timezone.utc)
    return moment.strftime("%Y-%m-%d %H:%M:%S.%f")
