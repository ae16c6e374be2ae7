"""Which settings count, and which Airflow they choose."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from backfill_tui.domain.environment import Mode
from backfill_tui.domain.problems import BadRequest
from backfill_tui.domain.profiles import Profile
from backfill_tui.settings import values
from backfill_tui.settings.names import PLACES
from backfill_tui.settings.profiles import with_profile
from backfill_tui.settings.sources import Source

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What was set, None where nothing was; at most one of the three that choose an Airflow is.

    `airflow_python` is the interpreter of an Airflow that is attached to, `bridge_command` are the words that
    start a bridge elsewhere. `notify_command` are the words of a command that gets a sentence as one more,
    empty where there is none.
    """

    dags_folder: Path | None = None
    airflow_home: Path | None = None
    bridge_command: tuple[str, ...] = ()
    airflow_python: Path | None = None
    profile: Profile | None = None
    home: Path | None = None
    read_only: bool = False
    notify: bool = True
    notify_command: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An Airflow of this machine: `path` is its folder of Dags when embedded, its home when attached."""

    mode: Mode
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """An Airflow that is reached through a command, which starts the bridge where that Airflow is."""

    command: tuple[str, ...]


def resolve(*sources: Source) -> Settings:
    """The settings of all sources, the first one that has a value wins.

    The settings that choose an Airflow exclude each other, so the first source that has any of them decides
    about all. Raises BadRequest for unknown names, values of the wrong kind, and two of them in one source.
    """
    for source in sources:
        source.check()
    sources, profile = with_profile(sources)
    place = next((found for found in sources if found.values.keys() & set(PLACES)), None)
    if place is not None:
        _only_one(place)
    settings = Settings(
        dags_folder=None if place is None else values.path(place, "dags_folder"),
        airflow_home=None if place is None else values.path(place, "airflow_home"),
        bridge_command=(None if place is None else values.command(place, "bridge_command")) or (),
        airflow_python=_first(sources, lambda source: values.path(source, "airflow_python")),
        profile=profile,
        home=_first(sources, lambda source: values.path(source, "home")),
        read_only=_first(sources, lambda source: values.switch(source, "read_only")) or False,
        notify=_first(sources, lambda source: values.switch(source, "notify")) is not False,
        notify_command=_first(sources, lambda source: values.command(source, "notify_command")) or (),
    )
    _check_python(settings, sources, place)
    return settings


def place_of(
    settings: Settings, *, airflow_home_variable: str, user_home: Path, cwd: Path
) -> Place | Elsewhere:
    """Which Airflow the settings and the surroundings choose.

    What was set decides; else AIRFLOW_HOME or `~/airflow/airflow.cfg` attach; else `./dags` gets an Airflow
    of its own. Looks for that one file and does nothing else.
    """
    if settings.bridge_command:
        return Elsewhere(command=settings.bridge_command)
    if settings.dags_folder is not None:
        return Place(mode=Mode.EMBEDDED, path=settings.dags_folder)
    if settings.airflow_home is not None:
        return Place(mode=Mode.ATTACHED, path=settings.airflow_home)
    if airflow_home_variable:
        return Place(mode=Mode.ATTACHED, path=Path(airflow_home_variable).expanduser().absolute())
    # An interpreter of one's own is that of an Airflow one has, configured or with all its defaults.
    if settings.airflow_python is not None or (user_home / "airflow" / "airflow.cfg").is_file():
        return Place(mode=Mode.ATTACHED, path=user_home / "airflow")
    return Place(mode=Mode.EMBEDDED, path=cwd / "dags")


def _only_one(source: Source) -> None:
    both = [key for key in PLACES if key in source.values]
    if both == ["dags_folder", "airflow_home"]:
        raise BadRequest(
            f"Both a folder of Dags and an AIRFLOW_HOME are set by {source.name}",
            remedy="give one of them: a folder starts an Airflow of its own, a home attaches to yours",
        )
    if len(both) > 1:
        raise BadRequest(
            f"Both {both[0]} and {both[1]} are set by {source.name}",
            remedy="give one of them: each chooses an Airflow",
        )


def _check_python(settings: Settings, sources: tuple[Source, ...], place: Source | None) -> None:
    """Refuse an interpreter that could only be ignored; one from a weaker source is of another Airflow."""
    if settings.airflow_python is None or place is None or settings.airflow_home is not None:
        return
    chooser = next(source for source in sources if "airflow_python" in source.values)
    if sources.index(chooser) > sources.index(place):
        return
    if settings.bridge_command:
        raise BadRequest(
            f"airflow_python in {chooser.name} says nothing to a bridge_command",
            remedy="name the interpreter in that command",
        )
    raise BadRequest(
        f"airflow_python in {chooser.name} goes with an Airflow that is attached to",
        remedy="leave out the folder of Dags: an Airflow of its own runs on the Python of this program",
    )


def _first(sources: tuple[Source, ...], read: Callable[[Source], T | None]) -> T | None:
    return next((value for source in sources if (value := read(source)) is not None), None)
