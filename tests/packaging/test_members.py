"""What is shipped: all that the program needs and nothing else."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from tests.support.packages import REPOSITORY, Wheel, build, tracked, unpacked

from backfill_tui import __version__

OTHER_THAN_PYTHON = {
    "backfill_tui/py.typed",
    "backfill_tui/ui/styles/app.tcss",
    "backfill_tui/ui/styles/plan.tcss",
    "backfill_tui/ui/styles/watch.tcss",
    "backfill_tui/web/page/index.html",
    "backfill_tui/web/page/page.css",
    "backfill_tui/web/page/page.js",
}
RUN_BY_THEIR_PATH = {
    "backfill_tui/bridge_without_install.py",
    "backfill_tui/engine/home_files/airflow_local_settings.py",
    "backfill_tui/engine/home_files/warm_workers.py",
}
"""No import would miss them."""


def test_the_wheel_has_the_package_its_manual_page_and_nothing_else(wheel: Wheel) -> None:
    members = set(wheel.members())
    package = {name for name in members if name.startswith("backfill_tui/")}
    assert members - package == {
        f"{wheel.name}.data/data/share/man/man1/backfill-tui.1",
        f"{wheel.name}.dist-info/METADATA",
        f"{wheel.name}.dist-info/RECORD",
        f"{wheel.name}.dist-info/WHEEL",
        f"{wheel.name}.dist-info/entry_points.txt",
        f"{wheel.name}.dist-info/licenses/LICENSE",
    }
    assert {name for name in package if not name.endswith(".py")} == OTHER_THAN_PYTHON
    assert package >= RUN_BY_THEIR_PATH
    source = tracked("src/backfill_tui")
    if not source:
        pytest.skip("not a git checkout: which files belong to the package is not known")
    there = {name for name in source if (REPOSITORY / name).is_file()}
    assert {f"src/{name}" for name in package} == there


def test_the_wheel_is_for_every_system_and_python_and_of_moderate_size(wheel: Wheel) -> None:
    assert wheel.path.name == f"backfill_tui-{__version__}-py3-none-any.whl"
    assert wheel.path.stat().st_size < 3_000_000


def test_the_source_distribution_has_the_repository_and_builds_the_same_wheel(
    wheel: Wheel, sdist: Path, tmp_path: Path
) -> None:
    assert sdist.name == f"backfill_tui-{__version__}.tar.gz"
    with tarfile.open(sdist) as archive:
        names = {member.name.split("/", 1)[1] for member in archive.getmembers() if member.isfile()}
    files = tracked()
    if files:
        assert names - files == {"PKG-INFO"}
        assert {name for name in files - names if (REPOSITORY / name).is_file()} == set()
    source = unpacked(sdist, tmp_path / "source")
    again = Wheel(build("wheel", source, tmp_path / "wheel"))
    assert again.members() == wheel.members()


def test_the_metadata_says_what_it_is_for_whom_and_under_which_license(wheel: Wheel) -> None:
    about = wheel.metadata()
    assert about["Name"] == "backfill-tui"
    assert about["Version"] == __version__
    assert about["License-Expression"] == "Apache-2.0"
    assert about["Requires-Python"] == ">=3.10"
    assert set(about.get_all("Provides-Extra", [])) == {"celery", "postgres", "web"}
    classifiers = about.get_all("Classifier", [])
    for wanted in ("Environment :: Console", "Framework :: Apache Airflow", "Typing :: Typed"):
        assert wanted in classifiers
    for minor in range(10, 14):
        assert f"Programming Language :: Python :: 3.{minor}" in classifiers
    # It has no home on the web, and none is made up.
    assert about.get_all("Project-URL", []) == []
    assert about["Home-page"] is None


def test_the_description_is_the_readme_and_renders(wheel: Wheel) -> None:
    about = wheel.metadata()
    assert about["Description-Content-Type"] == "text/markdown"
    assert about.get_payload() == (REPOSITORY / "README.md").read_text("utf-8")
    drawn = MarkdownIt("gfm-like", {"html": False, "linkify": False}).render(str(about.get_payload()))
    assert drawn.startswith("<h1>backfill-tui</h1>")
    assert drawn.count("<table>") >= 3
    assert "```" not in drawn
