"""What the screens share on which the last deed on a Dag can be undone."""

from __future__ import annotations

from typing import Final

from textual import on
from textual.message import Message

from backfill_tui.domain.ids import DagId
from backfill_tui.domain.mark_words import by_reason
from backfill_tui.domain.problems import NotThere, Problem, Refused
from backfill_tui.domain.text import one_line
from backfill_tui.domain.undoing import UndoOutcome, UndoRequest, deed_words, undo_words
from backfill_tui.ui.messages import ProblemArose
from backfill_tui.ui.screens.base import PlaceScreen
from backfill_tui.ui.screens.confirm import ConfirmDialog, Question
from backfill_tui.ui.text import count
from backfill_tui.ui.workers import ask

_LONG_SECONDS: Final = 10.0


class UndoFound(Message):
    """What the undoing of the last deed puts back is known."""

    def __init__(self, outcome: UndoOutcome) -> None:
        super().__init__()
        self.outcome = outcome


class UndoRefused(Message):
    """There is no way back, or nobody could say."""

    def __init__(self, problem: Problem) -> None:
        super().__init__()
        self.problem = problem


class UndoingScreen(PlaceScreen[None]):
    """Asks what the last deed on a Dag was, shows what its undoing puts back, and undoes it."""

    @property
    def dag_of_undo(self) -> DagId | None:
        """The Dag whose last deed is meant; None while there is none."""
        raise NotImplementedError

    def action_undo(self) -> None:
        """Look what there is to undo, and ask."""
        dag_id, program = self.dag_of_undo, self.program
        if program.read_only:
            self.say_read_only("nothing is undone")
        elif dag_id is not None and program.writes.may_begin():
            wanted = UndoRequest(dag_id=dag_id)
            ask(self, "undo", lambda _: program.gateway.preview_undo(wanted), UndoFound, failure=UndoRefused)

    @on(UndoFound)
    def _undo_found(self, message: UndoFound) -> None:
        outcome, program = message.outcome, self.program
        if not self.is_active:
            # Over another question it would take the answer that is meant for that one.
            return
        if not outcome.changes:
            self.notify(" ".join((*undo_words(outcome), *_left(outcome))), markup=False)
            return

        def take(agreed: bool | None) -> None:  # the answer of the dialog
            if agreed:
                request = UndoRequest(number=outcome.number)
                deed = f"Undoing the last deed on {outcome.dag_id}"
                program.writes.begin(
                    deed, lambda gateway: gateway.undo(request), self._undo_done, self._undo_failed
                )

        question = Question(
            title=f"Undo the last deed on {one_line(outcome.dag_id)}?",
            verb="undo",
            sentence=deed_words(outcome),
            notes=(*undo_words(outcome), *_left(outcome), *map(one_line, outcome.remarks)),
        )
        self.app.push_screen(ConfirmDialog(question), take)

    def _undo_done(self, outcome: UndoOutcome) -> None:
        if outcome.starting:
            self.program.start_engine()
        done = "Undone" if outcome.changes else "Nothing was undone"
        words = [done, *undo_words(outcome), *_left(outcome), *map(one_line, outcome.remarks)]
        self.notify("; ".join(words), timeout=_LONG_SECONDS, markup=False)
        self.program.read_dags()

    @on(UndoRefused)
    def _undo_refused(self, message: UndoRefused) -> None:
        self._undo_failed(message.problem)

    def _undo_failed(self, problem: Problem) -> None:
        if isinstance(problem, (Refused, NotThere)):
            self.notify(one_line(str(problem)), severity="warning", timeout=_LONG_SECONDS, markup=False)
        else:
            self.app.post_message(ProblemArose(problem))


def _left(outcome: UndoOutcome) -> list[str]:
    """What stays as it is, and why."""
    return [
        one_line(f"{count(len(run_ids), 'run')} left: {reason}")
        for reason, run_ids in by_reason(outcome.left_alone).items()
    ]
