"""What the program asks Airflow of its own accord; each answer comes back to the node as a message."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from textual.dom import DOMNode

from backfill_tui.domain.dags import DagFile
from backfill_tui.domain.environment import Environment, StartupStep
from backfill_tui.domain.ids import BackfillId, DagId
from backfill_tui.domain.progress import BackfillStatus
from backfill_tui.domain.watching import BackfillSummary
from backfill_tui.gateway.port import Engine
from backfill_tui.ui.link import Link
from backfill_tui.ui.listing import Listing, read_active, read_listing, standing_of
from backfill_tui.ui.messages import (
    BackfillFound,
    BridgeOpened,
    DagsDetailed,
    DagsListed,
    EnvironmentRead,
    LeavingAsked,
    LeavingUnanswered,
    OpeningFailed,
    ParsingAsked,
    ReadingFailed,
    StartupAdvanced,
)
from backfill_tui.ui.workers import Asking, ask, is_busy

OPENING: Final = "open"
ENVIRONMENT: Final = "environment"
DAGS: Final = "dags"
PARSING: Final = "parse"
DETAILS: Final = "details"
LEAVING: Final = "leave"
BACKFILL: Final = "newest backfill"


def open_bridge(node: DOMNode, link: Link, *, renew: bool) -> None:
    """Bring the bridge up, or a new one in its place; tells each step."""

    def opened(asking: Asking) -> Environment:
        gateway = link.renew() if renew else link.gateway
        return gateway.open(lambda step: asking.post(StartupAdvanced(step)))

    ask(node, OPENING, opened, BridgeOpened, failure=OpeningFailed)


def read_environment(node: DOMNode, link: Link, engine: Engine | None) -> None:
    """How Airflow and its engine are now."""

    def now(_: Asking) -> EnvironmentRead:
        return EnvironmentRead(link.gateway.environment(), engine.status() if engine else None)

    ask(node, ENVIRONMENT, now, lambda read: read, failure=ReadingFailed)


def read_dags(node: DOMNode, link: Link, clock: Callable[[], float]) -> None:
    """The Dags as Airflow knows them, and how long it took to read them.

    Not while files are parsed: that ends with the Dags too, and with newer ones.
    """
    if is_busy(node, PARSING):
        return

    def timed(_: Asking) -> DagsListed:
        began = clock()
        listing = read_listing(link.gateway)
        return DagsListed(listing, clock() - began)

    ask(node, DAGS, timed, lambda listed: listed, failure=ReadingFailed)


def read_details(node: DOMNode, link: Link, dag_ids: tuple[DagId, ...]) -> None:
    """Some Dags in detail."""
    ask(node, DETAILS, lambda _: link.gateway.dags(dag_ids).dags, DagsDetailed, failure=ReadingFailed)


def parse_dags(node: DOMNode, link: Link, file: DagFile | None) -> None:
    """The Dags after their files were parsed again, or after Airflow was asked to parse that one first."""

    def parsed(asking: Asking) -> Listing:
        gateway = link.gateway

        def tell(step: StartupStep) -> None:
            asking.post(StartupAdvanced(step))

        listed = gateway.parse(tell, file=file)
        if file is not None:
            asking.post(ParsingAsked(file))
        return read_listing(gateway, listed)

    # The answer of a reading that has begun before could come after it.
    node.workers.cancel_group(node, DAGS)
    ask(node, PARSING, parsed, DagsListed)


def find_backfill(node: DOMNode, link: Link, dag_id: DagId, otherwise: BackfillId | None = None) -> None:
    """The newest backfill of a Dag, which is the active one where there is one; another for none."""

    def newest(_: Asking) -> BackfillId | None:
        found = link.gateway.backfills(dag_id)
        return found[0].facts.backfill_id if found else otherwise

    ask(node, BACKFILL, newest, lambda found: BackfillFound(dag_id, found))


def read_active_backfills(node: DOMNode, link: Link) -> None:
    """What would go on, or stop, when the program is left."""

    def read(_: Asking) -> list[BackfillSummary]:
        return that_would_run(read_active(link.gateway))

    ask(node, LEAVING, read, LeavingAsked, failure=LeavingUnanswered)


def that_would_run(active: Iterable[BackfillSummary]) -> list[BackfillSummary]:
    """Those that an engine has work with: one whose creation died has no run."""
    return [one for one in active if standing_of(one).status is not BackfillStatus.ABANDONED]
