"""What is said on stderr: steps, progress, questions, warnings."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Protocol, TextIO

from backfill_tui.domain.text import harmless, one_line

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_PLAIN_SECONDS: Final = 1.0
"""In a pipe, progress of one and the same activity is said at most this often."""


class Voice(Protocol):
    """How the commands talk to whoever started them."""

    def say(self, sentence: str) -> None:
        """One line, outside text allowed; it stays."""
        ...

    def activity(self, sentence: str, done: int = 0, total: int = 0, *, key: str = "") -> None:
        """What goes on now, `done` of `total` where it can be counted; `key` names the activity itself."""
        ...

    def settle(self) -> None:
        """The activity is over; what was drawn of it goes away."""
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
    """A terminal: the activity is one live line with a bar, drawn by rich, and goes away when it is over."""

    def __init__(self, stream: TextIO, answers: TextIO | None) -> None:
        self._stream = stream
        self._answers = answers
        self._live: tuple[Progress, TaskID] | None = None

    def say(self, sentence: str) -> None:
        """One line, above the activity if there is one."""
        if self._live is None:
            self._stream.write(harmless(sentence) + "\n")
            self._stream.flush()
            return
        from rich.text import Text

        self._live[0].console.print(Text(harmless(sentence)), soft_wrap=True)

    def activity(self, sentence: str, done: int = 0, total: int = 0, *, key: str = "") -> None:  # noqa: ARG002
        """Draw or redraw the live line."""
        if self._live is None:
            progress = _live_line(self._stream)
            self._live = (progress, progress.add_task("", total=None, sentence="", counted=""))
            progress.start()
        progress, task = self._live
        progress.update(
            task,
            completed=done if total else 0,
            total=total or None,
            sentence=one_line(sentence),
            counted=f"{done:,}/{total:,}" if total else "",
        )

    def settle(self) -> None:
        """Take the live line away."""
        if self._live is not None:
            self._live[0].stop()
            self._live = None

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


def _live_line(stream: TextIO) -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

    console = Console(file=stream, highlight=False, markup=False, emoji=False)
    return Progress(
        SpinnerColumn("line"),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[counted]}", markup=False),
        TextColumn("{task.fields[sentence]}", markup=False),
        console=console,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )
