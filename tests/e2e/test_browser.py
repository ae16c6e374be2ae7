"""The program in a real browser: the page opens, keys work, a backfill is planned and watched to its end."""

from __future__ import annotations

import re
import threading
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest
from tests.support.browser import Browser, Tab, browser
from tests.support.chromium import STRANGER
from tests.support.program import Program, program_on
from tests.support.services import chromium
from tests.support.serving import Served, served

pytestmark = [
    pytest.mark.airflow,
    pytest.mark.engine,
    pytest.mark.terminal,
    pytest.mark.xdist_group("terminal"),
    pytest.mark.timeout(600),
]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    chromium()
    with program_on(tmp_path_factory.mktemp("browser"), "my_backfill_dag.py") as found:
        yield found


@pytest.fixture(scope="module")
def server(program: Program) -> Iterator[Served]:
    with served(program) as found:
        yield found


@pytest.fixture
async def chrome() -> AsyncIterator[Browser]:
    async with browser(chromium()) as found:
        yield found


@pytest.fixture
def foreign_page() -> Iterator[str]:
    """The address of a page that another server of this machine serves."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<title>foreign</title>")

        def log_message(self, *_: object) -> None:
            """Nothing is told of requests."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()


async def test_a_backfill_is_planned_launched_and_watched_to_its_end_by_keys(
    server: Served, chrome: Browser
) -> None:
    tab = await chrome.tab()
    await tab.goto(server.address)
    await tab.wait_for("1 Dag", "my_backfill_dag", seconds=120)
    # Neither in the address line nor in the history.
    assert await tab.run("location.href") == f"{server.base}/"
    await tab.press("?")
    await tab.wait_for("Help")
    await tab.press("escape")
    await tab.wait_until_gone("Help")
    await tab.press("enter")
    await tab.wait_for("Plan  my_backfill_dag", "Verdict")
    await tab.press("2021-01-01", "tab", "2021-01-04")
    plan = await tab.wait_for("4 dates   + 4 create", "Mon 2021-01-04 00:00")
    assert plan.count("no run exists") == 4
    await tab.press("f5")
    await tab.wait_for("Launch a backfill of", "Create 4 runs")
    await tab.press("enter")
    await tab.wait_for("Watch  my_backfill_dag", "count", "report")
    done = await tab.wait_for("DONE: 4 succeeded", "4/4 runs", seconds=240)
    assert len(re.findall(r"2021-01-0[1-4] +█ +\[?█]? +█", done)) == 4
    assert set(server.program.tries("my_backfill_dag").values()) == {(1, "success")}

    assert {urlsplit(url).netloc for url in tab.asked} == {urlsplit(server.base).netloc}
    assert await tab.run("document.fonts.check(\"16px 'Roboto Mono'\")")

    # Quitting leaves the page, which offers to begin again; the picture of the end stays.
    await tab.press("escape")
    await tab.wait_for("Last runs")
    await tab.press("q")
    await tab.until("document.body.classList.contains('-closed')")
    assert "The session has ended" in await tab.run("document.getElementById('ended').innerText")
    server.wait_for_no_session()
    await tab.run("document.getElementById('again').click()")
    await tab.wait_for("1 Dag", "my_backfill_dag", seconds=120)
    await tab.click("every day at 00:00")
    await tab.wait_for("Plan  my_backfill_dag")
    await tab.close()
    server.wait_for_no_session()


async def test_a_page_of_a_stranger_can_not_reach_a_session_of_a_user_who_has_one_open(
    server: Served, chrome: Browser, foreign_page: str
) -> None:
    own = await chrome.tab()
    await own.goto(server.address)
    await own.wait_for("my_backfill_dag", seconds=120)
    screens = server.screens()
    address = urlsplit(server.address)
    strange = await chrome.tab()

    # A page of another server: same browser, and the cookie of the same host.
    await strange.goto(foreign_page)
    for url in (server.socket, f"{server.socket}?{address.query}"):
        assert await outcome_of_socket(strange, url) == "refused"
    shown_in_a_frame = await strange.run(
        "new Promise(done => { const frame = document.createElement('iframe'); frame.onload = () => {"
        " let seen; try { seen = frame.contentDocument !== null } catch { seen = false } done(seen) };"
        f" frame.src = '{server.address}'; document.body.append(frame); }})"
    )
    assert shown_in_a_frame is False

    # A name of the stranger's that was turned to this machine.
    turned = f"http://{STRANGER}:{server.port}/?{address.query}"
    await strange.goto(turned)
    assert "Refused: this server is not known by that name" in await strange.run("document.body.innerText")
    assert await outcome_of_socket(strange, turned.replace("http:", "ws:").replace("/?", "/ws?")) == "refused"

    assert [one.pid for one in server.screens()] == [one.pid for one in screens]
    await own.press("?")
    await own.wait_for("Help")


async def outcome_of_socket(tab: Tab, url: str) -> str:
    return str(
        await tab.run(
            f"new Promise(done => {{ const socket = new WebSocket('{url}');"
            " socket.onopen = () => done('opened'); socket.onerror = () => done('refused'); })"
        )
    )
