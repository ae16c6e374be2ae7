"""Where this program keeps what is its own: its state folder, its journals and the logs of its bridges."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from backfill_tui.domain.folder_names import journal_name
from backfill_tui.domain.problems import Unreachable

APP_NAME: Final = "backfill-tui"
_KEPT_LOGS: Final = 5


def journal_of(airflow_home: Path) -> Path:
    """The journal of an Airflow that is not ours: one for each home."""
    return made(state_folder() / "attached") / journal_name(airflow_home.resolve())


def state_folder() -> Path:
    """The user's folder for what programs keep."""
    from platformdirs import user_state_path

    return user_state_path(APP_NAME, appauthor=False)


def names_file(*of: str) -> Path:
    """The file with the names that the tab key finds, of the Airflow that these words tell from others."""
    digest = hashlib.sha256("\0".join(of).encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return state_folder() / "names" / f"{digest}.json"


def config_file() -> Path:
    """The user's settings of this program; it may not exist."""
    from platformdirs import user_config_path

    return user_config_path(APP_NAME, appauthor=False) / "config.toml"


def made(folder: Path) -> Path:
    """The folder, made for its owner alone where it is not there. Raises Unreachable where it can not be."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as cause:
        raise Unreachable(
            f"The state folder {folder} can not be made: {cause.strerror}",
            remedy="make its parent writable, or set XDG_STATE_HOME",
        ) from cause
    return folder


class FirstTimes:
    """Whether something happens for the first time, by the names that a file keeps, one a line.

    Where the file can not be kept nothing is new: who knows the program must not be told again and again.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def is_new(self, name: str) -> bool:
        """Whether that name is not kept, and can be."""
        try:
            made(self._path.parent)
            with self._path.open("a+", encoding="utf-8") as kept:
                kept.seek(0)
                return name not in kept.read().splitlines()
        except (OSError, UnicodeDecodeError, Unreachable):
            return False

    def keep(self, name: str) -> None:
        """Keep that name, once; where it can not be kept it is not new, which `is_new` has said."""
        if self.is_new(name):
            with suppress(OSError), self._path.open("a", encoding="utf-8") as kept:
                kept.write(f"{name}\n")


def fresh_log(log: Path) -> Path:
    """A log of this process beside `log`: sessions run side by side, and each bridge has its own.

    Of those before, the newest few are kept, for a look at what went wrong.
    """
    for old in by_age(log)[_KEPT_LOGS:]:
        old.unlink(missing_ok=True)
    return log.with_name(f"{log.stem}-{os.getpid()}{log.suffix}")


def by_age(log: Path) -> list[Path]:
    """The logs beside `log`, the newest first."""
    return sorted(log.parent.glob(f"{log.stem}-*{log.suffix}"), key=_changed_at, reverse=True)


def _changed_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        # Another session has just tidied up.
        return 0.0
