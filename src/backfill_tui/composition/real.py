"""The program's own parts: which Airflow it is, its bridge, its engine, and who holds them."""

from __future__ import annotations

import os
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from backfill_tui import starting
from backfill_tui.composition.connecting import EngineWhenAsked, Surroundings, connected, looks_in
from backfill_tui.composition.parts import Connection, EngineParts
from backfill_tui.domain.environment import Mode
from backfill_tui.domain.looks import Looks
from backfill_tui.domain.problems import BadRequest
from backfill_tui.domain.short_words import beginning_of
from backfill_tui.known_names import KnownNames, Names
from backfill_tui.own_files import by_age, config_file, journal_of, names_file, state_folder
from backfill_tui.settings import (
    CONFIG_VARIABLE,
    Elsewhere,
    Place,
    Report,
    Settings,
    Source,
    counting,
    effective,
    expanded,
    from_environment,
    from_file,
    from_flags,
    place_of,
    profiles_of,
    settled,
)

if TYPE_CHECKING:
    from backfill_tui.engine.home import EmbeddedHome


class RealComposition:
    """The program's own parts, in the given surroundings."""

    def __init__(self, environment: Mapping[str, str], cwd: Path) -> None:
        self._environment = environment
        self._cwd = cwd

    @contextmanager
    def connect(self, flags: Mapping[str, object]) -> Generator[Connection, None, None]:
        """Start a bridge at once: it imports Airflow while this process imports what it needs."""
        settings, place = self._choose(flags)
        if isinstance(place, Elsewhere):
            start = starting.elsewhere(settings, place, self._environment)
            with connected(start, settings, self._surroundings(settings, place)) as connection:
                yield connection
        elif place.mode is Mode.ATTACHED:
            start = starting.attached(settings, place, self._environment)
            with connected(start, settings, self._surroundings(settings, place)) as connection:
                yield connection
        else:
            from backfill_tui.engine.attendance import attend

            home = self._home(settings, place)
            start = starting.embedded(settings, home, self._environment)
            around = self._surroundings(settings, place)
            with attend(home), connected(start, settings, around, EngineWhenAsked(home)) as connection:
                yield connection

    def engine(self, flags: Mapping[str, object]) -> EngineParts:
        """The engine of the embedded home, without a bridge."""
        settings, place = self._choose(flags)
        if isinstance(place, Elsewhere) or place.mode is Mode.ATTACHED:
            where = "its bridge" if isinstance(place, Elsewhere) else str(place.path)
            raise BadRequest(
                f"There is no engine here: this session is attached to the Airflow of {where}",
                remedy="name a folder with --dags-folder for an Airflow of its own",
            )
        home = self._home(settings, place)
        logs = {path.stem: path for path in sorted(home.engine_logs.glob("*.log"))}
        bridges = by_age(home.bridge_log)
        if bridges:
            logs["bridge"] = bridges[0]
        return EngineParts(engine=EngineWhenAsked(home), logs=logs, read_only=settings.read_only)

    def journal(self, flags: Mapping[str, object]) -> Path | None:
        """The journal of the chosen Airflow; of one that is not ours it lies in the state folder."""
        settings, place = self._choose(flags)
        if isinstance(place, Elsewhere):
            return None
        if place.mode is Mode.EMBEDDED:
            return self._home(settings, place).journal
        return journal_of(place.path)

    def settings(self, flags: Mapping[str, object]) -> Report:
        """What is set, and where, with these flags."""
        sources = self._sources(flags)
        found, file = counting(*sources), self.settings_file()
        settings = settled(found)
        return Report(
            file=file,
            exists=file.is_file(),
            place=self._place(settings),
            settings=effective(found, file),
            profiles=profiles_of(sources[-1]),
            in_use=None if found.profile is None else found.profile.name,
            keymap=settings.keymap,
            keymap_from=settings.keymap_from,
        )

    def names(self, flags: Mapping[str, object]) -> Names:
        """The names that were seen last; makes no folder."""
        settings, place = self._choose(flags)
        return KnownNames(names_of(settings, place)).read()

    def looks(self, flags: Mapping[str, object]) -> Looks:
        """The looks that were chosen, or suit the terminal."""
        return looks_in(settled(counting(*self._sources(flags))), self._environment)

    def settings_file(self) -> Path:
        """The one that the environment names, else the user's."""
        named = self._environment.get(CONFIG_VARIABLE, "")
        return expanded(named, CONFIG_VARIABLE).absolute() if named else config_file()

    def _choose(self, flags: Mapping[str, object]) -> tuple[Settings, Place | Elsewhere]:
        settings = settled(counting(*self._sources(flags)))
        return settings, self._place(settings)

    def _sources(self, flags: Mapping[str, object]) -> tuple[Source, ...]:
        """The nearest first; the file is the last."""
        return (
            from_flags(flags, self._cwd),
            from_environment(self._environment, self._cwd),
            from_file(self.settings_file(), must_exist=bool(self._environment.get(CONFIG_VARIABLE))),
        )

    def _place(self, settings: Settings) -> Place | Elsewhere:
        return place_of(
            settings,
            airflow_home_variable=self._environment.get("AIRFLOW_HOME", ""),
            user_home=_user_home(),
            cwd=self._cwd,
        )

    def _home(self, settings: Settings, place: Place) -> EmbeddedHome:
        from backfill_tui.engine.home import default_home, prepare_home

        return prepare_home(settings.home or default_home(place.path, state_folder()), place.path)

    def _surroundings(self, settings: Settings, place: Place | Elsewhere) -> Surroundings:
        if isinstance(place, Elsewhere):
            where = _short_command(place.command)
        else:
            where = f"{place.mode} {_short(place.path, self._cwd)}"
        return Surroundings(where=where, names=names_of(settings, place), environment=self._environment)


def names_of(settings: Settings, place: Place | Elsewhere) -> Path:
    """The file with the names of an Airflow: one for each home, folder of Dags or command."""
    if isinstance(place, Elsewhere):
        return names_file("elsewhere", *place.command)
    return names_file(place.mode, str(place.path), str(settings.home or ""))


def _user_home() -> Path:
    # Path.home() raises for a user without one, who gets "~" here, which is nowhere.
    return Path(os.path.expanduser("~"))  # noqa: PTH111


def _short(path: Path, cwd: Path) -> str:
    """A folder as one would say it, in the words of the bridge: from here, or from the user's home."""
    for base, prefix in ((cwd, ""), (_user_home(), "~/")):
        if path != base and path.is_relative_to(base):
            return f"{prefix}{path.relative_to(base)}/"
    return f"{path}/"


def _short_command(words: tuple[str, ...]) -> str:
    return f"attached through {beginning_of(words)[0] or 'a command'}"
