"""Profiles: an Airflow with a name, a colour and, where mistakes are dear, a mark that it is production."""

from __future__ import annotations

from dataclasses import dataclass

from backfill_tui.domain.enums import StrEnum


class Colour(StrEnum):
    """The colours that a profile's name can be shown in."""

    RED = "red"
    ORANGE = "orange"
    YELLOW = "yellow"
    GREEN = "green"
    BLUE = "blue"
    PURPLE = "purple"


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A profile in use. On a `production` one every change is confirmed by typing its name."""

    name: str
    colour: Colour | None = None
    production: bool = False
