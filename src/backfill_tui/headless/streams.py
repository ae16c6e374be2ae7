"""The process's own streams as the commands use them."""

from __future__ import annotations

import io
import os
import sys
from typing import TextIO

from backfill_tui.headless.paper import Paper
from backfill_tui.headless.voice import PlainVoice, TerminalVoice, Voice


def paper() -> Paper:
    """Stdout, for data."""
    _never_fail_on_letters(sys.stdout)
    return Paper(sys.stdout, is_terminal=sys.stdout.isatty())


def voice() -> Voice:
    """Stderr, for talk; questions are asked where both it and stdin are a terminal."""
    _never_fail_on_letters(sys.stderr)
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        return PlainVoice(sys.stderr)
    return TerminalVoice(sys.stderr, sys.stdin if sys.stdin.isatty() else None)


def _never_fail_on_letters(stream: TextIO) -> None:
    """Let a terminal that has no Unicode show a question mark rather than end the program."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="replace")
