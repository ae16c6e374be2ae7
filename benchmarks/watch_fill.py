"""Very many runs in an Airflow's database, copied from one by the database: a million tasks a minute."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import datetime, timedelta, timezone
from typing import Any, Final

from psycopg2.extras import execute_values  # type: ignore[import-untyped]  # its stubs are a package of their own
from tests.support.databases import Database

RUNNING: Final = 10
_FIRST: Final = datetime(2000, 1, 1, tzinfo=timezone.utc)


def fill(database: Database, dag_id: str, backfill_id: int, runs: int) -> None:
    """Let a backfill of one run have so many, the last of them running, all with the same task instances."""
    with database.stranger() as connection, closing(connection.cursor()) as cursor:
        cursor.execute("BEGIN")
        pattern = _row(cursor, f"SELECT * FROM dag_run WHERE backfill_id = {backfill_id}")  # noqa: S608
        cursor.execute("SELECT max(id) FROM dag_run")
        last = cursor.fetchone()[0]
        _insert_runs(database, cursor, pattern, range(last + 1, last + runs))
        cursor.execute(
            "INSERT INTO backfill_dag_run (backfill_id, dag_run_id, sort_ordinal, logical_date) "  # noqa: S608
            f"SELECT backfill_id, id, id - {last - 1}, logical_date FROM dag_run "
            f"WHERE backfill_id = {backfill_id} AND id <> {pattern['id']}"
        )
        _insert_tasks(database, cursor, dag_id, pattern["run_id"])
        cursor.execute("COMMIT")
        if database.kind == "postgresql":
            # As the server's own vacuum leaves tables that were not filled a moment ago.
            cursor.execute("VACUUM ANALYZE")


def _row(cursor: Any, query: str) -> dict[str, Any]:
    cursor.execute(query)
    return dict(zip((column[0] for column in cursor.description), cursor.fetchone(), strict=True))


def _insert_runs(database: Database, cursor: Any, pattern: dict[str, Any], ids: range) -> None:
    made = []
    for number, new_id in enumerate(ids, 1):
        date: Any = _FIRST + timedelta(hours=number)
        run_id = f"backfill__{date.isoformat()}"
        if database.kind == "sqlite":
            date = f"{date:%Y-%m-%d %H:%M:%S.%f}"
        run = pattern | {
            "id": new_id, "run_id": run_id, "logical_date": date, "run_after": date,
            "start_date": date, "state": "running" if number > len(ids) - RUNNING else "success",
        }  # fmt: skip
        made.append([json.dumps(value) if isinstance(value, dict) else value for value in run.values()])
    columns = ", ".join(pattern)
    if database.kind == "sqlite":
        marks = ", ".join("?" * len(pattern))
        cursor.executemany(f"INSERT INTO dag_run ({columns}) VALUES ({marks})", made)  # noqa: S608
    else:
        execute_values(cursor, f"INSERT INTO dag_run ({columns}) VALUES %s", made, page_size=1000)  # noqa: S608


def _insert_tasks(database: Database, cursor: Any, dag_id: str, pattern_run: str) -> None:
    of_pattern = f"dag_id = '{dag_id}' AND run_id = '{pattern_run}'"
    columns = list(_row(cursor, f"SELECT * FROM task_instance WHERE {of_pattern} LIMIT 1"))  # noqa: S608
    new_id = "lower(hex(randomblob(16)))" if database.kind == "sqlite" else "gen_random_uuid()"
    values = [{"id": new_id, "run_id": "run.run_id"}.get(name, f"task.{name}") for name in columns]
    # CROSS JOIN: SQLite keeps the order, so that the tasks of a run lie together, as Airflow creates them.
    cursor.execute(
        f"INSERT INTO task_instance ({', '.join(columns)}) SELECT {', '.join(values)} "  # noqa: S608
        f"FROM dag_run AS run CROSS JOIN (SELECT * FROM task_instance WHERE {of_pattern}) AS task "
        f"WHERE run.dag_id = '{dag_id}' AND run.run_id <> '{pattern_run}'"
    )
