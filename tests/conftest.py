"""What every test may rely on: an environment in which nothing of the caller's changes what is shown."""

from __future__ import annotations

import os
import signal

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

# Where servers and other Airflows are that the tests use.
_KEPT = "BACKFILL_TUI_TEST_"

for _name in [name for name in os.environ if name.startswith(_STRANGE) and not name.startswith(_KEPT)]:
    del os.environ[_name]
# Before Textual is imported: it reads this once.
os.environ["TEXTUAL_ANIMATIONS"] = "none"

# A background job of a shell without job control is born deaf to ctrl+c, and so would be every program it
# starts; the tests that send one mean a program as a person starts it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Imported here, for Hypothesis reads the environment above. A busy machine fails no test, and a run of the
# gate looks at the same examples as the one before; `pytest --hypothesis-profile explore` looks for others.
from hypothesis import HealthCheck, settings  # noqa: E402

settings.register_profile("explore", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("gate", settings.get_profile("explore"), derandomize=True)
settings.load_profile("gate")
