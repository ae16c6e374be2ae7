"""Calling somebody back: a bell, a notification where the terminal can show one, a command of the user's."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from threading import Thread
from typing import TYPE_CHECKING, Any, Final

from textual.app import App

from backfill_tui.domain.notices import Told, news
from backfill_tui.domain.problems import BadRequest
from backfill_tui.domain.text import one_line
from backfill_tui.ui.messages import ProblemArose
from backfill_tui.ui.widgets.progress_header import Progress

if TYPE_CHECKING:
    from backfill_tui.ui.app import BackfillApp

_MOST: Final = 200
_BELL: Final = "\x07"
_PRINTS_WHAT_IT_DOES_NOT_KNOW: Final = frozenset({"linux", "dumb", ""})


class Notices:
    """Tells the news of one backfill, each once, as long as its screen is there."""

    def __init__(self) -> None:
        self._told: Told | None = None

    def look(self, program: BackfillApp, progress: Progress) -> None:
        """Look at a backfill all of whose rows were read, and tell what is new."""
        self._told, sentences = news(self._told, progress.facts, progress.counts, progress.standing)
        for sentence in sentences:
            if program.may_notify:
                ring(program, sentence)
            if program.notify_command:
                run(program, [*program.notify_command, sentence])


def ring(app: App[Any], sentence: str) -> None:
    """Ring the bell, and give the terminal a sentence to notify of."""
    driver = app._driver  # noqa: SLF001  # there is no public way to send a sequence
    if driver is not None and not app.is_headless:
        driver.write(sequence(sentence, os.environ))


def run(app: App[Any], words: list[str]) -> None:
    """Start the user's command, its last word a sentence; what goes wrong is shown.

    A thread of its own waits for it: one that does not end must not hold up this program.
    """
    Thread(target=_run, args=(app, words), name="notify-command", daemon=True).start()


def _run(app: App[Any], words: list[str]) -> None:
    quiet = subprocess.DEVNULL
    try:
        code = subprocess.run(
            words, stdin=quiet, stdout=quiet, stderr=quiet, check=False, start_new_session=True
        ).returncode
        failed = f"ended with {code}" if code else ""
    except OSError as cause:
        failed = f"can not be started: {cause.strerror}"
    if failed:
        name = f"The command that is to notify you, {one_line(words[0])}, {failed}"
        app.post_message(ProblemArose(BadRequest(name, remedy="see notify_command in your settings")))


def sequence(sentence: str, environment: Mapping[str, str]) -> str:
    """OSC 9, which many terminals show on the desktop, and a bell; a bell alone where it would be printed."""
    if environment.get("TERM", "") in _PRINTS_WHAT_IT_DOES_NOT_KNOW:
        return _BELL
    # ConEmu takes a digit at the beginning for a command; our sentences begin with a word.
    return f"\x1b]9;{one_line(sentence)[:_MOST]}{_BELL}{_BELL}"
