"""What the program asks of PostgreSQL while Celery executes a backfill, beside reading all of it again.

A deployment of its own (two schedulers, two Celery workers and the rest of an Airflow) on a PostgreSQL that
is started for this, with a backfill of 2,000 runs of 50 tasks, most of which have ended. The watch screen is
open on it, attached as a role of its own, and PostgreSQL itself counts what that role asks
(pg_stat_statements): first while the backfill is paused, then while the workers execute it. The naive side
reads the runs and the task instances in full as often as the screen is brought up to date, or as often as it
can, with nothing but the driver, as another role. BEGIN, COMMIT and ROLLBACK are not counted.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from scripts.services import started_postgres
from tests.support.deployment import Deployment, deployment
from tests.support.terminal import Terminal

from benchmarks.watch_truth import read_in_full

RUNS: Final = 2_000
TASKS: Final = 50
LEFT: Final = 100
"""How many of the runs are left to the workers."""

SECONDS: Final = 60
UPDATES_A_SECOND: Final = 5
BOUND: Final = {"paused": 2_400, "executed": 3_000}
"""The most queries a minute that the program promises, eight to ten for each of 300 readings of what moved.

A paused backfill rests, but the parts of its Airflow write their heartbeats to the same database.
"""

_SETTLED_SECONDS: Final = 20
_DAGS: Final = {
    "wide.py": f"""
        from datetime import datetime, timezone
        from airflow.providers.standard.operators.empty import EmptyOperator
        from airflow.sdk import DAG, BaseOperator

        class Work(BaseOperator):
            def execute(self, context):
                pass

        with DAG("wide", schedule="@hourly", start_date=datetime(2024, 1, 1, tzinfo=timezone.utc),
                 end_date=datetime(2024, 12, 31, tzinfo=timezone.utc), catchup=False):
            before = None
            for number in range({TASKS}):
                task = (EmptyOperator if number % 10 else Work)(task_id=f"task_{{number:02}}")
                if before is not None:
                    before >> task
                before = task
    """
}


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a role asked in a minute: statements, the rows they gave, and the time of the database in ms."""

    queries: float
    rows: float
    milliseconds: float


def main() -> int:
    """Print what both ask; 1 when the program asked more than it promises."""
    with (
        started_postgres("shared_preload_libraries=pg_stat_statements") as server,
        tempfile.TemporaryDirectory(prefix="backfill-tui-bench-") as folder,
        deployment(Path(folder), _DAGS, server=server) as airflow,
    ):
        airflow.database.do("CREATE EXTENSION pg_stat_statements")
        for role in ("program", "naive"):
            airflow.database.do(f"CREATE ROLE {role} LOGIN SUPERUSER")
        number = _prepared(airflow)
        print(f"  {RUNS:,} runs x {TASKS} tasks, PostgreSQL, CeleryExecutor with two workers", flush=True)
        exceeded = 0
        with _watched(airflow):
            for what in ("paused", "executed"):
                if what == "executed":
                    _done(airflow, "resume", str(number), "--yes")
                    time.sleep(_SETTLED_SECONDS)
                before = _ended(airflow)
                ours = _asked(airflow, "program", lambda: time.sleep(SECONDS))
                moved = _ended(airflow) - before
                naive = _asked(airflow, "naive", lambda: _read_again_and_again(airflow, number))
                exceeded += ours.queries > BOUND[what]
                _print(f"{what}, {moved} tasks ended in a minute", ours, naive, BOUND[what])
    return int(exceeded > 0)


