"""Real bridges for tests: the real child process, the real Airflow, a private home of its own each."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from backfill_tui.domain.environment import Environment, StartupStep
from backfill_tui.engine.home import EmbeddedHome
from backfill_tui.gateway.bridge import BridgeGateway
from backfill_tui.gateway.child import BridgeChild, BridgeCommand
from backfill_tui.gateway.port import ignore
from tests.support.homes import private_home


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningBridge:
    """A real bridge, and the home it speaks for."""

    gateway: BridgeGateway
    child: BridgeChild
    home: EmbeddedHome

    def open(self) -> Environment:
        """Come up; what the bridge says on the way is dropped."""
        return self.gateway.open(ignore)

    def steps(self) -> list[StartupStep]:
        """Come up; every step the bridge told."""
        told: list[StartupStep] = []
        self.gateway.open(told.append)
        return told


def bridge_command(
    home: EmbeddedHome, *words: str, variables: Mapping[str, str] | None = None, log: str = "bridge.log"
) -> BridgeCommand:
    """The command of an embedded bridge on a home, with `words` after it and `variables` over it."""
    return BridgeCommand(
        words=[
            sys.executable,
            "-m",
            "backfill_tui.bridge",
            "--mode",
            "embedded",
            "--dags-folder",
            str(home.dags_folder),
            *words,
        ],
        environment={**home.environment(os.environ), **(variables or {})},
        log=home.path / log,
    )


@contextmanager
def running_bridge(
    home: EmbeddedHome,
    *words: str,
    variables: Mapping[str, str] | None = None,
    opened: bool = True,
    log: str = "bridge.log",
) -> Iterator[RunningBridge]:
    """A bridge on an embedded home, opened unless told not to; ended with the context."""
    child = BridgeChild(bridge_command(home, *words, variables=variables, log=log))
    gateway = BridgeGateway(child)
    try:
        bridge = RunningBridge(gateway=gateway, child=child, home=home)
        if opened:
            bridge.open()
        yield bridge
    finally:
        gateway.close()


@contextmanager
def open_bridge(home: EmbeddedHome, *, read_only: bool = False) -> Iterator[BridgeGateway]:
    """The gateway of an open bridge on an embedded home, with its journal; ended with the context."""
    words = ["--journal", str(home.journal), *(["--read-only"] if read_only else [])]
    with running_bridge(home, *words) as bridge:
        yield bridge.gateway


def home_with_database(
    template: Path, folder: Path, dags: Mapping[str, str] | None = None, copied: Sequence[Path] = ()
) -> EmbeddedHome:
    """A fresh home in `folder` with a copy of `template` (the `database_template` fixture) as its database.

    `dags` are the sources of its Dag files by name, `copied` are files that go there as they are.
    """
    home = private_home(folder, dags)
    for file in copied:
        shutil.copy(file, home.dags_folder / file.name)
    shutil.copy(template, home.database)
    return home
