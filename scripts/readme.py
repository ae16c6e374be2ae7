"""Writes the tables of the README that come from the program: its keys.

python -m scripts.readme
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from backfill_tui.ui.command import Command, key_words
from backfill_tui.ui.commands import APP, PLACES

README: Final = Path(__file__).parents[1] / "README.md"
_SHOWN: Final = ("dags", "plan", "watch", "backfills", "rerun")
_PARTS: Final = {"watch": "tasks"}
"""By screen, the widget on it that has commands of its own beside those that only move."""


def keys_table() -> str:
    """The commands of the main screens, a row each; those that only move are in the help of each screen."""
    lines = ["| where | key | what it does |", "|---|---|---|"]
    lines += [_row("everywhere", command) for command in APP]
    for name in _SHOWN:
        place = PLACES[name]
        parts = {name, _PARTS.get(name)}
        own = [command for command in place.commands if command.place in parts and command.label]
        lines += [_row(place.title, command) for command in own]
    return "\n".join(lines)


def with_table(readme: str, name: str, table: str) -> str:
    """The README with a table put between its marks."""
    marks = re.compile(rf"(<!-- {name}: begin -->\n).*?(<!-- {name}: end -->)", re.DOTALL)
    if not marks.search(readme):
        msg = f"the README has no place for {name}"
        raise ValueError(msg)
    return marks.sub(lambda found: f"{found[1]}{table}\n{found[2]}", readme)


def main() -> None:
    """Write the tables anew."""
    README.write_text(with_table(README.read_text(encoding="utf-8"), "keys", keys_table()), encoding="utf-8")


def _row(where: str, command: Command) -> str:
    keys = ", ".join(f"`{key_words(key)}`" for key in command.keys.split(","))
    return f"| {where} | {keys} | {command.help} |"


if __name__ == "__main__":
    main()
