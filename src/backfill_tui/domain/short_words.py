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
_PYTHON: Final = re.compile(r"(?:[\w./@+~-]{0,200}/)?python[\d.]{0,8}")
_BRIDGE: Final = ("-m", "backfill_tui.bridge")
_OPTIONS_OF_THE_BRIDGE: Final = frozenset({"--mode", "attached", "--far", "--read-only"})
# A container or a pod, as `docker exec -i` and `kubectl exec -i` take it.
_CONTAINER: Final = re.compile(r"[a-z0-9][a-z0-9_.-]{0,62}(?:/[a-z0-9][a-z0-9.-]{0,62})?")


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


def is_plain(command: Sequence[str]) -> bool:
    """Whether a command that starts a bridge has no word but those that such a command is known to need.

    These are a program and a host, or a container, then a Python and the module of the bridge. Anything else
    may be a secret.
    """
    words = tuple(command)
    ends = [at for at in range(1, len(words)) if words[at : at + 2] == _BRIDGE]
    if not ends or not _PYTHON.fullmatch(words[ends[0] - 1]):
        return False
    way, options = words[: ends[0] - 1], words[ends[0] + 2 :]
    if way[1:3] == ("exec", "-i") and _CONTAINER.fullmatch("".join(way[3:4])) and way[4:] in {(), ("--",)}:
        way = way[:2]
    return beginning_of(way)[1] == 0 and _OPTIONS_OF_THE_BRIDGE.issuperset(options)
