"""What is said to who wants to hear only errors and the outcome."""

from __future__ import annotations

from backfill_tui.headless.progress import Progress
from backfill_tui.headless.voice import Voice


class QuietVoice:
    """Says the outcome and what went wrong, and asks what has to be asked, with all that it is about.

    Where `can_ask` is false nobody can be, and where `with_outcome` is, that is on stdout as JSON.
    """

    def __init__(self, loud: Voice, *, can_ask: bool, with_outcome: bool = True) -> None:
        self._loud = loud
        self._can_ask = can_ask
        self._with_outcome = with_outcome
        self._kept: list[str] = []

    def say(self, sentence: str) -> None:
        """Kept, for a question may be about it."""
        self._kept.append(sentence)

    def outcome(self, sentence: str) -> None:
        """One line."""
        if self._with_outcome:
            self._loud.outcome(sentence)

    def problem(self, sentence: str) -> None:
        """One line."""
        self._loud.problem(sentence)

    def activity(self, sentence: str, done: int = 0, total: int = 0, *, key: str = "") -> None:
        """Nothing."""

    def countdown(self, sentence: str, seconds: float) -> None:
        """Nothing."""

    def progress(self, progress: Progress) -> None:
        """Nothing."""

    def settle(self) -> None:
        """Nothing."""

    def ask(self, question: str) -> bool | None:
        """Ask, after what was said before it."""
        self._speak_up()
        return self._loud.ask(question)

    def ask_name(self, question: str) -> str | None:
        """Ask, after what was said before it."""
        self._speak_up()
        return self._loud.ask_name(question)

    def _speak_up(self) -> None:
        if self._can_ask:
            for sentence in self._kept:
                self._loud.say(sentence)
            self._kept.clear()
