"""The profile that counts, and what it sets."""

from __future__ import annotations

from backfill_tui.domain.problems import BadRequest
from backfill_tui.domain.profiles import Colour, Profile
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
    profile = _described(name, found)
    before = sources[: chosen + 1] if chooser is not file else sources[:chosen]
    return (*before, found, *sources[len(before) :]), profile


def profiles_of(file: Source) -> tuple[Profile, ...]:
    """All profiles of a file."""
    return tuple(_described(name, file.of_profile(name)) for name in file.profiles)


def _described(name: str, found: Source) -> Profile:
    colour = values.choice(found, "colour", tuple(Colour))
    return Profile(
        name=name,
        colour=None if colour is None else Colour(colour),
        production=values.switch(found, "production") or False,
    )
