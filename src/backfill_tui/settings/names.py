"""The names of the settings, and what is said of a name that is none."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from backfill_tui.domain.problems import BadRequest
from backfill_tui.domain.text import one_line
from backfill_tui.settings.registry import SETTINGS

PREFIX: Final = "BACKFILL_TUI_"
CONFIG_VARIABLE: Final = "BACKFILL_TUI_CONFIG"
"""Names the settings file, in place of the one in the user's configuration folder."""

NOT_SETTINGS: Final = frozenset({CONFIG_VARIABLE, "BACKFILL_TUI_ENGINE"})
"""The second one marks the processes of an engine; a task of a Dag may run this program."""

TESTS_PREFIX: Final = "BACKFILL_TUI_TEST_"
"""What begins with it tells the tests of this program where their servers are, in whatever shell that is."""

PLACES: Final = ("dags_folder", "airflow_home", "bridge_command")
"""Each of them chooses an Airflow, so they exclude each other."""

KEYS: Final = tuple(setting.key for setting in SETTINGS if not setting.only_in_profile)
"""What the file and the environment may set."""

LOOKS: Final = ("theme", "signs")
"""How the screen looks, whatever Airflow it is."""

FLAGS: Final = tuple(setting.key for setting in SETTINGS if setting.option)
"""The settings that are options of the command line too."""

PROFILES: Final = "profiles"
PROFILE_KEYS: Final = tuple(setting.key for setting in SETTINGS if setting.in_profile)
"""What a table `[profiles.NAME]` may set: all but which profile it is, and what tells it from others."""

KEYMAP: Final = "keys"
"""The table that gives commands of the screen other keys."""

TABLES: Final = (PROFILES, KEYMAP)
"""The tables of the file, which are not settings themselves."""


def check_names(
    names: Iterable[str], known: tuple[str, ...], where: Callable[[str], str], spelled: Callable[[str], str]
) -> None:
    """Raise BadRequest for the first name that is none of `known`.

    `where` says in what a name stands, `spelled` how it is written there.
    """
    for name in names:
        if name in known:
            continue
        raise BadRequest(
            f'"{one_line(spelled(name))}" in {where(name)} is not a setting',
            remedy=_remedy(name, known, spelled),
        )


def _remedy(name: str, known: tuple[str, ...], spelled: Callable[[str], str]) -> str:
    if name in PROFILE_KEYS and name not in KEYS:
        return "it is of a profile: write it under [profiles.NAME]"
    close = nearest(name, (*known, *TABLES))
    return f"did you mean {spelled(close)}?" if close else f"the settings are {', '.join(known)}"


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that is most like `name`, None when none is."""
    from difflib import get_close_matches

    found = get_close_matches(name, list(known), n=1, cutoff=0.6)
    return found[0] if found else None
