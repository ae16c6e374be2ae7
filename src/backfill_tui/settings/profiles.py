"""The profile that counts, and what it sets."""

from __future__ import annotations

from backfill_tui.domain.problems import BadRequest
from backfill_tui.domain.profiles import Colour, Profile
from backfill_tui.domain.text import one_line
from backfill_tui.settings import values
from backfill_tui.settings.names import PLACES
from backfill_tui.settings.sources import Source


def with_profile(sources: tuple[Source, ...]) -> tuple[tuple[Source, ...], Profile | None]:
    """All sources, with the chosen profile as one more behind the source that chose it; and that profile.

    A profile describes an Airflow. Where a stronger source than the one that chose it names another
    Airflow, the profile is not of that one, and nothing of it counts.
    """
    chosen = next((place for place, source in enumerate(sources) if "profile" in source.values), None)
    if chosen is None:
        return sources, None
    chooser = sources[chosen]
    # The file may have lines for those sessions that choose no profile.
    if set(PLACES) & chooser.values.keys() and not chooser.profiles:
        raise BadRequest(
            f"Both a profile and an Airflow are set by {chooser.name}", remedy="leave one of them out"
        )
    if any(set(PLACES) & source.values.keys() for source in sources[:chosen]):
        return sources, None
    name = values.text(chooser, "profile") or ""
    file = next((source for source in sources if source.profiles), sources[-1])
    found = file.of_profile(name)
    profile = Profile(
        name=name,
        colour=_colour(found),
        production=values.switch(found, "production") or False,
    )
    before = sources[: chosen + 1] if chooser is not file else sources[:chosen]
    return (*before, found, *sources[len(before) :]), profile


def _colour(source: Source) -> Colour | None:
    value = source.values.get("colour")
    if value is None:
        return None
    if isinstance(value, str) and value in set(Colour):
        return Colour(value)
    raise BadRequest(
        f"colour in {source.name} is {one_line(repr(value))}, which is none of its colours",
        remedy=f"choose one of {', '.join(Colour)}",
    )
