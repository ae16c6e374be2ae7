"""The process's own streams as the commands use them."""

from __future__ import annotations

import io
import os
import sys
from typing import TextIO

from backfill_tui.headless.paper import Paper
from backfill_tui.headless.quiet import QuietVoice
from backfill_tui.headless.voice import PlainVoice, TerminalVoice, Voice


def paper(*, ascii_signs: bool = False) -> Paper:
    """Stdout, for data."""
    _never_fail_on_letters(sys.stdout)
    return Paper(sys.stdout, is_terminal=sys.stdout.isatty(), ascii_signs=ascii_signs)


def voice(*, ascii_signs: bool = False) -> Voice:
    """Stderr, for talk; questions are asked where both it and stdin are a terminal."""
    _never_fail_on_letters(sys.stderr)
    if not _can_draw():
        return PlainVoice(sys.stderr)
    return TerminalVoice(sys.stderr, sys.stdin if sys.stdin.isatty() else None, ascii_signs=ascii_signs)


def quiet_voice(*, as_json: bool) -> Voice:
    """Stderr for errors, and for the outcome where that is not on stdout as JSON."""
    return QuietVoice(voice(), can_ask=_can_draw() and sys.stdin.isatty(), with_outcome=not as_json)


def _can_draw() -> bool:
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


def _never_fail_on_letters(stream: TextIO) -> None:
    """Let a terminal that has no Unicode show a question mark rather than end the program."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="replace")
