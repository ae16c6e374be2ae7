"""Outside text made harmless: no control code of a log, a Dag id or an exception reaches the terminal."""

from __future__ import annotations

import re

# Escape sequences: CSI, then OSC and other strings, then two-character ones; their letters go with them.
_SEQUENCES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"
    r"|\x9b[0-?]*[ -/]*[@-~]"
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b[ -/]*[0-~]?"
)
# C0 and C1 controls, the marks that reorder or hide what follows them, and lone surrogates, which stand for
# bytes of a name that is not UTF-8 and which no terminal can be sent.
_CONTROLS = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f\ud800-\udfff\ufeff]"
)


def harmless(text: str) -> str:
    """The text without terminal control: escape sequences are dropped, stray controls become U+FFFD.

    Newlines and tabs stay. Nothing is interpreted: `[/red]` is those six characters.
    """
    if text.isascii() and text.isprintable():
        return text
    plain = _SEQUENCES.sub("", text.replace("\r\n", "\n"))
    return _CONTROLS.sub("\ufffd", plain)


def one_line(text: str) -> str:
    """Harmless text on one line: runs of white space become one space."""
    return " ".join(harmless(text).split())
