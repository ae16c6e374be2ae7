"""What others do to a database in the middle of a launch, as triggers of that database or as a stranger."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

from tests.support.databases import Database


@contextmanager
def _at_ordinal(database: Database, ordinal: int, statement: str) -> Iterator[None]:
    """Something is done as the entry of a date is written."""
    if database.kind == "sqlite":
        database.do(
            f"CREATE TRIGGER meanwhile AFTER INSERT ON backfill_dag_run WHEN NEW.sort_ordinal = {ordinal} "
            f"BEGIN {statement}; END"
        )
        undo = "DROP TRIGGER meanwhile"
    else:
        database.do(
            f"CREATE FUNCTION meanwhile() RETURNS trigger AS $$ BEGIN {statement}; RETURN NULL; END $$ "
            "LANGUAGE plpgsql;"
            "CREATE TRIGGER meanwhile AFTER INSERT ON backfill_dag_run FOR EACH ROW "
            f"WHEN (NEW.sort_ordinal = {ordinal}) EXECUTE FUNCTION meanwhile()"
        )
        undo = "DROP TRIGGER meanwhile ON backfill_dag_run; DROP FUNCTION meanwhile()"
    try:
        yield
    finally:
        database.do(undo)


@contextmanager
def marked_complete_at_ordinal(database: Database, ordinal: int) -> Iterator[None]:
    """The backfill is marked as complete in the middle of its creation."""
    statement = "UPDATE backfill SET completed_at = created_at WHERE id = NEW.backfill_id"
    with _at_ordinal(database, ordinal, statement):
        yield


@contextmanager
def run_deleted_at_ordinal(database: Database, ordinal: int, which: str) -> Iterator[None]:
    """Runs go away in the middle of the creation."""
    with _at_ordinal(database, ordinal, f"DELETE FROM dag_run WHERE {which}"):  # noqa: S608  # ours
        yield


@contextmanager
def state_changed_at_ordinal(database: Database, ordinal: int, state: str) -> Iterator[None]:
    """The runs that have succeeded are in another state from the middle of the creation on."""
    with _at_ordinal(database, ordinal, f"UPDATE dag_run SET state = '{state}' WHERE state = 'success'"):  # noqa: S608  # ours
        yield


@contextmanager
def connection_lost_at_commit(database: Database) -> Iterator[None]:
    """The server ends the connection that commits a backfill (PostgreSQL only)."""
    database.do(
        "CREATE FUNCTION gone() RETURNS trigger AS $$ BEGIN "
        "PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$ LANGUAGE plpgsql;"
        "CREATE CONSTRAINT TRIGGER gone AFTER INSERT ON backfill DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW EXECUTE FUNCTION gone()"
    )
    try:
        yield
    finally:
        database.do("DROP TRIGGER gone ON backfill; DROP FUNCTION gone()")


@contextmanager
def backfill_refused(database: Database) -> Iterator[None]:
    """The database takes no backfill."""
    if database.kind == "sqlite":
        database.do("CREATE TRIGGER refused BEFORE INSERT ON backfill BEGIN SELECT RAISE(ABORT, 'no'); END")
        undo = "DROP TRIGGER refused"
    else:
        database.do(
            "CREATE FUNCTION refused() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION 'no'; END $$ "
            "LANGUAGE plpgsql;"
            "CREATE TRIGGER refused BEFORE INSERT ON backfill FOR EACH ROW EXECUTE FUNCTION refused()"
        )
        undo = "DROP TRIGGER refused ON backfill; DROP FUNCTION refused()"
    try:
        yield
    finally:
        database.do(undo)


@contextmanager
def row_held(database: Database, query: str) -> Iterator[None]:
    """Another transaction holds the rows of a query (PostgreSQL only)."""
    with database.stranger() as connection, closing(connection.cursor()) as cursor:
        cursor.execute("BEGIN")
        cursor.execute(query)
        yield
        cursor.execute("ROLLBACK")
