"""What the pages say of the repository is so: contracts, files, links."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import pytest
from scripts.contracts import PAGE, contracts, written

REPOSITORY = Path(__file__).parents[2]
README = REPOSITORY / "README.md"
PAGES = [*sorted(REPOSITORY.glob("*.md")), *sorted((REPOSITORY / "docs").glob("*.md"))]
PACKAGE = REPOSITORY / "src" / "backfill_tui"


def test_the_contracts_on_the_page_of_the_architecture_are_those_that_are_checked() -> None:
    assert PAGE.read_text("utf-8") == written(), "run: python -m scripts.contracts"


def test_every_module_that_a_contract_names_exists() -> None:
    named = {
        module
        for contract in contracts()
        for key in ("layers", "source_modules", "forbidden_modules")
        for module in contract.get(key, ())
    }
    assert len(named) > 20
    assert [module for module in sorted(named) if find_spec(module) is None] == []


def test_every_package_of_the_program_stands_on_the_page_of_the_architecture() -> None:
    page = PAGE.read_text("utf-8")
    packages = [folder.name for folder in sorted(PACKAGE.iterdir()) if (folder / "__init__.py").is_file()]
    assert [name for name in packages if f"`{name}/`" not in page] == []


def named_files(page: Path) -> set[str]:
    """What stands in backquotes and can only be a file or a folder of the repository."""
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    spans = re.findall(r"(?<!`)`([^`\s]+)`(?!`)", text)
    return {span for span in spans if re.fullmatch(r"[a-z_]+(?:/[a-z_*]+)*(?:/|\.(?:py|md|toml|tcss))", span)}


def exists(name: str) -> bool:
    """Whether there is such a file, named from the repository, the package, or within a package of it."""
    return any(
        any(folder.glob(name.rstrip("/")))
        for folder in (REPOSITORY, PACKAGE, *(each for each in PACKAGE.iterdir() if each.is_dir()))
    )


@pytest.mark.parametrize("page", ["docs/architecture.md", "CONTRIBUTING.md"])
def test_every_file_that_the_pages_for_maintainers_name_exists(page: str) -> None:
    named = named_files(REPOSITORY / page)
    assert len(named) > 10
    assert [name for name in sorted(named) if not exists(name)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_call_of_the_tests_on_a_page_finds_some(page: Path) -> None:
    for path, words in re.findall(r"-m pytest (tests/\S+)(?: -k \"?(\w[\w ]*\w))?", page.read_text("utf-8")):
        place = REPOSITORY / path
        assert place.exists(), path
        wanted = [word for word in words.split() if word not in {"or", "and", "not"}]
        assert not wanted or any(
            re.search(rf"def test_\w*{word}", place.read_text("utf-8")) for word in wanted
        )


def test_every_page_is_linked_from_the_readme() -> None:
    linked = set(re.findall(r"\]\((docs/[a-z-]+\.md)", README.read_text("utf-8")))
    assert linked == {f"docs/{page.name}" for page in (REPOSITORY / "docs").glob("*.md")}


def anchors(page: Path) -> set[str]:
    """The fragments that its headings have, as GitHub makes them; a line of a block is no heading."""
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_between_the_pages_leads_somewhere(page: Path) -> None:
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
        if "://" in target:
            continue
        name, _, fragment = target.partition("#")
        other = (page.parent / name) if name else page
        if not other.exists() or (fragment and fragment not in anchors(other)):
            broken.append(target)
    assert broken == []


def test_the_readme_is_a_page() -> None:
    assert len(README.read_text("utf-8").splitlines()) <= 150
