"""One reading of a backfill or of a range of dates, for the commands."""

from __future__ import annotations

from backfill_tui.domain.dag_range import GridFacts, Watchable
from backfill_tui.domain.instants import Instant
from backfill_tui.domain.watching import RunRow
from backfill_tui.gateway.whole import read_whole
from backfill_tui.headless.session import Session


def read_rows(session: Session, about: Watchable) -> tuple[GridFacts, list[RunRow], Instant]:
    """The facts, every row, and Airflow's clock; NotThere for what there is not."""
    whole = read_whole(session.gateway, about)
    return whole.facts, [row for row in whole.store.rows if row is not None], whole.read_at
