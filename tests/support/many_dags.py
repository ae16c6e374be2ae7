"""Very many Dags in an Airflow's database, copied from one by the database itself."""

from __future__ import annotations

from contextlib import closing
from typing import Any, Final

from tests.support.databases import Database

_AT_ONCE: Final = 500


def fill(database: Database, pattern: str, number: int) -> None:
    """Let there be so many Dags more, with the runs, tags and serialized form of the Dag `pattern`."""
    copy = _Copy(database, pattern)
    with database.stranger() as connection, closing(connection.cursor()) as cursor:
        cursor.execute("BEGIN")
        _names(cursor, pattern, number)
        copy.rows(cursor, "dag", {"dag_id": "name.name", "fileloc": "'/dags/' || name.name || '.py'"})
        copy.rows(cursor, "dag_tag", {"dag_id": "name.name"})
        copy.rows(cursor, "dag_version", {"id": copy.key("version"), "dag_id": "name.name"})
        text = "CAST(row.data AS TEXT)"
        data = f"replace({text}, '\"{pattern}\"', '\"' || name.name || '\"')"
        copy.rows(
            cursor,
            "serialized_dag",
            {
                "id": copy.key("serialized"),
                "dag_id": "name.name",
                "dag_version_id": copy.key("version"),
                "data": data if database.kind == "sqlite" else f"CAST({data} AS JSON)",
            },
        )
        last = _value(cursor, "SELECT max(id) FROM dag_run")
        runs = _value(cursor, f"SELECT count(*) FROM dag_run WHERE dag_id = '{pattern}'")  # noqa: S608
        copy.rows(
            cursor,
            "dag_run",
            {
                "id": f"row.id + {last} + (name.number - 1) * {max(runs, 1)}",
                "dag_id": "name.name",
                "backfill_id": "NULL",
                "created_dag_version_id": copy.key("version"),
            },
        )
        cursor.execute("DROP TABLE name")
        cursor.execute("COMMIT")
        cursor.execute("VACUUM ANALYZE" if database.kind == "postgresql" else "ANALYZE")


class _Copy:
    """Statements that copy the rows of one Dag for each name."""

    def __init__(self, database: Database, pattern: str) -> None:
        self._kind = database.kind
        self._pattern = pattern

    def key(self, what: str) -> str:
        """A key of its own for each name, the same wherever it is asked for."""
        digest = f"'{len(what):04x}' || substr('0000000000000000000000000000' || name.number, -28)"
        if self._kind == "sqlite":
            return digest
        padded = f"'{len(what):04x}' || lpad(CAST(name.number AS TEXT), 28, '0')"
        return f"CAST({padded} AS UUID)"

    def rows(self, cursor: Any, table: str, changed: dict[str, str]) -> None:
        """Copy the pattern's rows of a table, with these columns changed."""
        cursor.execute(f"SELECT * FROM {table} LIMIT 1")  # noqa: S608
        columns = [column[0] for column in cursor.description]
        values = [changed.get(column, f"row.{column}") for column in columns]
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(values)} "  # noqa: S608
            f"FROM {table} AS row CROSS JOIN name WHERE row.dag_id = '{self._pattern}'"
        )


def _names(cursor: Any, pattern: str, number: int) -> None:
    cursor.execute("CREATE TEMPORARY TABLE name (number INTEGER PRIMARY KEY, name TEXT)")
    for start in range(1, number + 1, _AT_ONCE):
        some = range(start, min(start + _AT_ONCE, number + 1))
        values = ", ".join(f"({one}, '{pattern}_{one:05}')" for one in some)
        cursor.execute(f"INSERT INTO name VALUES {values}")  # noqa: S608


def _value(cursor: Any, query: str) -> int:
    cursor.execute(query)
    return int(cursor.fetchone()[0])
