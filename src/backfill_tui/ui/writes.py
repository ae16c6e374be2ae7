"""The deeds that are under way: one at a time, and what came of each always reaches the user."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from backfill_tui.domain.problems import Problem, Unreachable
from backfill_tui.domain.text import one_line
from backfill_tui.gateway.port import Gateway
from backfill_tui.ui.messages import ProblemArose

if TYPE_CHECKING:
    from backfill_tui.ui.app import BackfillApp

T = TypeVar("T")

_LONG_SECONDS: Final = 15.0
IN_THE_JOURNAL: Final = "backfill-tui journal tells how it ended"
HOW_TO_KNOW: Final = f"the grid shows it, and {IN_THE_JOURNAL}"
"""Where it can be seen whether a deed was done whose answer did not come."""


class Writes:
    """What is being written to Airflow, in threads.

    A deed is the program's, not the screen's that asked for it: that one may be left before it is through.
    What is to be done once it is through is called on the program's own loop, whatever is shown then.
    """

    def __init__(self, app: BackfillApp) -> None:
        self._app = app
        self._under_way: list[str] = []

    @property
    def under_way(self) -> str:
        """What is under way, in words: `Pausing backfill 7`; empty for nothing."""
        return self._under_way[0] if self._under_way else ""

    def may_begin(self) -> bool:
        """Whether nothing is under way; else the user hears what is."""
        if self._under_way:
            words = f"{self.under_way} is still under way: try again once it is through"
            self._app.notify(words, severity="warning", markup=False)
        return not self._under_way

    def begin(
        self,
        deed: str,
        call: Callable[[Gateway], T],
        done: Callable[[T], None],
        failed: Callable[[Problem], None] | None = None,
    ) -> None:
        """Do it, unless another deed is under way, which is told then.

        `deed` names it as in `Pausing backfill 7`. `failed` takes a problem that is not shown in a dialog.
        """
        if self.may_begin():
            self.begin_beside(deed, call, done, failed)

    def begin_beside(
        self,
        deed: str,
        call: Callable[[Gateway], T],
        done: Callable[[T], None],
        failed: Callable[[Problem], None] | None = None,
    ) -> None:
        """Do it even while another deed is under way: what protects a backfill does not wait."""
        app, deed = self._app, one_line(deed)

        def work() -> None:
            try:
                end = partial(done, call(app.gateway))
            except Problem as problem:
                end = partial(self._failed, deed, problem, failed)
            app.call_later(self._ended, deed, end)

        self._under_way.append(deed)
        app.run_worker(work, group="write", name=deed, thread=True)

    def _ended(self, deed: str, tell: Callable[[], None]) -> None:
        self._under_way.remove(deed)
        tell()

    def _failed(self, deed: str, problem: Problem, failed: Callable[[Problem], None] | None) -> None:
        if isinstance(problem, Unreachable):
            words = f"{deed}: no answer came, so it may be done or not: {HOW_TO_KNOW}"
            self._app.notify(words, severity="warning", timeout=_LONG_SECONDS, markup=False)
        if failed is not None:
            failed(problem)
        else:
            self._app.post_message(ProblemArose(problem))
