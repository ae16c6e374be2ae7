"""A connection: the bridge that is started for it, and the engine of an Airflow of our own."""

from __future__ import annotations

import locale
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from backfill_tui.composition.parts import Connection
from backfill_tui.domain.environment import EngineStatus
from backfill_tui.domain.looks import Looks, looks_of
from backfill_tui.gateway.agreement import Agreement
from backfill_tui.known_names import KnownNames
from backfill_tui.own_files import FirstTimes, state_folder
from backfill_tui.settings import Settings
from backfill_tui.starting import Start

if TYPE_CHECKING:
    from backfill_tui.engine.control import EngineControl
    from backfill_tui.engine.home import EmbeddedHome
    from backfill_tui.gateway.port import Engine, Gateway

_CALL_SECONDS: Final = 60.0
_FAR_SECONDS: Final = 30.0
"""How long a plain call may take before the bridge counts as gone."""
_SILENT_SECONDS: Final = 60.0
"""The same of a stream, which is silent while a database that does not answer is tried for half a minute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Which Airflow it is, in a few words, the file with its names seen last, and the environment."""

    where: str
    names: Path
    environment: Mapping[str, str]


@contextmanager
def connected(
    start: Start, settings: Settings, surroundings: Surroundings, engine: Engine | None = None
) -> Generator[Connection, None, None]:
    """A bridge that is started at once and ends with the context, and what goes with it."""
    from backfill_tui.gateway.child import BridgeChild

    first = start()
    # A connection that hangs, as one that a laptop slept through, is noticed by its silence alone.
    seconds = _FAR_SECONDS if first.far else _CALL_SECONDS
    agreement = Agreement(settings.profile)
    memory = KnownNames(surroundings.names)
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
            where=surroundings.where,
            profile=settings.profile,
            reconnects=first.far,
            agreement=agreement,
            log_folder=first.log.parent,
            notify=settings.notify,
            notify_command=settings.notify_command,
            first_times=FirstTimes(state_folder() / "hints") if settings.hints else None,
            looks=looks_in(settings, surroundings.environment),
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


def looks_in(settings: Settings, environment: Mapping[str, str]) -> Looks:
    """The looks that were chosen, or suit the terminal, whose encoding is that of the locale."""
    return looks_of(settings.theme, settings.signs, environment, locale.nl_langinfo(locale.CODESET))
