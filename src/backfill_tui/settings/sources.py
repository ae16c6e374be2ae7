"""The places in which settings are found: the options, the environment, the file and its profiles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from backfill_tui.domain.enums import StrEnum
from backfill_tui.domain.problems import BadRequest
from backfill_tui.domain.text import one_line
from backfill_tui.settings.keymap import keys_by_command
from backfill_tui.settings.lines import line_of, parsed
from backfill_tui.settings.names import (
    CONFIG_VARIABLE,
    KEYMAP,
    KEYS,
    NOT_SETTINGS,
    PREFIX,
    PROFILE_KEYS,
    PROFILES,
    TESTS_PREFIX,
    check_names,
    nearest,
)


class Origin(StrEnum):
    """The kinds of places a value can come from, the nearest first."""

    OPTION = "option"
    ENVIRONMENT = "environment"
    PROFILE = "profile"
    FILE = "file"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One place in which settings were found: its name in a sentence, and its values by key.

    Paths are taken from `base`, so that a file means the same wherever the program is started. `known` are
    the keys it may have, `profiles` the tables of a file that have names, `keymap` its `[keys]` by command
    id. `text` is that of the file, and `table` the keys that lead to these values in it.
    """

    name: str
    values: Mapping[str, object]
    base: Path
    known: tuple[str, ...] = KEYS
    profiles: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    keymap: Mapping[str, object] = field(default_factory=dict)
    origin: Origin = Origin.FILE
    text: str = field(default="", repr=False)
    table: tuple[str, ...] = ()

    def check_names(self) -> None:
        """Raise BadRequest for a name that is not a setting."""
        check_names(self.values, self.known, self.at, self.spelled)

    def line(self, key: str) -> int | None:
        """On which line of its file a key is set; None where there is no file."""
        return line_of(self.text, (*self.table, key)) if self.text else None

    def at(self, key: str) -> str:
        """Where a key is set, in a sentence: `the environment`, `/x/config.toml:3`."""
        line = self.line(key)
        return self.name if line is None else f"{self.name}:{line}"

    def spelled(self, key: str) -> str:
        """A key as it is written there: `--read-only`, `BACKFILL_TUI_READ_ONLY`, `read_only`."""
        if self.origin is Origin.OPTION:
            return f"--{key.replace('_', '-')}"
        return f"{PREFIX}{key.upper()}" if self.origin is Origin.ENVIRONMENT else key

    def of_profile(self, name: str) -> Source:
        """What one of its profiles sets; raises BadRequest with the nearest name when there is none."""
        if name not in self.profiles:
            close = nearest(name, self.profiles)
            names = ", ".join(map(one_line, self.profiles)) or "none"
            raise BadRequest(
                f'There is no profile "{one_line(name)}" in {self.name}',
                remedy=f'did you mean "{one_line(close)}"?' if close else f"its profiles are: {names}",
            )
        return Source(
            name=f"the profile {one_line(name)} of {self.name}",
            values=self.profiles[name],
            base=self.base,
            known=PROFILE_KEYS,
            origin=Origin.PROFILE,
            text=self.text,
            table=(PROFILES, name),
        )


def from_flags(flags: Mapping[str, object], cwd: Path) -> Source:
    """The flags that were given."""
    given = {key: value for key, value in flags.items() if value is not None}
    return Source(name="the options", values=given, base=cwd, origin=Origin.OPTION)


def from_environment(environment: Mapping[str, str], cwd: Path) -> Source:
    """The variables that begin with `BACKFILL_TUI_`; an empty one counts as not set."""
    values = {
        name.removeprefix(PREFIX).lower(): value
        for name, value in environment.items()
        if name.startswith(PREFIX)
        and not name.startswith(TESTS_PREFIX)
        and name not in NOT_SETTINGS
        and value
    }
    return Source(name="the environment", values=values, base=cwd, origin=Origin.ENVIRONMENT)


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
    values = _parse(text, path)
    profiles = _profiles(values.pop(PROFILES, {}), path)
    keymap = keys_by_command(values.pop(KEYMAP, {}), path)
    return Source(
        name=f"{path}",
        values=values,
        base=path.parent.absolute(),
        profiles=profiles,
        keymap=keymap,
        text=text,
    )


def _profiles(found: object, path: Path) -> Mapping[str, Mapping[str, object]]:
    if isinstance(found, dict) and all(isinstance(table, dict) for table in found.values()):
        return found
    raise BadRequest(
        f"{PROFILES} in {path} is not a table of tables",
        remedy="write [profiles.NAME], and under it the settings of that profile",
    )


def _parse(text: str, path: Path) -> dict[str, object]:
    try:
        return parsed(text)
    except ValueError as broken:
        raise BadRequest(
            f"The settings file {path} is not TOML: {broken}", remedy="write lines like read_only = true"
        ) from broken
