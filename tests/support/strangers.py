"""Others at an Airflow's database while something is launched: those who write, hold up, or break it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

from tests.support.databases import Database

CRC_OF_DAILY = 2392697706 - 2**32
"""The CRC-32 of the Dag id `daily` as a signed number, the second half of its advisory lock's key."""


@contextmanager
def duplicate_task_at_run(database: Database, run_id: str) -> Iterator[None]:
    """The task instances of one run seem to be there already."""
    if database.kind == "sqlite":
        database.do(
            f"CREATE TRIGGER twice BEFORE INSERT ON task_instance WHEN NEW.run_id LIKE '{run_id}%' "
            "BEGIN SELECT RAISE(ABORT, 'UNIQUE constraint failed'); END"
        )
        undo = "DROP TRIGGER twice"
    else:
        database.do(
            "CREATE FUNCTION twice() RETURNS trigger AS $$ BEGIN "
            "RAISE EXCEPTION 'there already' USING ERRCODE = 'unique_violation'; END $$ LANGUAGE plpgsql;"
            "CREATE TRIGGER twice BEFORE INSERT ON task_instance FOR EACH ROW "
            f"WHEN (NEW.run_id LIKE '{run_id}%') EXECUTE FUNCTION twice()"
        )
        undo = "DROP TRIGGER twice ON task_instance; DROP FUNCTION twice()"
    try:
        yield
    finally:
        database.do(undo)


@contextmanager
def broken_at_ordinal(database: Database, ordinal: int) -> Iterator[None]:
    if database.kind == "sqlite":
        database.do(
            f"CREATE TRIGGER broken BEFORE INSERT ON backfill_dag_run WHEN NEW.sort_ordinal = {ordinal} "
            "BEGIN SELECT RAISE(ABORT, 'no more room'); END"
        )
        undo = "DROP TRIGGER broken"
    else:
        database.do(
            "CREATE FUNCTION no_room() RETURNS trigger AS $$ BEGIN "
            "RAISE EXCEPTION 'no more room' USING ERRCODE = 'disk_full'; END $$ LANGUAGE plpgsql;"
            "CREATE TRIGGER broken BEFORE INSERT ON backfill_dag_run FOR EACH ROW "
            f"WHEN (NEW.sort_ordinal = {ordinal}) EXECUTE FUNCTION no_room()"
        )
        undo = "DROP TRIGGER broken ON backfill_dag_run; DROP FUNCTION no_room()"
    try:
        yield
    finally:
        database.do(undo)


@dataclass
class Observed:
    """What strangers saw and did while a launch was going on."""

    runs: set[int] = field(default_factory=set)
    backfills: set[int] = field(default_factory=set)
    writes: int = 0


@contextmanager
def strangers_at_work(database: Database) -> Iterator[Observed]:
    """One stranger writes every few milliseconds, another counts what is visible."""
    observed, ended = Observed(), threading.Event()
    database.do("CREATE TABLE scribble (words VARCHAR(20))")

    def write() -> None:
        with database.stranger() as connection, closing(connection.cursor()) as cursor:
            while not ended.wait(0.002):
                cursor.execute("INSERT INTO scribble VALUES ('busy')")
                observed.writes += 1

    def look() -> None:
        with database.stranger() as connection, closing(connection.cursor()) as cursor:
            while not ended.wait(0.005):
                for table, seen in (("dag_run", observed.runs), ("backfill", observed.backfills)):
                    cursor.execute(f"SELECT count(*) FROM {table}")  # noqa: S608  # the names are above
                    seen.add(cursor.fetchone()[0])

    threads = [threading.Thread(target=work) for work in (write, look)]
    for thread in threads:
        thread.start()
    try:
        yield observed
    finally:
        ended.set()
        for thread in threads:
            thread.join()
        database.do("DROP TABLE scribble")


@contextmanager
def launch_held_up(database: Database) -> Iterator[None]:
    """Someone holds what a launch has to wait for."""
    with database.stranger() as connection, closing(connection.cursor()) as cursor:
        if database.kind == "sqlite":
            cursor.execute("BEGIN IMMEDIATE")
            yield
            cursor.execute("ROLLBACK")
        else:
            cursor.execute("BEGIN")
            cursor.execute("SELECT pg_advisory_xact_lock(1111905365, %s)", [CRC_OF_DAILY])
            yield
            cursor.execute("ROLLBACK")
