"""What docs/faults.md claims has a test of that name."""

from __future__ import annotations

import re
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]


def test_every_fault_of_the_page_names_a_test_that_exists() -> None:
    page = (REPOSITORY / "docs" / "faults.md").read_text(encoding="utf-8")
    faults = [line for line in page.splitlines() if line.startswith("| ") and not line.startswith("| fault ")]
    named = [re.findall(r"`(test_\w+)`", line) for line in faults]
    assert all(named), [line for line, tests in zip(faults, named, strict=True) if not tests]
    sources = [path.read_text(encoding="utf-8") for path in (REPOSITORY / "tests").rglob("test_*.py")]
    there = {name for source in sources for name in re.findall(r"^def (test_\w+)\(", source, re.MULTILINE)}
    assert {name for tests in named for name in tests} <= there
