"""Which settings count, and which Airflow they choose."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from backfill_tui.domain.environment import Mode
from backfill_tui.domain.looks import SignChoice, ThemeChoice
from backfill_tui.domain.problems import BadRequest
from backfill_tui.domain.profiles import Profile
from backfill_tui.settings import values
from backfill_tui.settings.names import KEYS, PLACES
from backfill_tui.settings.profiles import with_profile
from backfill_tui.settings.registry import BY_KEY
from backfill_tui.settings.sources import Source

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What was set, None where nothing was; at most one of the three that choose an Airflow is.

    `airflow_python` is the interpreter of an Airflow that is attached to, `bridge_command` are the words that
    start a bridge elsewhere. `notify_command` are the words of a command that gets a sentence as one more,
    empty where there is none. `keymap` are the keys that the file `keymap_from` gives to commands.
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
    theme: ThemeChoice = ThemeChoice.AUTO
    signs: SignChoice = SignChoice.AUTO
    hints: bool = True
    keymap: Mapping[str, object] = field(default_factory=dict)
    keymap_from: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An Airflow of this machine: `path` is its folder of Dags when embedded, its home when attached.

    `because` says what made it this one, as do the words of `Elsewhere`.
    """

    mode: Mode
    path: Path
    because: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """An Airflow that is reached through a command, which starts the bridge where that Airflow is."""

    command: tuple[str, ...]
    because: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counting:
    """Which source counts for each setting that is set; `sources` are all that may, the nearest first."""

    sources: tuple[Source, ...]
    by_key: Mapping[str, Source]
    profile: Profile | None = None


def counting(*sources: Source) -> Counting:
    """For each setting the first source that has a value, among those that count.

    The settings that choose an Airflow exclude each other, so the first source that has any of them decides
    about all. Raises BadRequest for unknown names, values of the wrong kind, and two of them in one source.
    """
    for source in sources:
        _check(source)
        for name in source.profiles:
            _check(source.of_profile(name))
    sources, profile = with_profile(sources)
    place = next((found for found in sources if found.values.keys() & set(PLACES)), None)
    by_key: dict[str, Source] = {}
    for key in KEYS:
        if (chosen := next((source for source in sources if key in source.values), None)) is not None:
            by_key[key] = chosen
    if place is not None:
        _only_one(place)
        by_key = {key: source for key, source in by_key.items() if key not in PLACES or source is place}
        if _is_of_another_airflow(by_key, sources, place):
            del by_key["airflow_python"]
    if profile is None:
        by_key.pop("profile", None)
    return Counting(sources=sources, by_key=by_key, profile=profile)


def resolve(*sources: Source) -> Settings:
    """The settings of all sources, the first one that has a value wins; raises as `counting` does."""
    return settled(counting(*sources))


def settled(found: Counting) -> Settings:
    """The settings by the sources that count."""

    def read(key: str, reader: Callable[[Source, str], T | None]) -> T | None:
        return reader(found.by_key[key], key) if key in found.by_key else None

    def choice(source: Source, key: str) -> str | None:
        return values.choice(source, key, BY_KEY[key].choices)

    file = next((source for source in found.sources if source.keymap), None)
    return Settings(
        dags_folder=read("dags_folder", values.path),
        airflow_home=read("airflow_home", values.path),
        bridge_command=read("bridge_command", values.command) or (),
        airflow_python=read("airflow_python", values.path),
        profile=found.profile,
        home=read("home", values.path),
        read_only=read("read_only", values.switch) or False,
        notify=read("notify", values.switch) is not False,
        notify_command=read("notify_command", values.command) or (),
        theme=ThemeChoice(read("theme", choice) or ThemeChoice.AUTO),
        signs=SignChoice(read("signs", choice) or SignChoice.AUTO),
        hints=read("hints", values.switch) is not False,
        keymap={} if file is None else file.keymap,
        keymap_from="" if file is None else file.name,
    )


def place_of(
    settings: Settings, *, airflow_home_variable: str, user_home: Path, cwd: Path
) -> Place | Elsewhere:
    """Which Airflow the settings and the surroundings choose.

    What was set decides; else AIRFLOW_HOME or `~/airflow/airflow.cfg` attach; else `./dags` gets an Airflow
    of its own. Looks for that one file and does nothing else.
    """
    if settings.bridge_command:
        return Elsewhere(command=settings.bridge_command, because="bridge_command is set")
    if settings.dags_folder is not None:
        return Place(mode=Mode.EMBEDDED, path=settings.dags_folder, because="dags_folder is set")
    if settings.airflow_home is not None:
        return Place(mode=Mode.ATTACHED, path=settings.airflow_home, because="airflow_home is set")
    return _configured(settings, airflow_home_variable, user_home) or Place(
        mode=Mode.EMBEDDED, path=cwd / "dags", because="no Airflow is set or configured"
    )


def _configured(settings: Settings, airflow_home_variable: str, user_home: Path) -> Place | None:
    """The Airflow that this machine has, by its own ways of telling."""
    if airflow_home_variable:
        path = values.expanded(airflow_home_variable, "AIRFLOW_HOME").absolute()
        return Place(mode=Mode.ATTACHED, path=path, because="AIRFLOW_HOME is set")
    home = user_home / "airflow"
    # An interpreter of one's own is that of an Airflow one has, configured or with all its defaults.
    if settings.airflow_python is not None:
        return Place(mode=Mode.ATTACHED, path=home, because="airflow_python is set, and no other home is")
    if (home / "airflow.cfg").is_file():
        return Place(mode=Mode.ATTACHED, path=home, because="there is an airflow.cfg")
    return None


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


def _is_of_another_airflow(by_key: Mapping[str, Source], sources: tuple[Source, ...], place: Source) -> bool:
    """Whether the interpreter comes from a weaker source than an Airflow that has no use for it.

    Refuses one that could only be ignored.
    """
    chooser = by_key.get("airflow_python")
    if chooser is None or "airflow_home" in place.values:
        return False
    if sources.index(chooser) > sources.index(place):
        return True
    if "bridge_command" in place.values:
        raise BadRequest(
            f"airflow_python in {chooser.name} says nothing to a bridge_command",
            remedy="name the interpreter in that command",
        )
    raise BadRequest(
        f"airflow_python in {chooser.name} goes with an Airflow that is attached to",
        remedy="leave out the folder of Dags: an Airflow of its own runs on the Python of this program",
    )


def _check(source: Source) -> None:
    """Raise BadRequest for a name that is no setting, and for a value of the wrong kind."""
    source.check_names()
    for key in source.values:
        values.read(source, BY_KEY[key])
