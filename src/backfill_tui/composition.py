"""Putting the parts together: which Airflow it is, its bridge, its engine, and who holds them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from backfill_tui.domain.environment import EngineStatus, Mode
from backfill_tui.domain.problems import BadRequest
from backfill_tui.own_files import by_age, config_file, fresh_log, journal_of, made, state_folder
from backfill_tui.settings import (
    CONFIG_VARIABLE,
    Place,
    Settings,
    from_environment,
    from_file,
    from_flags,
    place_of,
    resolve,
)

if TYPE_CHECKING:
    from backfill_tui.engine.control import EngineControl
    from backfill_tui.engine.home import EmbeddedHome
    from backfill_tui.gateway.child import BridgeCommand
    from backfill_tui.gateway.port import Engine, Gateway


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A bridge that is starting and what goes with it.

    `connect` gives the gateway on that bridge the first time and one on a fresh bridge afterwards. `engine`
    is None where Airflow is not ours. `where` names the Airflow in a few words. `log_folder` is where this
    session's logs are, None where there are none. `notify` says whether the terminal may call for attention,
    `notify_command` starts a program that does.
    """

    connect: Callable[[], Gateway]
    engine: Engine | None
    read_only: bool
    where: str
    log_folder: Path | None = None
    notify: bool = True
    notify_command: tuple[str, ...] = ()


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

    def journal(self, flags: Mapping[str, object]) -> Path:
        """The file with what was done from here to that Airflow; it may not exist yet."""
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
        if place.mode is Mode.ATTACHED:
            with self._connected(
                self._attached_command(settings, place), settings, place, None
            ) as connection:
                yield connection
            return
        from backfill_tui.engine.attendance import attend

        home = self._home(settings, place)
        with (
            attend(home),
            self._connected(self._embedded_command(settings, home), settings, place, home) as connection,
        ):
            yield connection

    def engine(self, flags: Mapping[str, object]) -> EngineParts:
        """The engine of the embedded home, without a bridge."""
        settings, place = self._choose(flags)
        if place.mode is Mode.ATTACHED:
            raise BadRequest(
                f"There is no engine here: this session is attached to the Airflow of {place.path}",
                remedy="name a folder with --dags-folder for an Airflow of its own",
            )
        home = self._home(settings, place)
        logs = {path.stem: path for path in sorted(home.engine_logs.glob("*.log"))}
        bridges = by_age(home.bridge_log)
        if bridges:
            logs["bridge"] = bridges[0]
        return EngineParts(engine=EngineWhenAsked(home), logs=logs, read_only=settings.read_only)

    def journal(self, flags: Mapping[str, object]) -> Path:
        """The journal of the chosen Airflow; of one that is not ours it lies in the state folder."""
        settings, place = self._choose(flags)
        if place.mode is Mode.EMBEDDED:
            return self._home(settings, place).journal
        return journal_of(place.path)

    def _choose(self, flags: Mapping[str, object]) -> tuple[Settings, Place]:
        named = self._environment.get(CONFIG_VARIABLE, "")
        settings = resolve(
            from_flags(flags, self._cwd),
            from_environment(self._environment, self._cwd),
            from_file(Path(named) if named else config_file(), must_exist=bool(named)),
        )
        place = place_of(
            settings,
            airflow_home_variable=self._environment.get("AIRFLOW_HOME", ""),
            user_home=_user_home(),
            cwd=self._cwd,
        )
        return settings, place

    def _home(self, settings: Settings, place: Place) -> EmbeddedHome:
        from backfill_tui.engine.home import default_home, prepare_home

        return prepare_home(settings.home or default_home(place.path, state_folder()), place.path)

    def _embedded_command(self, settings: Settings, home: EmbeddedHome) -> Callable[[], BridgeCommand]:
        words = ["--mode", "embedded", "--dags-folder", str(home.dags_folder), "--journal", str(home.journal)]
        environment = home.environment(self._environment)
        return lambda: _command(words, settings, environment, home.bridge_log)

    def _attached_command(self, settings: Settings, place: Place) -> Callable[[], BridgeCommand]:
        environment = dict(self._environment)
        if settings.airflow_home is not None:
            environment["AIRFLOW_HOME"] = str(place.path)
        # Not in the user's Airflow home, which may not be writable and is not ours.
        log = made(state_folder() / "attached") / "bridge.log"
        words = ["--mode", "attached", "--journal", str(journal_of(place.path))]
        return lambda: _command(words, settings, environment, log)

    @contextmanager
    def _connected(
        self,
        command: Callable[[], BridgeCommand],
        settings: Settings,
        place: Place,
        home: EmbeddedHome | None,
    ) -> Generator[Connection, None, None]:
        from backfill_tui.gateway.child import BridgeChild

        first = command()
        started = BridgeChild(first)
        gateways: list[Gateway] = []

        def connect() -> Gateway:
            from backfill_tui.gateway.bridge import BridgeGateway

            gateways.append(BridgeGateway(started if not gateways else BridgeChild(command())))
            return gateways[-1]

        try:
            yield Connection(
                connect=connect,
                engine=None if home is None else EngineWhenAsked(home),
                read_only=settings.read_only,
                where=f"{place.mode} {_short(place.path, self._cwd)}",
                log_folder=first.log.parent,
                notify=settings.notify,
                notify_command=settings.notify_command,
            )
        finally:
            for gateway in gateways:
                gateway.close()
            if not gateways:
                started.end()


def _command(
    words: list[str], settings: Settings, environment: Mapping[str, str], log: Path
) -> BridgeCommand:
    from backfill_tui.gateway.child import BridgeCommand, this_python

    # Without -P the folder one stands in comes first, and a file there can take the place of a module.
    safe = ["-P"] if sys.version_info >= (3, 11) else []
    read_only = ["--read-only"] if settings.read_only else []
    return BridgeCommand(
        words=[this_python(), *safe, "-m", "backfill_tui.bridge", *words, *read_only],
        environment=environment,
        log=fresh_log(log),
    )


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


def _user_home() -> Path:
    # Path.home() raises for a user without one, who gets "~" here, which is nowhere.
    return Path(os.path.expanduser("~"))  # noqa: PTH111


def _short(path: Path, cwd: Path) -> str:
    """A folder as one would say it, in the words of the bridge: from here, or from the user's home."""
    for base, prefix in ((cwd, ""), (_user_home(), "~/")):
        if path != base and path.is_relative_to(base):
            return f"{prefix}{path.relative_to(base)}/"
    return f"{path}/"
