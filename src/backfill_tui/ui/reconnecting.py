"""What happens when the bridge is lost: it is told, or tried again where a network is on the way to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backfill_tui.domain.problems import Problem
from backfill_tui.domain.reconnecting import WAITS
from backfill_tui.domain.text import one_line
from backfill_tui.ui import opening
from backfill_tui.ui.connection import Connection

if TYPE_CHECKING:
    from backfill_tui.ui.app import BackfillApp


class Reconnecting:
    """Tells of a loss, or opens a bridge anew after it, with longer and longer waits, until one comes up.

    `tries` says whether that makes sense: a bridge of this machine that ends will end again.
    """

    def __init__(self, app: BackfillApp, *, tries: bool) -> None:
        self._app = app
        self._tries = tries
        self._tried = 0

    def lost(self, problem: Problem) -> None:
        """The bridge does not answer any more, for which there may be several witnesses."""
        if self._app.connection is not Connection.LOST:
            self._app.connection = Connection.LOST
            if not self._goes_on(problem):
                opening.show_lost(self._app, problem)

    def _goes_on(self, problem: Problem) -> bool:
        """Whether it is tried again by itself, which the user is told of once."""
        if not self._tries or self._tried == len(WAITS):
            self._tried = 0
            return False
        if self._tried == 0:
            words = f"{one_line(problem.message)}: trying again by itself"
            self._app.notify(words, severity="warning", markup=False)
        self._app.set_timer(WAITS[self._tried], self._try)
        self._tried += 1
        return True

    def opened(self) -> None:
        """A bridge came up."""
        if self._tried:
            self._app.notify("Connected again", markup=False)
        self._tried = 0

    @property
    def words(self) -> str:
        """What the top line says while the bridge is lost, empty where a key is needed."""
        return "connection lost: trying again" if self._tried else ""

    def _try(self) -> None:
        if self._app.connection is Connection.LOST:
            self._app.action_reconnect()
