from __future__ import annotations

import re
import subprocess
import sys
from importlib import import_module, metadata
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REPOSITORY = Path(__file__).parents[2]
# Put together, so that this file is not found by what it looks for.
MACHINE_PATHS = [
    "/wor" + "k/",
    "/roo" + "t/",
    "/home/" + "user",
    "/opt/wh" + "eels",
    "/tm" + "p/w/",
    "/Us" + "ers/",
]
REGISTRIES = [
    "pypi." + "org",
    "pythonhosted." + "org",
    "--index" + "-url",
    "--find" + "-links",
    "/simp" + "le/",
]


def pyproject() -> dict[str, Any]:
    toml = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    found: dict[str, Any] = toml.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))
    return found


def constraints() -> dict[str, list[Requirement]]:
    pinned: dict[str, list[Requirement]] = {}
    for line in (REPOSITORY / "constraints.txt").read_text("utf-8").splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            requirement = Requirement(line)
            pinned.setdefault(canonicalize_name(requirement.name), []).append(requirement)
    return pinned


def needed_by_users() -> list[str]:
    """The requirements of the program and of its extras."""
    project = pyproject()["project"]
    return [*project["dependencies"], *chain.from_iterable(project["optional-dependencies"].values())]


def tracked_files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, check=False, timeout=60
    )
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    return [REPOSITORY / name for name in listed.stdout.decode().split("\0") if name]


def test_every_dependency_says_why_it_is_there() -> None:
    text = (REPOSITORY / "pyproject.toml").read_text("utf-8")
    block = re.search(r"^dependencies = \[\n(.*?)^\]", text, re.MULTILINE | re.DOTALL)
    assert block is not None
    lines = [line.strip() for line in block[1].splitlines()]
    named = [place for place, line in enumerate(lines) if line.startswith('"')]
    assert len(named) == len(pyproject()["project"]["dependencies"])
    for place in named:
        assert lines[place - 1].startswith("# "), f"{lines[place]} has no reason above it"


def test_every_ignored_rule_of_the_linter_says_why() -> None:
    text = (REPOSITORY / "pyproject.toml").read_text("utf-8")
    block = re.search(r"^ignore = \[\n(.*?)^\]", text, re.MULTILINE | re.DOTALL)
    assert block is not None
    for line in block[1].splitlines():
        assert "#" in line, line


def test_every_constraint_is_one_exact_version() -> None:
    for requirements in constraints().values():
        for requirement in requirements:
            assert requirement.url is None
            assert [each.operator for each in requirement.specifier] == ["=="], requirement


def test_everything_the_program_and_its_extras_need_is_pinned_down_to_the_last_dependency() -> None:
    pinned, seen = constraints(), set()
    waiting = [Requirement(line) for line in needed_by_users()]
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        key = (name, frozenset(requirement.extras))
        if key in seen:
            continue
        seen.add(key)
        assert name in pinned, f"{name} is not in constraints.txt"
        for line in metadata.requires(name) or []:
            needed = Requirement(line)
            if needed.marker is None or any(
                needed.marker.evaluate({"extra": extra}) for extra in ("", *requirement.extras)
            ):
                waiting.append(needed)
    assert len(seen) > 50


def test_the_tools_of_the_dependency_groups_are_pinned() -> None:
    pinned = constraints()
    for group in pyproject()["dependency-groups"].values():
        for entry in group:
            if isinstance(entry, str):
                assert canonicalize_name(Requirement(entry).name) in pinned


def test_no_file_names_a_machine_or_a_registry() -> None:
    found = [
        f"{path.relative_to(REPOSITORY)}: {word}"
        for path in tracked_files()
        if path.is_file()
        for word in MACHINE_PATHS + REGISTRIES
        if word.encode() in path.read_bytes()
    ]
    assert found == []


def test_the_entry_point_is_the_command_line() -> None:
    (entry,) = metadata.entry_points(group="console_scripts", name="backfill-tui")
    assert entry.value == "backfill_tui.cli:main"
    assert callable(entry.load())
