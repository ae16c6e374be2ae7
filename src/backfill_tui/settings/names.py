"""The names of the settings, and what is said of a name that is none."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from backfill_tui.domain.problems import BadRequest
from backfill_tui.domain.text import one_line

PREFIX: Final = "BACKFILL_TUI_"
CONFIG_VARIABLE: Final = "BACKFILL_TUI_CONFIG"
"""Names the settings file, in place of the one in the user's configuration folder."""

NOT_SETTINGS: Final = frozenset({CONFIG_VARIABLE, "BACKFILL_TUI_ENGINE"})
"""The second one marks the processes of an engine; a task of a Dag may run this program."""

TESTS_PREFIX: Final = "BACKFILL_TUI_TEST_"
"""What begins with it tells the tests of this program where their servers are, in whatever shell that is."""

PLACES: Final = ("dags_folder", "airflow_home", "bridge_command")
"""Each of them chooses an Airflow, so they exclude each other."""

FLAGS: Final = (*PLACES, "airflow_python", "profile", "home", "read_only")
"""The settings that are options of the command line too."""

KEYS: Final = (*FLAGS, "notify", "notify_command")

PROFILES: Final = "profiles"
PROFILE_KEYS: Final = (*(key for key in KEYS if key != "profile"), "colour", "production")
"""What a table `[profiles.NAME]` may set: all but which profile it is, and what tells it from others."""


def check_names(names: Iterable[str], known: tuple[str, ...], where: str) -> None:
    """Raise BadRequest for the first name that is none of `known`; `where` says what it stands in."""
    for name in names:
        if name in known:
            continue
        close = nearest(name, known)
        raise BadRequest(
            f'"{one_line(name)}" in {where} is not a setting',
            remedy=f"did you mean {close}?" if close else f"the settings are {', '.join(known)}",
        )


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that is most like `name`, None when none is."""
    from difflib import get_close_matches

    found = get_close_matches(name, list(known), n=1, cutoff=0.6)
    return found[0] if found else None
