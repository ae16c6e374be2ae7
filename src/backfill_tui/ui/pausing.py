"""Pausing and unpausing a Dag, after a question."""

from __future__ import annotations

from backfill_tui.domain.ids import DagId
from backfill_tui.ui.messages import DagPauseChanged
from backfill_tui.ui.screens.base import PlaceScreen
from backfill_tui.ui.workers import T, ask


def ask_to_pause(screen: PlaceScreen[T], dag_id: DagId, *, is_paused: bool, released: str = "") -> None:
    """Pause or unpause a Dag once that is confirmed; the screen that asked gets `DagPauseChanged`.

    `released` is what unpausing starts, in words, where that is known.
    """
    from backfill_tui.ui.screens.confirm import ConfirmDialog, pause_question

    program = screen.program

    def take(yes: bool | None) -> None:
        if yes:
            ask(
                screen,
                "pause",
                lambda _: program.gateway.pause_dag(dag_id, is_paused=is_paused),
                lambda _: DagPauseChanged(dag_id, is_paused=is_paused),
            )

    question = pause_question(dag_id, is_paused=is_paused, released=released)
    program.push_screen(ConfirmDialog(question), take)
