from __future__ import annotations

import re

from scripts.readme import README, keys_table, with_table


def test_the_readme_has_the_keys_of_the_registry() -> None:
    readme = README.read_text(encoding="utf-8")
    assert with_table(readme, "keys", keys_table()) == readme, "run: python -m scripts.readme"


def test_every_file_the_readme_points_to_is_there() -> None:
    readme = README.read_text(encoding="utf-8")
    targets = [target for target in re.findall(r"\]\(([^)#]+)", readme) if "://" not in target]
    assert targets
    assert [target for target in targets if not (README.parent / target).exists()] == []
