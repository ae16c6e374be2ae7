"""Writes the import contracts of pyproject.toml into docs/architecture.md, as they are checked.

python -m scripts.contracts
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from scripts.readme import with_table

_ROOT: Final = Path(__file__).parents[1]
PAGE: Final = _ROOT / "docs" / "architecture.md"


def contracts() -> list[dict[str, Any]]:
    """The contracts, in their order."""
    toml = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    project = toml.loads((_ROOT / "pyproject.toml").read_text("utf-8"))
    found: list[dict[str, Any]] = project["tool"]["importlinter"]["contracts"]
    return found


def table() -> str:
    """A row for each contract: what it holds, who is bound by it, and what these may not import."""
    lines = ["| contract | of | must not import |", "|---|---|---|"]
    for contract in contracts():
        if contract["type"] == "layers":
            of, kept_out = " > ".join(map(_short, contract["layers"])), "anything to the left of itself"
        else:
            of = ", ".join(map(_short, contract["source_modules"]))
            kept_out = ", ".join(map(_short, contract["forbidden_modules"]))
        lines.append(f"| {contract['name']} | {of} | {kept_out} |")
    return "\n".join(lines)


def written() -> str:
    """The page as it has to be."""
    return with_table(PAGE.read_text("utf-8"), "contracts", table())


def _short(module: str) -> str:
    return f"`{module.removeprefix('backfill_tui.')}`"


if __name__ == "__main__":
    PAGE.write_text(written(), encoding="utf-8")
