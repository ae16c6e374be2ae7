"""Commands as they may be shown: by their beginning, because a word of one can be a secret."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from typing import Final

from backfill_tui.domain.text import one_line

# A host, a user at a host, a subcommand. With a colon or a slash it may be a password or the way to a
# webhook, with an equals sign a variable, and what is long a key.
_PLAIN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,47}")
_PROGRAM: Final = re.compile(r"[\w./@+~-]{1,200}")


def beginning_of(command: Sequence[str]) -> tuple[str, int]:
    """The words of a command that name its program and, as a rule, the host; and how many are left out.

    No option and nothing behind one is shown, for it may be a password, and no variable, address or path of
    an address, for these may hold one.
    """
    if not command or not _PROGRAM.fullmatch(command[0]):
        return "", len(command)
    second = len(command) > 1 and bool(_PLAIN.fullmatch(command[1]))
    shown = command[: 2 if second else 1]
    return one_line(shlex.join(shown)), len(command) - len(shown)
