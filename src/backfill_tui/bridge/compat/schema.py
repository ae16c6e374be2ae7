"""Columns and attributes that only some versions of Airflow have: elsewhere they are null."""

from __future__ import annotations

from typing import Any


def column(owner: Any, name: str) -> Any:
    """A column of a model, or of the columns of a table; NULL by that name where there is none such."""
    found = getattr(owner, name, None)
    if found is not None:
        return found
    from sqlalchemy import null

    return null().label(name)


def value(row: Any, name: str) -> Any:
    """What an object or a row of Airflow's has by that name; None where it knows no such thing."""
    return getattr(row, name, None)
