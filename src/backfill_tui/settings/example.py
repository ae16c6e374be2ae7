"""A settings file with everything in it, commented out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from textwrap import wrap

from backfill_tui.settings.registry import SETTINGS, Setting

_HEAD = """\
# The settings of backfill-tui. Every line that sets something is commented out: take the "#" away from what
# you want. An option of the command line and a variable (BACKFILL_TUI_READ_ONLY=true) come before this file.
# Paths are taken from where this file lies. `backfill-tui config` shows what counts, and where it is set.
"""
_PROFILES = """\
# An Airflow with a name: `backfill-tui --profile prod`. A profile can set all of the above but `profile`,
# and besides:

# [profiles.prod]
"""
_KEYS = """\
# Other keys for commands of the screen, or none, by their ids: docs/keys.md has them all.

# [keys]
# "watch.rerun" = "R"
# "plan.launch" = ["f5", "ctrl+l"]
# "watch.export" = ""
"""
_WIDTH = 108


def example() -> str:
    """The text of the file, which as it stands sets nothing."""
    general = [setting for setting in SETTINGS if not setting.only_in_profile]
    of_profile = [setting for setting in SETTINGS if setting.only_in_profile]
    return "\n".join([_HEAD, *_lines(general), _PROFILES + "\n".join(_lines(of_profile)), _KEYS])


def _lines(settings: Iterable[Setting]) -> Iterator[str]:
    for setting in settings:
        meaning = setting.meaning[:1].upper() + setting.meaning[1:]
        words = f"{meaning} ({setting.kind_words}; default: {setting.default})"
        yield "\n".join(f"# {line}" for line in wrap(words, _WIDTH))
        yield f"# {setting.key} = {setting.example}\n"
