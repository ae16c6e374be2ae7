from __future__ import annotations

import re

from scripts.readme import KEYS, README, all_keys, written

from backfill_tui.ui.commands import REGISTRY


def test_the_readme_has_the_keys_of_the_registry() -> None:
    for path, text in written().items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name}: run python -m scripts.readme"


def test_the_page_of_the_keys_has_every_command_and_its_id() -> None:
    table = all_keys()
    assert not [command.id for command in REGISTRY if f"| `{command.id}` |" not in table]
    assert KEYS.read_text(encoding="utf-8").count("| `watch.rerun` |") == 1


def test_every_file_the_readme_points_to_is_there() -> None:
    readme = README.read_text(encoding="utf-8")
    targets = [target for target in re.findall(r"\]\(([^)#]+)", readme) if "://" not in target]
    assert targets
    assert [target for target in targets if not (README.parent / target).exists()] == []
