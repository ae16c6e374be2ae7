"""The settings that count, each with where it comes from and where else it is set in vain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from backfill_tui.domain.profiles import Profile
from backfill_tui.settings import values
from backfill_tui.settings.choosing import Counting, Elsewhere, Place
from backfill_tui.settings.names import KEYS
from backfill_tui.settings.registry import BY_KEY, Setting
from backfill_tui.settings.sources import Origin, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where a setting is set: how it is written there, and of a file on which line."""

    origin: Origin
    name: str
    file: Path | None = None
    line: int | None = None

    @property
    def words(self) -> str:
        """`--read-only`, `BACKFILL_TUI_HOME`, `profile prod, config.toml line 7`."""
        if self.line is None:
            return self.name
        of_profile = f"profile {self.name}, " if self.origin is Origin.PROFILE else ""
        return f"{of_profile}{self.file.name if self.file else 'file'} line {self.line}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Effective:
    """A setting as it counts; `value` is None and `spot` too where its default does.

    `in_vain` are the other places in which it is set.
    """

    setting: Setting
    value: values.Value | None = None
    spot: Spot | None = None
    in_vain: tuple[Spot, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All that is set: the file it was looked for in, the settings, the Airflow they choose, the profiles.

    `keymap` are the keys by command id as the file `keymap_from` has them; whoever knows the commands
    checks them.
    """

    file: Path
    exists: bool
    place: Place | Elsewhere
    settings: tuple[Effective, ...]
    profiles: tuple[Profile, ...]
    in_use: str | None
    keymap: Mapping[str, object]
    keymap_from: str


def effective(found: Counting, file: Path) -> tuple[Effective, ...]:
    """Every setting that can be set outside a profile too, in the order of the docs."""
    return tuple(_effective(found, BY_KEY[key], file) for key in KEYS)


def _effective(found: Counting, setting: Setting, file: Path) -> Effective:
    counts = found.by_key.get(setting.key)
    return Effective(
        setting=setting,
        value=None if counts is None else values.read(counts, setting),
        spot=None if counts is None else _spot(counts, setting.key, file),
        in_vain=tuple(
            _spot(source, setting.key, file)
            for source in found.sources
            if source is not counts and setting.key in source.values
        ),
    )


def _spot(source: Source, key: str, file: Path) -> Spot:
    line = source.line(key)
    name = source.table[-1] if source.table else source.spelled(key)
    return Spot(origin=source.origin, name=name, file=None if line is None else file, line=line)
