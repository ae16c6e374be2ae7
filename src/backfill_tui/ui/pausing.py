"""Pausing and unpausing a Dag, after a question."""

from __future__ import annotations

from backfill_tui.domain.ids import DagId
from backfill_tui.domain.text import one_line
from backfill_tui.ui.messages import DagPauseChanged
from backfill_tui.ui.screens.base import PlaceScreen
from backfill_tui.ui.workers import T


def ask_to_pause(screen: PlaceScreen[T], dag_id: DagId, *, is_paused: bool, released: str = "") -> None:
    """Pause or unpause a Dag once that is confirmed; the screen that asked, if it is there, hears of it.

    `released` is what unpausing starts, in words, where that is known.
    """
    from backfill_tui.ui.screens.confirm import ConfirmDialog, pause_question

    program = screen.program
    if not program.writes.may_begin():
        return

    def paused(remarks: tuple[str, ...]) -> None:
        program.read_dags()
        screen.post_message(DagPauseChanged(dag_id, is_paused=is_paused))
        words = f'"{dag_id}" is {"paused" if is_paused else "unpaused"}'
        program.notify(one_line(words), markup=False)
        for remark in remarks:
            program.notify(one_line(remark), severity="warning", markup=False)

    def take(yes: bool | None) -> None:
        if yes:
            deed = f"{'Pausing' if is_paused else 'Unpausing'} {dag_id}"
            program.writes.begin(deed, lambda gateway: gateway.pause_dag(dag_id, is_paused=is_paused), paused)

    question = pause_question(dag_id, is_paused=is_paused, released=released)
    program.push_screen(ConfirmDialog(question), take)
