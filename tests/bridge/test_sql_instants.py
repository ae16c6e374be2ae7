"""An instant that the database gives as a number is the very one that it keeps."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from sqlalchemy import Column, DateTime, MetaData, Table, create_engine, insert, select
from sqlalchemy.orm import Session
from tests.support.databases import Database

from backfill_tui.bridge.sql_instants import as_instant
from backfill_tui.domain.instants import from_datetime

pytestmark = pytest.mark.airflow

_SECOND = datetime(2024, 2, 29, 23, 59, 59, tzinfo=timezone.utc)
_LONG_AGO = datetime(1968, 12, 31, 23, 59, 59, tzinfo=timezone.utc)
_MICROSECONDS = (0, 1, 499_999, 999_499, 999_500, 999_999)


def test_instants_are_exact_to_the_microsecond_also_right_before_a_new_second(words_kept: Database) -> None:
    moments = [
        second + timedelta(microseconds=fraction)
        for second in (_LONG_AGO, _SECOND)
        for fraction in _MICROSECONDS
    ]
    table = Table("some", MetaData(), Column("at", DateTime(timezone=True)))
    engine = create_engine(words_kept.url)
    with Session(engine) as session:
        table.create(session.connection())
        session.execute(insert(table), [{"at": moment} for moment in moments])
        found = list(session.scalars(select(as_instant(session, table.c.at)).order_by(table.c.at)))
        session.execute(insert(table), [{"at": None}])
        of_none = select(as_instant(session, table.c.at)).where(table.c.at.is_(None))
        assert session.execute(of_none).one()[0] is None
    engine.dispose()
    assert found == [from_datetime(moment) for moment in moments]
    assert all(isinstance(instant, int) for instant in found)
