"""What the screens share that show a backfill and let it be paused, resumed, stopped and mended."""

from __future__ import annotations

from typing import Final

from backfill_tui.domain.control import ControlOutcome, ControlRequest, Deed, possible_deeds
from backfill_tui.domain.deed_words import DOING, VERBS
from backfill_tui.domain.ids import DagId
from backfill_tui.domain.watching import BackfillSummary
from backfill_tui.ui.control_words import done_words
from backfill_tui.ui.screens.undoing import UndoingScreen

_LONG_SECONDS: Final = 10.0
_DEEDS: Final = {
    "pause_or_resume": (Deed.PAUSE, Deed.RESUME),
    "stop": (Deed.CANCEL, Deed.CANCEL_RUNNING, Deed.REMOVE),
    "reopen": (Deed.REOPEN,),
}
"""By action, the deeds that its key stands for; those that are possible at one time go into one question."""


class ControllingScreen(UndoingScreen):
    """Asks, does, and tells what was done; nothing on it changes before Airflow says so."""

    @property
    def subject(self) -> BackfillSummary | None:
        """The backfill that the keys are about, as it was read last; None while there is none."""
        raise NotImplementedError

    @property
    def dag_of_undo(self) -> DagId | None:
        """The Dag of that backfill."""
        subject = self.subject
        return None if subject is None else subject.facts.dag_id

    def controlled(self, outcome: ControlOutcome) -> None:
        """A deed was done; a screen that does more about it says so here."""

    def action_pause_or_resume(self) -> None:
        """Pause the backfill, or resume it."""
        self._ask("pause_or_resume")

    def action_stop(self) -> None:
        """Cancel the backfill, or remove what is left of one."""
        self._ask("stop")

    def action_reopen(self) -> None:
        """Take back a mark of completion that came too early."""
        self._ask("reopen")

    def can_control(self, action: str) -> bool:
        """Whether one of the actions above applies now; True for any other."""
        return action not in _DEEDS or bool(self._possible(action))

    def label_of(self, command_id: str) -> str:
        """Pause or resume, cancel or remove."""
        verb = command_id.partition(".")[2]
        action = {"pause": "pause_or_resume", "stop": "stop"}.get(verb)
        possible = self._possible(action) if action else ()
        return VERBS[possible[0]] if possible else ""

    def _possible(self, action: str) -> tuple[Deed, ...]:
        subject = self.subject
        if subject is None or self.program.read_only:
            return ()
        possible = possible_deeds(subject.facts, subject.counts, subject.read_at)
        return tuple(deed for deed in _DEEDS[action] if deed in possible)

    def _ask(self, action: str) -> None:
        from backfill_tui.ui.screens.control import ControlDialog

        subject, deeds = self.subject, self._possible(action)
        if subject is None or not deeds or not self.program.writes.may_begin():
            return
        number = subject.facts.backfill_id

        def take(deed: Deed | None) -> None:
            if deed is not None:
                self._carry_out(ControlRequest(backfill_id=number, deed=deed))

        self.app.push_screen(ControlDialog(subject, deeds), take)

    def _carry_out(self, request: ControlRequest) -> None:
        deed = f"{DOING[request.deed]} backfill {request.backfill_id}"
        self.program.writes.begin(deed, lambda gateway: gateway.control(request), self._control_done)

    def _control_done(self, outcome: ControlOutcome) -> None:
        if outcome.deed in {Deed.RESUME, Deed.REOPEN}:
            self.program.start_engine()
        timeout = _LONG_SECONDS if outcome.remarks else None
        self.notify(done_words(outcome), timeout=timeout, markup=False)
        if self.is_attached:
            self.controlled(outcome)
