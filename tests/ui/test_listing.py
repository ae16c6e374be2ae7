"""When a list that was read again is another one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.support.scripted import ScriptedGateway
from tests.support.world import World, a_dag, instant

from backfill_tui.domain.ids import DagId
from backfill_tui.domain.instants import SECOND, Instant
from backfill_tui.domain.launching import Launch
from backfill_tui.domain.planning import BackfillRequest
from backfill_tui.ui.listing import Listing, read_listing

_MINUTE = 60 * SECOND


@pytest.fixture
def gateway() -> ScriptedGateway:
    """Two Dags, one of which has an active backfill."""
    gateway = ScriptedGateway(World([a_dag("sales"), a_dag("tax")]))
    first, last = instant("2024-03-01"), instant("2024-03-03")
    gateway.launch(Launch(request=BackfillRequest(dag_id=DagId("sales"), from_date=first, to_date=last)))
    return gateway


@pytest.fixture
def listing(gateway: ScriptedGateway) -> Listing:
    """What is read of them, at the beginning of a minute."""
    read = read_listing(gateway)
    assert read.active.keys() == {"sales"}
    return _read_after(read, -read.dags.read_at % _MINUTE)


def _read_after(listing: Listing, time: int) -> Listing:
    return Listing(
        dags=replace(listing.dags, read_at=Instant(listing.dags.read_at + time)),
        active={
            dag_id: replace(one, read_at=Instant(one.read_at + time))
            for dag_id, one in listing.active.items()
        },
    )


def test_a_list_read_again_within_the_minute_says_the_same(listing: Listing) -> None:
    assert not listing.says_the_same(None)
    assert _read_after(listing, 9 * SECOND).says_the_same(listing)


def test_times_are_told_to_the_minute(listing: Listing) -> None:
    assert not _read_after(listing, _MINUTE).says_the_same(listing)


def test_any_change_is_another_list(listing: Listing) -> None:
    (sales, tax), soon = listing.dags.dags, _read_after(listing, SECOND)
    paused = replace(soon, dags=replace(soon.dags, dags=(sales, replace(tax, is_paused=not tax.is_paused))))
    ended = replace(soon, active={})
    summary = soon.active[DagId("sales")]
    further = replace(
        soon, active={DagId("sales"): replace(summary, counts=replace(summary.counts, success=1))}
    )
    for other in (paused, ended, further):
        assert not other.says_the_same(listing)


def test_a_backfill_stands_otherwise_once_its_scheduler_is_silent_though_nothing_was_written(
    listing: Listing,
) -> None:
    assert not _read_after(listing, 59 * SECOND).says_the_same(listing)


def test_a_list_without_details_is_always_another_one(listing: Listing) -> None:
    lean = replace(listing, dags=replace(listing.dags, detailed=False))
    assert not lean.says_the_same(lean)
