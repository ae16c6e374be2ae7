"""The kinds of values that settings have, read from one source; each is None where nothing was set."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Final

from backfill_tui.domain.problems import BadRequest
from backfill_tui.domain.text import one_line
from backfill_tui.settings.sources import Source

_TRUE: Final = frozenset({"1", "true", "yes", "on"})
_FALSE: Final = frozenset({"", "0", "false", "no", "off"})


def path(source: Source, key: str) -> Path | None:
    """A path, from the base of its source; BadRequest for what is none."""
    value = source.values.get(key)
    if value is None:
        return None
    if not isinstance(value, (str, Path)) or not str(value).strip():
        raise BadRequest(
            f"{key} in {source.name} is not a path", remedy=f'write it like {key} = "/some/folder"'
        )
    return (source.base / Path(value).expanduser()).absolute()


def command(source: Source, key: str) -> tuple[str, ...] | None:
    """The words of a command that is written as in a shell; BadRequest for what is none."""
    value = source.values.get(key)
    if value is None:
        return None
    try:
        if isinstance(value, str):
            return tuple(shlex.split(value))
        why = "it must be one text"
    except ValueError as broken:
        why = str(broken)
    raise BadRequest(
        f"{key} in {source.name} is not a command: {why}",
        remedy=f'write it as in a shell: {key} = "program word"',
    )


def switch(source: Source, key: str) -> bool | None:
    """True or false; BadRequest for what is neither."""
    value = source.values.get(key)
    if value is None or isinstance(value, bool):
        return value
    word = value.strip().lower() if isinstance(value, str) else ""
    if isinstance(value, str) and word in _TRUE | _FALSE:
        return word in _TRUE
    raise BadRequest(
        f"{key} in {source.name} is {one_line(repr(value))}, which is neither true nor false",
        remedy="write true or false",
    )


def text(source: Source, key: str) -> str | None:
    """A text that is not blank; BadRequest for what is none."""
    value = source.values.get(key)
    if value is None or (isinstance(value, str) and value.strip()):
        return value
    raise BadRequest(f"{key} in {source.name} is not a name", remedy=f'write it like {key} = "name"')
