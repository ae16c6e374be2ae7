"""The kinds of database that are known here: what is asked and written is tested on these two."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from backfill_tui.domain.problems import Problem, Refused
from backfill_tui.domain.text import one_line

_KNOWN: Final = frozenset({"sqlite", "postgresql"})
_TITLES: Final[Mapping[str, str]] = MappingProxyType(
    {"mysql": "MySQL", "mariadb": "MariaDB", "mssql": "Microsoft SQL Server", "oracle": "Oracle"}
)


def problem_with_kind(dialect: str, where: str) -> Problem | None:
    """Why nothing can be done with a database of this kind; None where it is known."""
    if dialect in _KNOWN:
        return None
    return Refused(
        f"The database of {one_line(where)} is {_TITLES.get(dialect, one_line(dialect))}, and this program "
        "knows PostgreSQL and SQLite only",
        remedy="use Airflow's own commands there, such as airflow backfill create, or its web pages",
    )


def problem_with_configured() -> Problem | None:
    """The same of the database that Airflow is configured with, where it could not be imported for it.

    Nothing but the kind is taken from its address, in which a password may be.
    """
    configuration = sys.modules.get("airflow.configuration")
    if configuration is None:
        return None
    try:
        address = str(configuration.conf.get("database", "sql_alchemy_conn"))
    except Exception as unreadable:  # a command or a backend of secrets may raise anything
        sys.stderr.write(f"its sql_alchemy_conn can not be read either: {type(unreadable).__name__}\n")
        return None
    kind, there, _ = address.partition("://")
    where = str(configuration.AIRFLOW_HOME)
    if not there:
        return Refused(
            f"The sql_alchemy_conn of {one_line(where)} is no address of a database",
            remedy="write it as postgresql+psycopg2://user:password@host/database",
        )
    return problem_with_kind(kind.partition("+")[0].lower(), where)
