"""Writes what the documents say of the program's keys: the short table of the README, and docs/keys.md.

python -m scripts.readme
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Final

from backfill_tui.ui.app_commands import APP
from backfill_tui.ui.commands import PARTS, PLACES, command_of
from backfill_tui.ui.declaration import Command
from backfill_tui.ui.key_names import key_words

_ROOT: Final = Path(__file__).parents[1]
README: Final = _ROOT / "README.md"
KEYS: Final = _ROOT / "docs" / "keys.md"
_MAIN: Final = (
    *("app.help", "app.palette", "app.screenshot", "app.quit"),
    *("dags.filter", "dags.plan", "dags.holes", "dags.watch", "dags.dates", "dags.backfills"),
    *("plan.launch", "plan.presets", "plan.notes", "plan.copy"),
    *("watch.next_failed", "watch.mark", "watch.mark_failed", "watch.rerun", "watch.failures"),
    *("watch.details", "watch.set_state", "watch.undo", "watch.pause", "watch.stop"),
    *("watch.jump", "watch.filter", "watch.zoom", "watch.transpose"),
)
"""The commands of the README, in its order; docs/keys.md has all."""


def main_keys() -> str:
    """The commands that one needs first, a row each."""
    lines = ["| where | key | what it does |", "|---|---|---|"]
    for command in map(command_of, _MAIN):
        where = "everywhere" if command in APP else PLACES[command.place].title
        lines.append(f"| {where} | {_keys(command)} | {command.help} |")
    return "\n".join(lines)


def all_keys() -> str:
    """Every command with its keys and its id, under the screen, the dialog or the part of one it is for."""
    lines = [*_section("Everywhere", APP)]
    for place in PLACES.values():
        lines += _section(place.title, place.own, "dialog" if place.modal else "")
    held = {command.id: command for place in PLACES.values() for part in place.widgets for command in part}
    for part, commands in groupby(held.values(), key=lambda command: command.place):
        lines += _section(f"{PARTS[part][0].upper()}{PARTS[part][1:]}", commands, "while it has the focus")
    return "\n".join(lines)


def with_table(text: str, name: str, table: str) -> str:
    """The text with a table put between its marks."""
    marks = re.compile(rf"(<!-- {name}: begin -->\n).*?(<!-- {name}: end -->)", re.DOTALL)
    if not marks.search(text):
        msg = f"there is no place for {name}"
        raise ValueError(msg)
    return marks.sub(lambda found: f"{found[1]}{table}\n{found[2]}", text)


def written() -> dict[Path, str]:
    """The documents as they have to be."""
    tables = {README: main_keys(), KEYS: all_keys()}
    return {path: with_table(path.read_text("utf-8"), "keys", table) for path, table in tables.items()}


def main() -> None:
    """Write the tables anew."""
    for path, text in written().items():
        path.write_text(text, encoding="utf-8")


def _section(title: str, commands: Iterable[Command], note: str = "") -> Iterator[str]:
    yield f"### {title}{f' ({note})' if note else ''}"
    yield ""
    yield "| key | what it does | id |"
    yield "|---|---|---|"
    yield from (f"| {_keys(command)} | {command.help} | `{command.id}` |" for command in commands)
    yield ""


def _keys(command: Command) -> str:
    words = (key_words(key).replace("|", "\\|") for key in command.all_keys)
    return ", ".join("`` ` ``" if word == "`" else f"`{word}`" for word in words)


if __name__ == "__main__":
    main()
