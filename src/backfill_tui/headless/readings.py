"""One reading of a backfill or of a range of dates, whole."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from backfill_tui.domain.dag_range import DagRange, GridFacts, RangeUpdate, Watchable
from backfill_tui.domain.grid import GridStore
from backfill_tui.domain.instants import Instant
from backfill_tui.domain.problems import Unreachable
from backfill_tui.domain.text import one_line
from backfill_tui.domain.watching import GridUpdate, RunRow
from backfill_tui.headless.session import Session

if TYPE_CHECKING:
    from collections.abc import Iterator


def read_rows(session: Session, about: Watchable) -> tuple[GridFacts, list[RunRow], Instant]:
    """The facts, every row, and Airflow's clock; NotThere for what there is not."""
    store = GridStore()
    with _updates(session, about) as updates:
        for update in updates:
            store.apply(update)
            if store.loaded:
                return update.facts, [row for row in store.rows if row is not None], update.read_at
    what = f"the dates of {one_line(about.dag_id)}" if isinstance(about, DagRange) else f"backfill {about}"
    raise Unreachable(f"The bridge stopped telling about {what}", remedy="try again")


def _updates(
    session: Session, about: Watchable
) -> AbstractContextManager[Iterator[GridUpdate | RangeUpdate]]:
    if isinstance(about, DagRange):
        return session.gateway.watch_range(about)
    return session.gateway.watch(about)
