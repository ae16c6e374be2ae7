"""Putting the parts together: which Airflow it is, its bridge, its engine, and who holds them."""

from __future__ import annotations

import locale
import os
from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from backfill_tui import starting
from backfill_tui.domain.environment import EngineStatus, Mode
from backfill_tui.domain.looks import Looks, looks_of
from backfill_tui.domain.problems import BadRequest
from backfill_tui.domain.profiles import Profile
from backfill_tui.domain.short_words import beginning_of
from backfill_tui.gateway.agreement import Agreement
from backfill_tui.known_names import KnownNames, Names
from backfill_tui.own_files import FirstTimes, by_age, config_file, journal_of, names_file, state_folder
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
    from backfill_tui.engine.control import EngineControl
    from backfill_tui.engine.home import EmbeddedHome
    from backfill_tui.gateway.port import Engine, Gateway


_CALL_SECONDS: Final = 60.0
_FAR_SECONDS: Final = 30.0
"""How long a plain call may take before the bridge counts as gone."""
_SILENT_SECONDS: Final = 60.0
"""The same of a stream, which is silent while a database that does not answer is tried for half a minute."""


def _never(_name: str) -> bool:
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A bridge that is starting and what goes with it.

    `connect` gives the gateway on that bridge the first time and one on a fresh bridge afterwards. `engine`
    is None where Airflow is not ours. `where` names the Airflow in a few words. `reconnects` says that the
    way to the bridge can break and be mended, so that trying again makes sense. `agreement` is asked before
    each change. `log_folder` is where this session's logs are, None where there are none. `notify` says
    whether the terminal may call for attention, `notify_command` starts a program that does. `looks` are
    those of the screen, `keymap` the keys that the file `keymap_from` gives to its commands, as it has them.
    `is_first_time` says whether a hint of some name was never told before.
    """

    connect: Callable[[], Gateway]
    engine: Engine | None
    read_only: bool
    where: str
    profile: Profile | None = None
    reconnects: bool = False
    agreement: Agreement = field(default_factory=Agreement)
    log_folder: Path | None = None
    notify: bool = True
    notify_command: tuple[str, ...] = ()
    looks: Looks = field(default_factory=Looks)
    keymap: Mapping[str, object] = field(default_factory=dict)
    keymap_from: str = ""
    is_first_time: Callable[[str], bool] = _never


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineParts:
    """The engine of a home, for the commands that need no bridge."""

    engine: Engine
    logs: Mapping[str, Path]
    read_only: bool


class Composition(Protocol):
    """What the commands are given to work with; tests give another one."""

    def connect(self, flags: Mapping[str, object]) -> AbstractContextManager[Connection]:
        """Start a bridge on the Airflow that the flags choose; leaving the context ends it."""
        ...

    def engine(self, flags: Mapping[str, object]) -> EngineParts:
        """The engine of the embedded Airflow; BadRequest where Airflow is not ours."""
        ...

    def journal(self, flags: Mapping[str, object]) -> Path | None:
        """The file with what was done from here to that Airflow, which may not exist yet.

        None where it is kept with an Airflow elsewhere, whose bridge reads it.
        """
        ...

    def settings(self, flags: Mapping[str, object]) -> Report:
        """What is set, and where, with these flags; starts nothing."""
        ...

    def names(self, flags: Mapping[str, object]) -> Names:
        """The names of that Airflow that were seen last; starts nothing."""
        ...

    def settings_file(self) -> Path:
        """The settings file, which may not exist."""
        ...


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
            where = _short_command(place.command)
            with self._connected(start, settings, place, where) as connection:
                yield connection
        elif place.mode is Mode.ATTACHED:
            start = starting.attached(settings, place, self._environment)
            with self._connected(start, settings, place, self._where(place)) as connection:
                yield connection
        else:
            from backfill_tui.engine.attendance import attend

            home = self._home(settings, place)
            start = starting.embedded(settings, home, self._environment)
            with (
                attend(home),
                self._connected(
                    start, settings, place, self._where(place), EngineWhenAsked(home)
                ) as connection,
            ):
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
        )

    def names(self, flags: Mapping[str, object]) -> Names:
        """The names that were seen last; makes no folder."""
        settings, place = self._choose(flags)
        return KnownNames(names_of(settings, place)).read()

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

    def _where(self, place: Place) -> str:
        return f"{place.mode} {_short(place.path, self._cwd)}"

    @contextmanager
    def _connected(
        self,
        start: starting.Start,
        settings: Settings,
        place: Place | Elsewhere,
        where: str,
        engine: Engine | None = None,
    ) -> Generator[Connection, None, None]:
        from backfill_tui.gateway.child import BridgeChild

        first = start()
        # A connection that hangs, as one that a laptop slept through, is noticed by its silence alone.
        seconds = _FAR_SECONDS if first.far else _CALL_SECONDS
        agreement = Agreement(settings.profile)
        memory = KnownNames(names_of(settings, place))
        started = BridgeChild(first)
        gateways: list[Gateway] = []

        def connect() -> Gateway:
            from backfill_tui.gateway.bridge import BridgeGateway

            child = started if not gateways else BridgeChild(start())
            silent = _SILENT_SECONDS if first.far else None
            gateways.append(
                BridgeGateway(
                    child,
                    call_seconds=seconds,
                    silent_seconds=silent,
                    agreement=agreement,
                    memory=memory,
                )
            )
            return gateways[-1]

        try:
            yield Connection(
                connect=connect,
                engine=engine,
                read_only=settings.read_only,
                where=where,
                profile=settings.profile,
                reconnects=first.far,
                agreement=agreement,
                log_folder=first.log.parent,
                notify=settings.notify,
                notify_command=settings.notify_command,
                is_first_time=FirstTimes(state_folder() / "hints") if settings.hints else _never,
                looks=looks_of(settings.theme, settings.signs, self._environment, _codeset()),
                keymap=settings.keymap,
                keymap_from=settings.keymap_from,
            )
        finally:
            for gateway in gateways:
                gateway.close()
            if not gateways:
                started.end()


class EngineWhenAsked:
    """The engine of a home, satisfying `gateway.port.Engine`; what it takes is imported at its first use.

    That is after the first frame, in a thread, and for many commands never.
    """

    def __init__(self, home: EmbeddedHome) -> None:
        self._home = home

    def start(self) -> EngineStatus:
        """Start it unless it runs."""
        return self._control.start()

    def status(self) -> EngineStatus:
        """How it is now."""
        return self._control.status()

    def stop(self, timeout_seconds: float = 30) -> EngineStatus:
        """End it and all its processes."""
        return self._control.stop(timeout_seconds)

    @property
    def _control(self) -> EngineControl:
        from backfill_tui.engine.control import EngineControl

        return EngineControl(self._home)


def _codeset() -> str:
    """The encoding of the terminal by its locale, which Python took over when it started."""
    return locale.nl_langinfo(locale.CODESET)


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