def _prepared(airflow: Deployment) -> int:
    """Launch the backfill, paused, and let most of its runs have succeeded; its number."""
    dates = ("--from", "2024-01-01T00:00", "--to", "2024-03-24T07:00", "--max-active-runs", "20")
    _done(airflow, "launch", "wide", *dates, "--paused", "--yes")
    assert airflow.database.ask("SELECT count(*) FROM dag_run WHERE dag_id = 'wide'") == RUNS
    ended = (
        "SELECT run_id FROM dag_run WHERE dag_id = 'wide' "  # noqa: S608
        f"ORDER BY logical_date LIMIT {RUNS - LEFT}"
    )
    for table in ("task_instance", "dag_run"):
        airflow.database.do(
            f"UPDATE {table} SET state = 'success', start_date = now(), end_date = now(), updated_at = now() "  # noqa: S608
            f"WHERE dag_id = 'wide' AND run_id IN ({ended})"
        )
    airflow.database.do("VACUUM ANALYZE")
    return int(airflow.database.ask("SELECT max(id) FROM backfill"))


def _done(airflow: Deployment, *words: str) -> None:
    done = airflow.run(*words, seconds=600)
    assert done.code == 0, done.err


@contextmanager
def _watched(airflow: Deployment) -> Iterator[None]:
    """The watch screen of the backfill, in a real terminal, with a role of its own in the database."""
    url = airflow.database.url.replace("postgres@", "program@")
    environment = {**airflow.environment, "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": url}
    with Terminal(airflow.words(), environment=environment, columns=160, lines=50) as terminal:
        terminal.wait_for("wide", "1 Dag", seconds=120)
        terminal.press("w")
        terminal.wait_for("Watch  wide", f"{RUNS:,} runs", seconds=120)
        time.sleep(_SETTLED_SECONDS)
        yield
        terminal.wait_for("Watch  wide")
        terminal.press("ctrl+c")


def _read_again_and_again(airflow: Deployment, number: int) -> None:
    url = airflow.database.address.replace("postgres@", "naive@")
    database = replace(airflow.database, address=url)
    until = time.monotonic() + SECONDS
    while (began := time.monotonic()) < until:
        read_in_full(database, number)
        time.sleep(max(0.0, 1 / UPDATES_A_SECOND - (time.monotonic() - began)))


def _asked(airflow: Deployment, role: str, meanwhile: Callable[[], None]) -> Asked:
    before, began = _statements(airflow, role), time.monotonic()
    meanwhile()
    minutes = (time.monotonic() - began) / 60
    queries, rows, milliseconds = (
        (now - then) / minutes for now, then in zip(_statements(airflow, role), before, strict=True)
    )
    return Asked(queries=queries, rows=rows, milliseconds=milliseconds)


def _statements(airflow: Deployment, role: str) -> tuple[float, ...]:
    """Statements, rows and milliseconds of a role since it was made."""
    with airflow.database.stranger() as connection, closing(connection.cursor()) as cursor:
        cursor.execute(
            "SELECT coalesce(sum(calls), 0), coalesce(sum(rows), 0), coalesce(sum(total_exec_time), 0) "
            "FROM pg_stat_statements WHERE userid = %s::regrole "
            "AND query NOT ILIKE ALL (ARRAY['BEGIN%%', 'COMMIT%%', 'ROLLBACK%%'])",
            [role],
        )
        return tuple(map(float, cursor.fetchone()))


def _ended(airflow: Deployment) -> int:
    ended = "SELECT count(*) FROM task_instance WHERE dag_id = 'wide' AND state = 'success'"
    return int(airflow.database.ask(ended))


def _print(what: str, ours: Asked, naive: Asked, bound: int) -> None:
    print(f"    {what}")
    print(f"      {'a minute':<28}{'this program':>14}{'reading all':>14}{'ratio':>9}")
    for title, mine, theirs in (
        ("queries", ours.queries, naive.queries),
        ("rows read", ours.rows, naive.rows),
        ("time of the database, ms", ours.milliseconds, naive.milliseconds),
    ):
        print(f"      {title:<28}{mine:>14,.0f}{theirs:>14,.0f}{theirs / max(mine, 1):>9.1f}")
    met = "met" if ours.queries <= bound else "MISSED"
    print(f"      bound: {bound:,} queries a minute, whatever the size of the backfill: {met}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
