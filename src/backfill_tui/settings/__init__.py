"""What the user set, and where: flags before environment variables before a profile before the file.

`resolve` is the whole precedence, and pure. The file is TOML with the keys of `KEYS` and the tables
`[profiles.NAME]`; an environment variable is such a key in capitals after `BACKFILL_TUI_`. A name that is not
a setting is an error with the nearest one that is: a `read_onyl` that was silently ignored would be a write.
"""

from __future__ import annotations

from backfill_tui.settings.choosing import (
    Counting,
    Elsewhere,
    Place,
    Settings,
    counting,
    place_of,
    resolve,
    settled,
)
from backfill_tui.settings.effective import Effective, Report, Spot, effective
from backfill_tui.settings.names import CONFIG_VARIABLE, FLAGS, KEYS, LOOKS, PREFIX, nearest
from backfill_tui.settings.profiles import profiles_of
from backfill_tui.settings.sources import Origin, Source, from_environment, from_file, from_flags
from backfill_tui.settings.values import expanded

__all__ = [
    "CONFIG_VARIABLE",
    "FLAGS",
    "KEYS",
    "LOOKS",
    "PREFIX",
    "Counting",
    "Effective",
    "Elsewhere",
    "Origin",
    "Place",
    "Report",
    "Settings",
    "Source",
    "Spot",
    "counting",
    "effective",
    "expanded",
    "from_environment",
    "from_file",
    "from_flags",
    "nearest",
    "place_of",
    "profiles_of",
    "resolve",
    "settled",
]
