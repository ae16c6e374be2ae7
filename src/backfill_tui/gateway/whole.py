"""One reading of a backfill or of a range of dates, whole."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass

from backfill_tui.domain.causes import Cause
from backfill_tui.domain.dag_range import DagRange, GridFacts, RangeUpdate, Watchable
from backfill_tui.domain.grid import GridStore
from backfill_tui.domain.instants import Instant
from backfill_tui.domain.problems import Interrupted, Unreachable
from backfill_tui.domain.text import one_line
from backfill_tui.domain.watching import GridUpdate
from backfill_tui.gateway.port import Gateway, IsCancelled, never


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeGrid:
    """The facts, every row with its cells, why something waits, and Airflow's clock."""

    facts: GridFacts
    store: GridStore
    causes: tuple[Cause, ...]
    read_at: Instant


def read_whole(gateway: Gateway, about: Watchable, is_cancelled: IsCancelled = never) -> WholeGrid:
    """Read until every row is there; NotThere for what there is not, Interrupted once it is not wanted."""
    store = GridStore()
    causes: tuple[Cause, ...] = ()
    with _updates(gateway, about) as updates:
        for update in updates:
            if is_cancelled():
                raise Interrupted("The reading was given up")
            store.apply(update)
            causes = causes if update.causes is None else update.causes
            if store.loaded:
                return WholeGrid(facts=update.facts, store=store, causes=causes, read_at=update.read_at)
    what = f"the dates of {one_line(about.dag_id)}" if isinstance(about, DagRange) else f"backfill {about}"
    raise Unreachable(f"The bridge stopped telling about {what}", remedy="try again")


def _updates(
    gateway: Gateway, about: Watchable
) -> AbstractContextManager[Iterator[GridUpdate | RangeUpdate]]:
    return gateway.watch_range(about) if isinstance(about, DagRange) else gateway.watch(about)
