"""What a list of very many Dags does not tell of all of them: it is read for those that are looked at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from textual import on
from textual.screen import Screen

from backfill_tui.domain.dags import DagSummary
from backfill_tui.domain.ids import DagId
from backfill_tui.domain.instants import Instant
from backfill_tui.ui import readings
from backfill_tui.ui.connection import Connection
from backfill_tui.ui.listing import Row
from backfill_tui.ui.messages import DagsDetailed
from backfill_tui.ui.screens.undoing import UndoingScreen
from backfill_tui.ui.seen import seen_screen
from backfill_tui.ui.workers import is_busy


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """What is to be done with a Dag once it is known in detail, and the screen on which it was wished."""

    dag_id: DagId
    then: Callable[[DagSummary], object]
    wished_on: Screen[Any]


class DetailingScreen(UndoingScreen):
    """A screen with rows of Dags; of a very long list the details come as a Dag comes into view."""

    _asked: frozenset[DagId] = frozenset()
    _asked_of: Instant | None = None
    _wish: _Wish | None = None

    def rows_in_view(self) -> list[Row]:
        """The rows that are seen now."""
        raise NotImplementedError

    def detail(self) -> None:
        """Read the details of what is in view; of one reading of the list each Dag is asked for once."""
        listing = self.program.listing
        if listing is None or listing.dags.detailed or self.program.connection is not Connection.READY:
            return
        if listing.dags.read_at != self._asked_of:
            self._asked, self._asked_of = frozenset(), listing.dags.read_at
        # Also those that are known so: their runs go on.
        wanted = {row.dag.dag_id for row in self.rows_in_view() if row.dag is not None}
        if self._wish is not None:
            wanted.add(self._wish.dag_id)
        wanted -= self._asked
        if wanted and not is_busy(self, readings.DETAILS):
            self._asked |= wanted
            readings.read_details(self, self.program.link, tuple(sorted(wanted)))

    def with_details(self, dag: DagSummary, then: Callable[[DagSummary], object]) -> None:
        """Go on with the Dag in detail, at once where it is known so; a newer wish takes the place.

        It comes to nothing where something else was opened before the details were there.
        """
        self._wish = None
        if dag.detailed:
            then(dag)
            return
        # Not what is uppermost, which may be the palette from which it was wished, and is closing.
        self._wish = _Wish(dag_id=dag.dag_id, then=then, wished_on=seen_screen(self.app))
        self.detail()

    @on(DagsDetailed)
    def _detailed(self, message: DagsDetailed) -> None:
        program = self.program
        if program.listing is not None:
            program.listing = program.listing.with_details(message.dags)
        wish, known = self._wish, {dag.dag_id: dag for dag in message.dags}
        if wish is not None and wish.dag_id in known:
            self._wish = None
            if wish.wished_on is self.app.screen:
                wish.then(known[wish.dag_id])
        # What came into view, or is waited for, while this was read.
        self.detail()
