"""The kinds of values that settings have, read from one source; each is None where nothing was set."""

from __future__ import annotations

import shlex
from collections.abc import Collection
from pathlib import Path
from typing import Final, TypeAlias

from backfill_tui.domain.problems import BadRequest
from backfill_tui.domain.text import one_line
from backfill_tui.settings.registry import Kind, Setting
from backfill_tui.settings.sources import Source

Value: TypeAlias = Path | tuple[str, ...] | bool | str

_TRUE: Final = frozenset({"1", "true", "yes", "on"})
_FALSE: Final = frozenset({"", "0", "false", "no", "off"})


def read(source: Source, setting: Setting) -> Value | None:
    """The value of a setting, as its kind has it."""
    if setting.kind is Kind.PATH:
        return path(source, setting.key)
    if setting.kind is Kind.COMMAND:
        return command(source, setting.key)
    if setting.kind is Kind.SWITCH:
        return switch(source, setting.key)
    return choice(source, setting.key, setting.choices) if setting.choices else text(source, setting.key)


def path(source: Source, key: str) -> Path | None:
    """A path, from the base of its source; BadRequest for what is none."""
    value = source.values.get(key)
    if value is None:
        return None
    if isinstance(value, (str, Path)) and str(value).strip():
        return (source.base / expanded(value, _named(source, key))).absolute()
    raise BadRequest(f"{_named(source, key)} is not a path", remedy=f'write it like {key} = "/some/folder"')


def expanded(value: str | Path, what: str) -> Path:
    """A path with a home in the place of its `~`; BadRequest, about `what`, where there is no such home."""
    try:
        return Path(value).expanduser()
    except RuntimeError:
        user = one_line(Path(value).parts[0])
        raise BadRequest(
            f"{what} is not a path: it begins with {user}, and there is no such home",
            remedy="write it from the root, such as /some/folder",
        ) from None


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
        f"{_named(source, key)} is not a command: {why}",
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
        f"{_named(source, key)} is {one_line(repr(value))}, which is neither true nor false",
        remedy="write true or false",
    )


def choice(source: Source, key: str, choices: Collection[str]) -> str | None:
    """One of a few words; BadRequest for any other."""
    value = source.values.get(key)
    if value is None:
        return None
    word = value.strip().lower() if isinstance(value, str) else ""
    if word in choices:
        return word
    raise BadRequest(
        f"{_named(source, key)} is {one_line(repr(value))}, which is none of its words",
        remedy=f"choose one of {', '.join(choices)}",
    )


def text(source: Source, key: str) -> str | None:
    """A text that is not blank; BadRequest for what is none."""
    value = source.values.get(key)
    if value is None or (isinstance(value, str) and value.strip()):
        return value
    raise BadRequest(f"{_named(source, key)} is not a name", remedy=f'write it like {key} = "name"')


def _named(source: Source, key: str) -> str:
    """`read_only in /x/config.toml:3`, `BACKFILL_TUI_READ_ONLY in the environment`."""
    return f"{source.spelled(key)} in {source.at(key)}"
