"""The table `[keys]` of the settings file, as it is written there; the screen knows its commands and keys."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from backfill_tui.domain.problems import BadRequest


def keys_by_command(found: object, path: Path) -> Mapping[str, object]:
    """Keys by command id; `watch.rerun = "R"` is a table in a table to TOML, and means the id too."""
    if not isinstance(found, dict):
        raise BadRequest(
            f"keys in {path} is not a table",
            remedy='write [keys], and under it lines like "watch.rerun" = "R"',
        )
    keys: dict[str, object] = {}
    for name, value in found.items():
        inner = value.items() if isinstance(value, dict) else None
        keys.update({name: value} if inner is None else {f"{name}.{verb}": one for verb, one in inner})
    return keys
