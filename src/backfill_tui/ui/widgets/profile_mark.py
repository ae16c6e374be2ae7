"""The name of a profile in its colour, wherever it is shown."""

from __future__ import annotations

from typing import Final

from textual.content import Content

from backfill_tui.domain.profiles import Colour, Profile
from backfill_tui.domain.text import one_line

_COLOURS: Final = {
    Colour.RED: "$state-failed",
    Colour.ORANGE: "$state-upstream-failed",
    Colour.YELLOW: "$state-up-for-retry",
    Colour.GREEN: "$state-success",
    Colour.BLUE: "$state-awaiting-input",
    Colour.PURPLE: "$state-deferred",
    None: "$muted",
}
"""The colours of states are fitted to each theme already."""


def profile_mark(profile: Profile) -> Content:
    """` prod `, on its colour."""
    return Content.styled(f" {one_line(profile.name)} ", f"bold $background on {_COLOURS[profile.colour]}")
