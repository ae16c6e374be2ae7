"""The end of the start: what is in memory now stays there."""

from __future__ import annotations

import gc


def settle() -> None:
    """What was imported to come here lives for ever: the collector need not look at it again."""
    gc.freeze()
    # Whoever imports the program may have put the collector off until now.
    gc.enable()
