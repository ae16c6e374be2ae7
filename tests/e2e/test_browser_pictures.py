"""A picture of the screen in a browser is downloaded there, and not written where the server is."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.browser import browser
from tests.support.program import Program, program_on, wait_until
from tests.support.services import chromium
from tests.support.serving import served

pytestmark = [
    pytest.mark.airflow,
    pytest.mark.terminal,
    pytest.mark.xdist_group("terminal"),
    pytest.mark.timeout(600),
]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    chromium()
    with program_on(tmp_path_factory.mktemp("pictures"), "my_backfill_dag.py") as found:
        yield found


def downloaded(folder: Path) -> list[Path]:
    """The pictures of which all was written: a browser gives them their name in the end."""
    return [path for path in folder.glob("*.svg") if path.stat().st_size]


async def test_a_picture_of_the_screen_is_downloaded_to_who_looks_at_it(
    program: Program, tmp_path: Path
) -> None:
    with served(program) as server:
        async with browser(chromium()) as chrome:
            tab = await chrome.tab()
            await tab.call("Page.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
            await tab.goto(server.address)
            await tab.wait_for("1 Dag", "my_backfill_dag", seconds=120)
            await tab.press("S")
            await asyncio.to_thread(wait_until, lambda: bool(downloaded(tmp_path)), "a picture is there")
    found = downloaded(tmp_path)
    assert found[0].name.startswith("backfill-tui-dags-")
    assert "my_backfill_dag" in found[0].read_text(encoding="utf-8")
    assert not list(program.folder.rglob("backfill-tui-dags-*.svg"))
