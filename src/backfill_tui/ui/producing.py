"""Asking on the screen before a change to an Airflow that is marked production."""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING, Final

from backfill_tui.domain.profiles import Profile
from backfill_tui.gateway.agreement import Question
from backfill_tui.ui.screens.production import ProductionDialog

if TYPE_CHECKING:
    from textual.app import App

_LOOK_SECONDS: Final = 0.2


def asking_on(app: App[None]) -> Question:
    """The question as a dialog of the program; it is asked in the worker thread that makes the change."""
    return partial(_ask, app)


def _ask(app: App[None], profile: Profile, what: str) -> bool:
    answered = threading.Event()
    answers: list[bool | None] = []

    def take(answer: bool | None) -> None:  # Textual's
        answers.append(answer)
        answered.set()

    try:
        app.call_from_thread(app.push_screen, ProductionDialog(profile, what), take)
    except RuntimeError:
        # The program is closing: there is nobody to ask any more.
        return False
    while not answered.wait(_LOOK_SECONDS):
        if not app.is_running:
            return False
    return answers == [True]
