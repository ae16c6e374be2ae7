"""What the user set, and where: flags before environment variables before a profile before the file.

`resolve` is the whole precedence, and pure. The file is TOML with the keys of `KEYS` and the tables
`[profiles.NAME]`; an environment variable is such a key in capitals after `BACKFILL_TUI_`. A name that is not
a setting is an error with the nearest one that is: a `read_onyl` that was silently ignored would be a write.
"""

from __future__ import annotations

from backfill_tui.settings.choosing import Elsewhere, Place, Settings, place_of, resolve
from backfill_tui.settings.names import CONFIG_VARIABLE, FLAGS, KEYS, PREFIX, nearest
from backfill_tui.settings.sources import Source, from_environment, from_file, from_flags

__all__ = [
    "CONFIG_VARIABLE",
    "FLAGS",
    "KEYS",
    "PREFIX",
    "Elsewhere",
    "Place",
    "Settings",
    "Source",
    "from_environment",
    "from_file",
    "from_flags",
    "nearest",
    "place_of",
    "resolve",
]
