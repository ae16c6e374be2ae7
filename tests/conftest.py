"""What every test may rely on: an environment in which nothing of the caller's changes what is shown."""

from __future__ import annotations

import os

# Wishes of whoever runs the tests about colours, and an Airflow or settings of theirs.
_STRANGE = (
    "NO_COLOR",
    "FORCE_COLOR",
    "COLORTERM",
    "CLICOLOR",
    "CLICOLOR_FORCE",
    "AIRFLOW",
    "_AIRFLOW",
    "BACKFILL_TUI",
)

for _name in [name for name in os.environ if name.startswith(_STRANGE)]:
    del os.environ[_name]
# Before Textual is imported: it reads this once.
os.environ["TEXTUAL_ANIMATIONS"] = "none"
