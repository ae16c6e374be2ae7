"""The private AIRFLOW_HOME of one Dags folder.

`prepare_home` makes it or finds it again, within milliseconds and with the standard library only: the bridge
that needs it is started before anything else is imported.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from backfill_tui.domain.folder_names import named_after
from backfill_tui.domain.problems import BadRequest, NotThere, Problem, Refused, Unreachable
from backfill_tui.engine.configuration import PYTHON_FILES, Secrets, airflow_cfg

_FORMAT: Final = 1
_MARKER: Final = "home.json"
_LOCK: Final = "prepare.lock"
_NEW: Final = ".new"
_LOOPBACK: Final = "127.0.0.1,localhost,::1"
# Airflow's own switches, and those that would change what its processes print.
_STRIPPED: Final = frozenset(
    {"AIRFLOW_HOME", "AIRFLOW_CONFIG", "AIRFLOW_API_APPS", "BACKFILL_TUI_ENGINE", "PYTHONWARNINGS"}
)
_STRIPPED_PREFIXES: Final = ("AIRFLOW__", "_AIRFLOW")


@dataclass(frozen=True, slots=True)
class EmbeddedHome:
    """A private AIRFLOW_HOME that stands, and where everything in it is."""

    path: Path
    dags_folder: Path

    @property
    def database(self) -> Path:
        """The SQLite file; it exists, empty, as soon as any Airflow process was started on the home."""
        return self.path / "airflow.db"

    @property
    def database_lock(self) -> Path:
        """Held exclusively by whoever creates the database."""
        return self.path / "database.lock"

    @property
    def sessions_lock(self) -> Path:
        """Held shared by every session (screen or command) on this home."""
        return self.path / "sessions.lock"

    @property
    def engine_lock(self) -> Path:
        """Held exclusively by the running engine."""
        return self.path / "engine.lock"

    @property
    def engine_state(self) -> Path:
        """What the engine says of itself, as JSON."""
        return self.path / "engine.json"

    @property
    def engine_logs(self) -> Path:
        """The folder with one log for each process of the engine."""
        return self.path / "logs-engine"

    @property
    def engine_log(self) -> Path:
        """The log of the engine's supervisor."""
        return self.engine_logs / "engine.log"

    @property
    def bridge_log(self) -> Path:
        """The log of the bridge."""
        return self.path / "bridge.log"

    @property
    def journal(self) -> Path:
        """What was done from here to which runs, a JSON object a line."""
        return self.path / "journal.jsonl"

    @property
    def task_logs(self) -> Path:
        """Where Airflow writes the logs of tasks."""
        return self.path / "logs"

    @property
    def airflow_cfg(self) -> Path:
        """The configuration of every Airflow process on this home, with its secrets."""
        return self.path / "airflow.cfg"

    def environment(self, base: Mapping[str, str]) -> dict[str, str]:
        """The environment for any child on this home: of the user's, without what configures Airflow.

        `AIRFLOW_CONN_*` and `AIRFLOW_VAR_*` stay: they are the Dags' data, not Airflow's configuration.
        """
        kept = {
            name: value
            for name, value in base.items()
            if name not in _STRIPPED and not name.startswith(_STRIPPED_PREFIXES)
        }
        kept["AIRFLOW_HOME"] = str(self.path)
        # Tasks talk to the API server on loopback, never through the user's proxy.
        for name in ("NO_PROXY", "no_proxy"):
            kept[name] = ",".join(filter(None, (kept.get(name, ""), _LOOPBACK)))
        return kept


def default_home(dags_folder: Path, state_folder: Path) -> Path:
    """The home of a Dags folder: one each, under the user's state folder, named so that it can be told."""
    return state_folder / "homes" / named_after(Path(os.path.realpath(dags_folder)))


def prepare_home(home: Path, dags_folder: Path) -> EmbeddedHome:
    """Make the home of a Dags folder, or find it again; does nothing that was already done.

    Raises NotThere without the Dags folder, BadRequest for a path that is not a home of ours or can not be
    one, Refused for the home of another Dags folder, Unreachable when it can not be written.
    """
    path, folder = Path(os.path.realpath(home)), Path(os.path.realpath(dags_folder))
    _check_paths(path, folder)
    try:
        _check_ours(path)
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _locked(path / _LOCK):
            _check_folder(path, folder)
            path.chmod(0o700)
            if not (path / _MARKER).exists():
                _write_marker(path, folder, version=None)
            _write_files(EmbeddedHome(path, folder))
    except OSError as cause:
        raise _unwritable(path, cause) from cause
    return EmbeddedHome(path, folder)


