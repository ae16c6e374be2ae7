"""What is said on stderr: steps, progress, questions, warnings."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Protocol, TextIO

from backfill_tui.domain.text import harmless, one_line
from backfill_tui.headless.progress import Progress

if TYPE_CHECKING:
    from backfill_tui.headless.live import LiveActivity, LiveProgress

_PLAIN_SECONDS: Final = 1.0
"""In a pipe, progress of one and the same activity is said at most this often."""


_MINUTE: Final = 60


class Voice(Protocol):
    """How the commands talk to whoever started them."""

    def say(self, sentence: str) -> None:
        """One line, outside text allowed; it stays."""
        ...

    def outcome(self, sentence: str) -> None:
        """One line that says what came of the command, also to who wants to hear nothing else."""
        ...

    def problem(self, sentence: str) -> None:
        """One line about something that went wrong but ends nothing; always said."""
        ...

    def activity(self, sentence: str, done: int = 0, total: int = 0, *, key: str = "") -> None:
        """What goes on now, `done` of `total` where it can be counted; `key` names the activity itself."""
        ...

    def countdown(self, sentence: str, seconds: float) -> None:
        """An activity that is over after so long: a sentence to be followed by that time."""
        ...

    def progress(self, progress: Progress) -> None:
        """How far what is followed has come."""
        ...

    def settle(self) -> None:
        """The activity is over: what was drawn of it goes away, of a progress one line stays."""
        ...

    def ask(self, question: str) -> bool | None:
        """Whether the user agrees; None when there is nobody to ask."""
        ...

    def ask_name(self, question: str) -> str | None:
        """What the user types, without space around it; None when there is nobody to ask."""
        ...


class PlainVoice:
    """Plain lines: a pipe, a file, or a dumb terminal. An activity is a line whenever it changes."""

    def __init__(self, stream: TextIO, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._last = ""
        self._last_key = ""
        self._said_at = 0.0

    def say(self, sentence: str) -> None:
        """One line."""
        self._stream.write(harmless(sentence) + "\n")
        self._stream.flush()

    def outcome(self, sentence: str) -> None:
        """One line."""
        self.say(sentence)

    def problem(self, sentence: str) -> None:
        """One line."""
        self.say(sentence)

    def activity(self, sentence: str, done: int = 0, total: int = 0, *, key: str = "") -> None:
        """A line if anything changed, and if it is a new activity or the last line is a while ago."""
        line = f"{sentence} ({done:,} of {total:,})" if total else sentence
        if line == self._last:
            return
        key = key or sentence
        now = self._clock()
        if key == self._last_key and now - self._said_at < _PLAIN_SECONDS and (done < total or not total):
            return
        self._last, self._last_key, self._said_at = line, key, now
        self.say(one_line(line))

    def countdown(self, sentence: str, seconds: float) -> None:
        """One line, with the time there is left now."""
        self.activity(f"{sentence} {_spell(seconds)}")

    def progress(self, progress: Progress) -> None:
        """A line if anything of it changed that is in it."""
        counts = progress.counts
        # The sentence of an end has the failed ones in it.
        under_way = not progress.status.finished
        failed = f", {counts.failed:,} failed" if counts.failed and under_way else ""
        self.activity(
            f"{progress.sentence}{failed}", counts.finished, counts.included, key=str(progress.status)
        )

    def settle(self) -> None:
        """Lines stay where they are; the next activity begins anew."""
        self._last = self._last_key = ""

    def ask(self, question: str) -> bool | None:  # noqa: ARG002  # the protocol's
        """Nobody is there."""
        return None

    def ask_name(self, question: str) -> str | None:  # noqa: ARG002  # the protocol's
        """Nobody is there."""
        return None


class TerminalVoice:
    """A terminal: what goes on is drawn live by rich; an activity goes away when it is over.

    `ascii_signs` says that it is to be drawn with nothing but ASCII.
    """

    def __init__(self, stream: TextIO, answers: TextIO | None, *, ascii_signs: bool = False) -> None:
        self._stream = stream
        self._answers = answers
        self._ascii_signs = ascii_signs
        self._activity: LiveActivity | None = None
        self._progress: LiveProgress | None = None

    def say(self, sentence: str) -> None:
        """One line, above what is drawn if anything is."""
        drawn = self._progress or self._activity
        if drawn is not None:
            drawn.console.line_above(sentence)
            return
        self._stream.write(harmless(sentence) + "\n")
        self._stream.flush()

    def outcome(self, sentence: str) -> None:
        """One line."""
        self.say(sentence)

    def problem(self, sentence: str) -> None:
        """One line."""
        self.say(sentence)

    def activity(self, sentence: str, done: int = 0, total: int = 0, *, key: str = "") -> None:  # noqa: ARG002
        """Draw or redraw the live line."""
        self._line().show(sentence, done, total)

    def countdown(self, sentence: str, seconds: float) -> None:
        """Draw the live line, with the time that is left."""
        self._line().show(sentence, until=time.monotonic() + seconds)

    def progress(self, progress: Progress) -> None:
        """Draw or redraw it."""
        if self._progress is not None:
            self._progress.show(progress)
            return
        from backfill_tui.headless.live import LiveProgress

        self.settle()
        self._progress = LiveProgress(self._stream, progress, ascii_signs=self._ascii_signs)
        self._progress.start()

    def settle(self) -> None:
        """Take the live line away; of a progress the last line stays."""
        # Whatever interrupts the drawing of the last line must not leave it half there.
        activity, self._activity = self._activity, None
        progress, self._progress = self._progress, None
        for drawn in (activity, progress):
            if drawn is not None:
                drawn.stop()

    def _line(self) -> LiveActivity:
        from backfill_tui.headless.live import LiveActivity

        if self._progress is not None:
            self.settle()
        if self._activity is None:
            self._activity = LiveActivity(self._stream, ascii_signs=self._ascii_signs)
            self._activity.start()
        return self._activity

    def ask(self, question: str) -> bool | None:
        """Ask on the terminal; anything but y or yes, and the end of input, is no."""
        answer = self.ask_name(f"{question} [y/N]")
        return None if answer is None else answer.lower() in {"y", "yes"}

    def ask_name(self, question: str) -> str | None:
        """Ask on the terminal; the end of input is an empty answer."""
        if self._answers is None:
            return None
        self.settle()
        self._stream.write(f"{harmless(question)} ")
        self._stream.flush()
        answer = self._answers.readline()
        if not answer.endswith("\n"):
            self._stream.write("\n")
        return answer.strip()


def _spell(seconds: float) -> str:
    whole = max(1, round(seconds))
    return f"{whole} s" if whole < _MINUTE else f"{whole // _MINUTE} min {whole % _MINUTE} s"
