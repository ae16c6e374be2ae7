"""What a command works with, put together from the options before it."""

from __future__ import annotations

import shlex
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from backfill_tui.domain.shell import Variable, Word
from backfill_tui.domain.short_words import is_plain
from backfill_tui.program import Invocation
from backfill_tui.settings import LOOKS, PREFIX

if TYPE_CHECKING:
    from backfill_tui.headless.engine import EngineRoom
    from backfill_tui.headless.journal import JournalRoom
    from backfill_tui.headless.session import Session

_COMMAND: Final = "bridge_command"


@contextmanager
def session(
    invocation: Invocation, *, as_json: bool = False, quiet: bool = False
) -> Generator[Session, None, None]:
    """A session on the chosen Airflow, whose bridge starts at once and ends with the context."""
    with invocation.composition.connect(invocation.flags) as connection:
        from backfill_tui.headless.production import typed
        from backfill_tui.headless.session import Session
        from backfill_tui.headless.streams import paper, quiet_voice, voice

        ascii_signs = connection.looks.ascii_signs
        speaks = quiet_voice(as_json=as_json) if quiet else voice(ascii_signs=ascii_signs)
        connection.agreement.asked_by(typed(speaks, invocation.confirmed))
        yield Session(
            gateway=connection.connect(),
            engine=connection.engine,
            voice=speaks,
            paper=paper(ascii_signs=ascii_signs),
            as_json=as_json,
            read_only=connection.read_only,
            program=shown_words(invocation.flags),
            reconnect=connection.connect if connection.reconnects else None,
        )


def engine_room(invocation: Invocation, *, as_json: bool) -> EngineRoom:
    """The embedded engine of the chosen Airflow; BadRequest where Airflow is not ours."""
    from backfill_tui.headless.engine import EngineRoom
    from backfill_tui.headless.streams import paper, voice

    parts = invocation.composition.engine(invocation.flags)
    return EngineRoom(
        engine=parts.engine,
        logs=parts.logs,
        voice=voice(),
        paper=paper(),
        as_json=as_json,
        read_only=parts.read_only,
    )


@contextmanager
def journal_room(invocation: Invocation, *, as_json: bool) -> Generator[JournalRoom, None, None]:
    """The journal of the chosen Airflow; only one that is kept elsewhere needs a bridge to be read."""
    from backfill_tui.headless.journal import JournalElsewhere, JournalFile, JournalRoom
    from backfill_tui.headless.streams import paper, voice

    path = invocation.composition.journal(invocation.flags)
    drawn = paper(ascii_signs=invocation.composition.looks(invocation.flags).ascii_signs)
    if path is not None:
        yield JournalRoom(source=JournalFile(path), voice=voice(), paper=drawn, as_json=as_json)
        return
    with invocation.composition.connect(invocation.flags) as connection:
        source = JournalElsewhere(connection.connect())
        yield JournalRoom(source=source, voice=voice(), paper=drawn, as_json=as_json)


def program_words(flags: Mapping[str, object]) -> tuple[str, ...]:
    """The words that reach the same Airflow again: only what was typed before the command."""
    words = ["backfill-tui"]
    for name, value in flags.items():
        if name in LOOKS:
            continue
        option = f"--{name.replace('_', '-')}"
        words += [option] if value is True else [option, str(value)]
    return tuple(words)


def shown_words(flags: Mapping[str, object]) -> tuple[Word, ...]:
    """The same to be shown: the variable of the setting stands for a command that may have a secret in it."""
    command = flags.get(_COMMAND)
    if not isinstance(command, str) or _is_plain(command):
        return program_words(flags)
    hidden = Variable(f"{PREFIX}{_COMMAND.upper()}")
    return tuple(hidden if word == command else word for word in program_words(flags))


def _is_plain(command: str) -> bool:
    try:
        return is_plain(shlex.split(command))
    except ValueError:
        return False
