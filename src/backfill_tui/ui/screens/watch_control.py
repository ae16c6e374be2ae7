"""What the watch screen does to its backfill: control by keys, and the circuit breaker on its own."""

from __future__ import annotations

from typing import Final

from textual.content import Content
from textual.getters import query_one
from textual.widgets import Static

from backfill_tui.domain.control import ControlOutcome, ControlRequest, Deed
from backfill_tui.domain.dag_range import Watchable
from backfill_tui.domain.ids import BackfillId, DagId
from backfill_tui.domain.problems import Problem, Unreachable
from backfill_tui.domain.text import one_line
from backfill_tui.domain.watching import BackfillSummary
from backfill_tui.ui.breaker import ScreenBreaker
from backfill_tui.ui.keymap import shown_key
from backfill_tui.ui.messages import ProblemArose
from backfill_tui.ui.screens.controlling import ControllingScreen
from backfill_tui.ui.widgets.progress_header import Progress, ProgressHeader

_LONG_SECONDS: Final = 15.0


class WatchControlScreen(ControllingScreen):
    """Holds what is watched as it was read last, and the circuit breaker of a backfill.

    What is about a backfill is not offered where the dates of a Dag in a range are watched.
    """

    header = query_one(ProgressHeader)
    banner = query_one("#watch-banner", Static)

    def __init__(self, watched: Watchable) -> None:
        super().__init__()
        self.watched = watched
        self.progress: Progress | None = None
        self._breaker: ScreenBreaker | None = None
        self._banner_says = ""

    def action_export(self) -> None:
        """Write what became of the dates to a file."""
        from backfill_tui.ui.exporting import open_export, outcome_job

        program, progress = self.program, self.progress
        if progress is not None:
            open_export(program, outcome_job(lambda: program.gateway, progress.facts.dag_id, self.watched))

    @property
    def subject(self) -> BackfillSummary | None:
        """The backfill as the stream said last; None where a range is watched."""
        now = self.progress
        if now is None or now.backfill is None:
            return None
        return BackfillSummary(facts=now.backfill, counts=now.counts, read_at=now.read_at)

    @property
    def dag_of_undo(self) -> DagId | None:
        """The Dag that is watched."""
        return None if self.progress is None else self.progress.facts.dag_id

    @property
    def breaker(self) -> ScreenBreaker:
        """The circuit breaker, which lives as long as this screen."""
        if self._breaker is None:
            self._breaker = ScreenBreaker(self.program.clock)
        return self._breaker

    def controlled(self, outcome: ControlOutcome) -> None:
        """What was removed can not be watched any more."""
        if outcome.deed is Deed.REMOVE and self.is_active:
            self.dismiss()

    def guard(self, progress: Progress) -> None:
        """Look at the counts of all rows, and pause the backfill once too many have failed."""
        facts = progress.backfill
        if self.program.read_only or facts is None:
            return
        if self.breaker.look(facts, progress.counts):
            self._pause(facts.backfill_id)
        self._show_breaker()

    def _pause(self, backfill_id: BackfillId) -> None:
        request = ControlRequest(backfill_id=backfill_id, deed=Deed.PAUSE, reason=self.breaker.reason())
        self.program.writes.begin_beside(
            f"Pausing backfill {backfill_id}",
            lambda gateway: gateway.control(request),
            self._breaker_paused,
            self._breaker_failed,
        )

    def _show_breaker(self) -> None:
        self.header.armed = self.breaker.armed()
        words = self.breaker.banner(shown_key("watch.pause"))
        if words == self._banner_says:
            # Another text, even the same, has the whole screen laid out anew.
            return
        self._banner_says = words
        self.banner.set_class(bool(words), "-shown")
        self.banner.update(Content(words))

    def _breaker_paused(self, outcome: ControlOutcome) -> None:
        for words in outcome.remarks:
            self.notify(one_line(words), timeout=_LONG_SECONDS, markup=False)

    def _breaker_failed(self, problem: Problem) -> None:
        reason = self.breaker.reason()
        self.breaker.failed_to_pause()
        if self.is_attached:
            self._show_breaker()
        if isinstance(problem, Unreachable):
            self.app.post_message(ProblemArose(problem))
            return
        words = one_line(f"{reason}, but it could not be paused: {problem}")
        self.notify(words, severity="error", timeout=_LONG_SECONDS, markup=False)

    def action_stop_after(self) -> None:
        """Set how many failed runs pause the backfill, or that none do."""
        from backfill_tui.ui.screens.stop_after import StopAfterDialog

        self.app.push_screen(StopAfterDialog(self.breaker.limit, self.breaker.failed), self._set_limit)

    def _set_limit(self, limit: int | None) -> None:
        if limit is None or self.progress is None:
            return
        self.breaker.set(limit or None)
        self.guard(self.progress)
