"""Writes the tables of docs/settings.md, which come from the registry of settings.

python -m scripts.settings
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from backfill_tui.settings.names import PREFIX
from backfill_tui.settings.registry import SETTINGS, Setting
from scripts.readme import with_table

PAGE: Final = Path(__file__).parents[1] / "docs" / "settings.md"


def with_tables(page: str) -> str:
    """The page with its tables as the program has them."""
    general = [setting for setting in SETTINGS if not setting.only_in_profile]
    of_profile = [setting for setting in SETTINGS if setting.only_in_profile]
    page = with_table(page, "settings", _table("| in the file | variable | option ", map(_row, general)))
    return with_table(page, "profiles", _table("| in the profile ", map(_short_row, of_profile)))


def main() -> None:
    """Write the tables anew."""
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


def _table(head: str, rows: Iterable[str]) -> str:
    head = f"{head}| is | meaning | default |"
    return "\n".join([head, "|---" * (head.count("|") - 1) + "|", *rows])


def _row(setting: Setting) -> str:
    option = f"`{setting.flag} {setting.argument}`".replace(" `", "`") if setting.option else ""
    return f"| `{setting.key}` | `{PREFIX}{setting.key.upper()}` | {option} {_rest(setting)}"


def _short_row(setting: Setting) -> str:
    return f"| `{setting.key}` {_rest(setting)}"


def _rest(setting: Setting) -> str:
    return f"| {setting.kind_words} | {setting.meaning} | {setting.default} |"


if __name__ == "__main__":
    main()