def existing_home(home: Path) -> EmbeddedHome:
    """A home that was prepared before, found by its path alone; NotThere when it is none."""
    path = Path(os.path.realpath(home))
    folder = _read_marker(path).get("dags_folder")
    if not isinstance(folder, str):
        raise NotThere(f"There is no home of backfill-tui at {path}", remedy="name another with --home DIR")
    return EmbeddedHome(path, Path(folder))


def recorded_version(home: EmbeddedHome) -> str | None:
    """The version of Airflow this home's database was last opened with, None before the first time."""
    version = _read_marker(home.path).get("airflow_version")
    return version if isinstance(version, str) else None


def record_version(home: EmbeddedHome, version: str) -> None:
    """Remember the version of Airflow that opened the database; Unreachable when it can not be written."""
    if recorded_version(home) == version:
        return
    try:
        with _locked(home.path / _LOCK):
            _write_marker(home.path, home.dags_folder, version)
    except OSError as cause:
        raise _unwritable(home.path, cause) from cause


def write_private(path: Path, text: str) -> None:
    """Replace a file at once, for its owner only: a reader sees the old text or the new, never a part."""
    new = path.with_name(path.name + _NEW)
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    new.replace(path)


def _check_paths(home: Path, dags_folder: Path) -> None:
    if not dags_folder.is_dir():
        raise NotThere(f"There is no Dags folder {dags_folder}", remedy="name one with --dags-folder DIR")
    for what, path in (("home", home), ("Dags folder", dags_folder)):
        text = str(path)
        # Airflow expands variables in what airflow.cfg says, and nothing can keep it from that.
        if not text.isprintable() or "?" in text or os.path.expandvars(text) != text:
            raise BadRequest(
                f"Airflow can not use the {what} {text!r}: its path has a line break, a question mark or "
                "the name of a variable in it",
                remedy="use another path",
            )


def _check_ours(path: Path) -> None:
    """Refuse a path with something in it that this program did not make; nothing is written before."""
    if not path.exists():
        return
    if not path.is_dir():
        raise BadRequest(f"The home {path} is a file", remedy="name a folder with --home DIR")
    names = {entry.name for entry in path.iterdir()}
    if names - {_LOCK, _MARKER + _NEW} and _MARKER not in names:
        raise BadRequest(
            f"The folder {path} is not a home that backfill-tui made",
            remedy="name a new or empty one with --home DIR; for an Airflow of your own use --airflow-home",
        )


def _check_folder(path: Path, dags_folder: Path) -> None:
    marker = _read_marker(path)
    if marker.get("format", _FORMAT) != _FORMAT:
        raise Refused(
            f"The home {path} was made by another version of backfill-tui",
            remedy="use that version, or name another folder with --home DIR",
        )
    owner = marker.get("dags_folder", str(dags_folder))
    if owner != str(dags_folder):
        raise Refused(
            f"The home {path} belongs to the Dags folder {owner}",
            remedy="name that folder with --dags-folder, or another home with --home DIR",
        )


def _read_marker(path: Path) -> dict[str, object]:
    try:
        marker = json.loads((path / _MARKER).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except ValueError:
        marker = None
    if not isinstance(marker, dict):
        raise Refused(
            f"The file {path / _MARKER} is damaged",
            remedy="name another home with --home DIR, or remove this one if its backfills are not needed",
        )
    return marker


def _write_marker(path: Path, dags_folder: Path, version: str | None) -> None:
    marker = {"format": _FORMAT, "dags_folder": str(dags_folder), "airflow_version": version}
    write_private(path / _MARKER, json.dumps(marker, indent=2) + "\n")


def _write_files(home: EmbeddedHome) -> None:
    for folder in (home.path / "config", home.path / "plugins", home.task_logs, home.engine_logs):
        folder.mkdir(mode=0o700, exist_ok=True)
    for lock in (home.sessions_lock, home.engine_lock, home.database_lock):
        os.close(os.open(lock, os.O_RDWR | os.O_CREAT, 0o600))
    before = _text_of(home.airflow_cfg)
    kept = Secrets.read(before) or Secrets.new()
    _write_if_changed(home.airflow_cfg, airflow_cfg(home.path, home.dags_folder, kept), before)
    for name, place in PYTHON_FILES.items():
        source = (Path(__file__).parent / "home_files" / name).read_text(encoding="utf-8")
        _write_if_changed(home.path / place, source, _text_of(home.path / place))


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def _write_if_changed(path: Path, text: str, before: str) -> None:
    if text != before:
        write_private(path, text)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _unwritable(path: Path, cause: OSError) -> Problem:
    if cause.errno in {errno.ENOSPC, errno.EDQUOT}:
        return Unreachable(
            f"The disk is full: the home {path} can not be written",
            remedy="free some space, or name another folder with --home DIR",
        )
    return Unreachable(
        f"The home {path} can not be written: {cause.strerror or cause}",
        remedy="make it writable for you, or name another folder with --home DIR",
    )
