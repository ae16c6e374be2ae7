"""What the user set, and where: flags before environment variables before the settings file.

`resolve` is the whole precedence, and pure. The file is TOML with the keys of `KEYS`; an environment
variable is such a key in capitals after `BACKFILL_TUI_`. A name that is not a setting is an error with the
nearest one that is: a `read_onyl` that was silently ignored would be a write.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Final

from backfill_tui.domain.environment import Mode
from backfill_tui.domain.problems import BadRequest
from backfill_tui.domain.text import one_line

PREFIX: Final = "BACKFILL_TUI_"
CONFIG_VARIABLE: Final = "BACKFILL_TUI_CONFIG"
"""Names the settings file, in place of the one in the user's configuration folder."""

_NOT_SETTINGS: Final = frozenset({CONFIG_VARIABLE, "BACKFILL_TUI_ENGINE"})
"""The second one marks the processes of an engine; a task of a Dag may run this program."""

FLAGS: Final = ("dags_folder", "airflow_home", "home", "read_only")
"""The settings that are options of the command line too."""

KEYS: Final = (*FLAGS, "notify", "notify_command")
_TRUE: Final = frozenset({"1", "true", "yes", "on"})
_FALSE: Final = frozenset({"", "0", "false", "no", "off"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What was set, None where nothing was; at most one of `dags_folder` and `airflow_home` is.

    `notify_command` are the words of a command that gets a sentence as one more, empty where there is none.
    """

    dags_folder: Path | None = None
    airflow_home: Path | None = None
    home: Path | None = None
    read_only: bool = False
    notify: bool = True
    notify_command: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Which Airflow it is: `path` is the folder of Dags when embedded, the AIRFLOW_HOME when attached."""

    mode: Mode
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One place in which settings were found: its name in a sentence, and its values by key.

    Paths are taken from `base`, so that a file means the same wherever the program is started.
    """

    name: str
    values: Mapping[str, object]
    base: Path


def resolve(*sources: Source) -> Settings:
    """The settings of all sources, the first one that has a value wins.

    The two settings that choose an Airflow exclude each other, so the first source that has either decides
    about both. Raises BadRequest for unknown names, values of the wrong kind, and both in one source.
    """
    for source in sources:
        _check_names(source)
    place = next((found for found in sources if found.values.keys() & {"dags_folder", "airflow_home"}), None)
    if place is not None and {"dags_folder", "airflow_home"} <= place.values.keys():
        raise BadRequest(
            f"Both a folder of Dags and an AIRFLOW_HOME are set by {place.name}",
            remedy="give one of them: a folder starts an Airflow of its own, a home attaches to yours",
        )
    return Settings(
        dags_folder=None if place is None else _path(place, "dags_folder"),
        airflow_home=None if place is None else _path(place, "airflow_home"),
        home=next((path for source in sources if (path := _path(source, "home")) is not None), None),
        read_only=_first_switch(sources, "read_only", default=False),
        notify=_first_switch(sources, "notify", default=True),
        notify_command=next(
            (words for source in sources if (words := _command(source, "notify_command")) is not None), ()
        ),
    )


def place_of(settings: Settings, *, airflow_home_variable: str, user_home: Path, cwd: Path) -> Place:
    """Which Airflow the settings and the surroundings choose.

    A folder of Dags or a home that was set decides; else AIRFLOW_HOME or `~/airflow/airflow.cfg` attach;
    else `./dags` gets an Airflow of its own. Looks for that one file and does nothing else.
    """
    if settings.dags_folder is not None:
        return Place(mode=Mode.EMBEDDED, path=settings.dags_folder)
    if settings.airflow_home is not None:
        return Place(mode=Mode.ATTACHED, path=settings.airflow_home)
    if airflow_home_variable:
        return Place(mode=Mode.ATTACHED, path=Path(airflow_home_variable).expanduser().absolute())
    if (user_home / "airflow" / "airflow.cfg").is_file():
        return Place(mode=Mode.ATTACHED, path=user_home / "airflow")
    return Place(mode=Mode.EMBEDDED, path=cwd / "dags")


def from_flags(flags: Mapping[str, object], cwd: Path) -> Source:
    """The flags that were given."""
    return Source(name="the options", values=_given(flags), base=cwd)


def from_environment(environment: Mapping[str, str], cwd: Path) -> Source:
    """The variables that begin with `BACKFILL_TUI_`; an empty one counts as not set."""
    values = {
        name.removeprefix(PREFIX).lower(): value
        for name, value in environment.items()
        if name.startswith(PREFIX) and name not in _NOT_SETTINGS and value
    }
    return Source(name="the environment", values=values, base=cwd)


def from_file(path: Path, *, must_exist: bool = False) -> Source:
    """The settings file; one that does not exist has no settings. Raises BadRequest if it is not TOML."""
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        if must_exist:
            raise BadRequest(
                f"The settings file {path} does not exist", remedy=f"create it, or unset {CONFIG_VARIABLE}"
            ) from None
        return Source(name=f"{path}", values={}, base=path.parent)
    except (OSError, UnicodeDecodeError) as cause:
        raise BadRequest(
            f"The settings file {path} can not be read: {cause}", remedy="it must be a UTF-8 text file"
        ) from cause
    return Source(name=f"{path}", values=_parse(text, path), base=path.parent.absolute())


def nearest(name: str, known: tuple[str, ...]) -> str | None:
    """The known name that is most like `name`, None when none is."""
    from difflib import get_close_matches

    found = get_close_matches(name, known, n=1, cutoff=0.6)
    return found[0] if found else None


def _parse(text: str, path: Path) -> Mapping[str, object]:
    # By name, because a type checker that thinks of 3.10 finds no tomli where 3.11 runs it.
    toml = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    try:
        found: dict[str, object] = toml.loads(text)
    except ValueError as broken:
        raise BadRequest(
            f"The settings file {path} is not TOML: {broken}", remedy="write lines like read_only = true"
        ) from broken
    return found


def _given(values: Mapping[str, object]) -> Mapping[str, object]:
    return {key: value for key, value in values.items() if value is not None}


def _check_names(source: Source) -> None:
    for key in source.values:
        if key in KEYS:
            continue
        close = nearest(key, KEYS)
        raise BadRequest(
            f'"{one_line(key)}" in {source.name} is not a setting',
            remedy=f"did you mean {close}?" if close else f"the settings are {', '.join(KEYS)}",
        )


def _path(source: Source, key: str) -> Path | None:
    value = source.values.get(key)
    if value is None:
        return None
    if not isinstance(value, (str, Path)) or not str(value).strip():
        raise BadRequest(
            f"{key} in {source.name} is not a path", remedy=f'write it like {key} = "/some/folder"'
        )
    return (source.base / Path(value).expanduser()).absolute()


def _command(source: Source, key: str) -> tuple[str, ...] | None:
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


def _first_switch(sources: tuple[Source, ...], key: str, *, default: bool) -> bool:
    return next((state for source in sources if (state := _switch(source, key)) is not None), default)


def _switch(source: Source, key: str) -> bool | None:
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
