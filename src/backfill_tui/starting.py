"""How a bridge is started: by which interpreter or command, in which environment, with which log."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from backfill_tui.domain.problems import BadRequest
from backfill_tui.domain.text import one_line
from backfill_tui.own_files import fresh_log, journal_of, made, state_folder
from backfill_tui.settings import Elsewhere, Place, Settings

if TYPE_CHECKING:
    from backfill_tui.engine.home import EmbeddedHome
    from backfill_tui.gateway.child import BridgeCommand

Start = Callable[[], "BridgeCommand"]
"""Gives a command that is ready to be run once; a bridge that ended is followed by another one."""

_BRIDGE: Final = "backfill_tui.bridge"


def embedded(settings: Settings, home: EmbeddedHome, environment: Mapping[str, str]) -> Start:
    """The bridge of an Airflow of its own, on the Python of this program."""
    words = ["--mode", "embedded", "--dags-folder", str(home.dags_folder), "--journal", str(home.journal)]
    inside = home.environment(environment)
    return lambda: _command([*_this_python(), "-m", _BRIDGE], words, settings, inside, home.bridge_log)


def attached(settings: Settings, place: Place, environment: Mapping[str, str]) -> Start:
    """The bridge of an Airflow of this machine, on its own Python where the settings name one."""
    inside = dict(environment)
    if settings.airflow_home is not None:
        inside["AIRFLOW_HOME"] = str(place.path)
    words = ["--mode", "attached", "--journal", str(journal_of(place.path))]
    python = settings.airflow_python
    program = [*_this_python(), "-m", _BRIDGE] if python is None else _with_other_python(python)
    return lambda: _command(program, words, settings, inside, _log())


def elsewhere(settings: Settings, place: Elsewhere, environment: Mapping[str, str]) -> Start:
    """The bridge that a command starts where Airflow is: behind ssh, in a container or in a pod."""
    return lambda: _command(
        list(place.command), ["--mode", "attached", "--far"], settings, environment, _log()
    )


def _command(
    program: list[str], words: list[str], settings: Settings, environment: Mapping[str, str], log: Path
) -> BridgeCommand:
    from backfill_tui.gateway.child import BridgeCommand

    read_only = ["--read-only"] if settings.read_only else []
    return BridgeCommand(
        words=[*program, *words, *read_only],
        environment=environment,
        log=fresh_log(log),
        far=bool(settings.bridge_command),
    )


def _this_python() -> list[str]:
    # Without -P the folder one stands in comes first, and a file there can take the place of a module.
    return [sys.executable, *(["-P"] if sys.version_info >= (3, 11) else [])]


def _with_other_python(python: Path) -> list[str]:
    """The words that run the bridge with a Python in which this package is not installed."""
    if python.is_dir():
        # As one names a virtual environment.
        python = python / "bin" / "python"
    if not os.access(python, os.X_OK):
        raise BadRequest(
            f"There is no Python {one_line(str(python))} that can be run",
            remedy="name the interpreter of your Airflow, such as /opt/airflow/bin/python",
        )
    return [str(python), str(Path(__file__).with_name("bridge_without_install.py"))]


def _log() -> Path:
    # Not in the user's Airflow home, which may not be writable and is not ours.
    return made(state_folder() / "attached") / "bridge.log"
