"""What the commands are put together from, as they see it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from backfill_tui.domain.looks import Looks
from backfill_tui.domain.profiles import Profile
from backfill_tui.gateway.agreement import Agreement
from backfill_tui.known_names import Names
from backfill_tui.settings import Report

if TYPE_CHECKING:
    from backfill_tui.gateway.port import Engine, Gateway
    from backfill_tui.own_files import FirstTimes


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A bridge that is starting and what goes with it.

    `connect` gives the gateway on that bridge the first time and one on a fresh bridge afterwards. `engine`
    is None where Airflow is not ours. `where` names the Airflow in a few words. `reconnects` says that the
    way to the bridge can break and be mended, so that trying again makes sense. `agreement` is asked before
    each change. `log_folder` is where this session's logs are, None where there are none. `notify` says
    whether the terminal may call for attention, `notify_command` starts a program that does. `looks` are
    those of the screen, `keymap` the keys that the file `keymap_from` gives to its commands, as it has them.
    `first_times` keeps which hints were told, None where none are.
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
    first_times: FirstTimes | None = None


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

    def looks(self, flags: Mapping[str, object]) -> Looks:
        """How the terminal is drawn on; starts nothing."""
        ...

    def settings_file(self) -> Path:
        """The settings file, which may not exist."""
        ...
