"""The command `config`: what is set, and where."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from backfill_tui.domain.numbers import counted
from backfill_tui.domain.profiles import Profile
from backfill_tui.domain.short_words import beginning_of
from backfill_tui.domain.text import one_line
from backfill_tui.forms.encode import JsonObject
from backfill_tui.headless.paper import Paper
from backfill_tui.headless.tables import Cell, Column, Table, Tone
from backfill_tui.headless.voice import Voice
from backfill_tui.settings import Effective, Elsewhere, Origin, Place, Report, Spot

_COLUMNS: Final = (
    Column(heading="Setting"),
    Column(heading="Value", folds=True, least=16),
    Column(heading="From", folds=True, least=16),
    Column(heading="In vain also", folds=True, least=12),
)


def show_settings(
    report: Report, keys: Mapping[str, tuple[str, ...]], voice: Voice, paper: Paper, *, as_json: bool
) -> int:
    """Every setting with its value and where that comes from; of commands only the beginning.

    `keys` are the user's own keys in words, by the id of the command of the screen.
    """
    exists = "" if report.exists else ", which does not exist"
    voice.say(f"The settings file is {one_line(str(report.file))}{exists}")
    if as_json:
        paper.json(_json(report))
        return 0
    in_vain = any(each.in_vain for each in report.settings)
    columns = _COLUMNS if in_vain else _COLUMNS[:-1]
    paper.table(Table(columns=columns, rows=[_row(each)[: len(columns)] for each in report.settings]))
    paper.line()
    paper.line(f"This chooses {_place_words(report.place)}, because {report.place.because}")
    if report.profiles:
        paper.line(f"Profiles: {', '.join(_profile_words(each, report) for each in report.profiles)}")
    if keys:
        words = ", ".join(f"{name} ({' '.join(own) or 'no key'})" for name, own in keys.items())
        paper.line(f"Commands with keys of your own: {words}")
    return 0


def _row(each: Effective) -> tuple[Cell, ...]:
    is_set = each.spot is not None
    value = Cell(_value_words(each)) if is_set else Cell(each.setting.default, Tone.FAINT)
    came = Cell(each.spot.words) if each.spot is not None else Cell(Origin.DEFAULT, Tone.FAINT)
    return Cell(each.setting.key), value, came, Cell(", ".join(spot.words for spot in each.in_vain), Tone.ODD)


def _value_words(each: Effective) -> str:
    value = _plain(each)
    if isinstance(value, bool):
        return str(value).lower()
    hidden = _hidden(each)
    return f"{value} ... ({counted(hidden, 'word')} more)" if hidden else str(value)


def _plain(each: Effective) -> str | bool | None:
    """The value as it may be shown: a command can hold a password, so only its beginning is."""
    value = each.value
    if isinstance(value, tuple):
        return beginning_of(value)[0]
    return str(value) if isinstance(value, Path) else value


def _hidden(each: Effective) -> int:
    """How many words of a command are not shown."""
    return beginning_of(each.value)[1] if isinstance(each.value, tuple) else 0


def _place_words(place: Place | Elsewhere) -> str:
    if isinstance(place, Elsewhere):
        return f"the Airflow that {beginning_of(place.command)[0] or 'a command'} reaches"
    if place.mode is place.mode.EMBEDDED:
        return f"an Airflow of its own for the Dags of {one_line(str(place.path))} (embedded)"
    return f"the Airflow of {one_line(str(place.path))} (attached)"


def _profile_words(profile: Profile, report: Report) -> str:
    marks = [
        *(["in use"] if profile.name == report.in_use else []),
        *(["production"] if profile.production else []),
        *([str(profile.colour)] if profile.colour else []),
    ]
    return one_line(profile.name) + (f" ({', '.join(marks)})" if marks else "")


def _json(report: Report) -> JsonObject:
    place = report.place
    return {
        "file": str(report.file),
        "file_exists": report.exists,
        "airflow": {
            "mode": "elsewhere" if isinstance(place, Elsewhere) else str(place.mode),
            "path": None if isinstance(place, Elsewhere) else str(place.path),
            "command": beginning_of(place.command)[0] if isinstance(place, Elsewhere) else None,
            "because": place.because,
        },
        "settings": [
            {
                "key": each.setting.key,
                "value": _plain(each),
                "hidden_words": _hidden(each),
                "default": each.setting.default,
                **_spot_json(each.spot),
                "in_vain": [_spot_json(spot) for spot in each.in_vain],
            }
            for each in report.settings
        ],
        "profiles": [
            {
                "name": profile.name,
                "colour": None if profile.colour is None else str(profile.colour),
                "production": profile.production,
                "in_use": profile.name == report.in_use,
            }
            for profile in report.profiles
        ],
        "keys": {
            name: value if isinstance(value, list) else str(value) for name, value in report.keymap.items()
        },
    }


def _spot_json(spot: Spot | None) -> JsonObject:
    if spot is None:
        return {"origin": str(Origin.DEFAULT), "name": None, "file": None, "line": None}
    file = None if spot.file is None else str(spot.file)
    return {"origin": str(spot.origin), "name": spot.name, "file": file, "line": spot.line}
