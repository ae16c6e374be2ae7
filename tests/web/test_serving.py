"""The real server and real requests to it, with the headers that a browser sends for pages of strangers."""

from __future__ import annotations

import signal
import socket
import struct
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from urllib.parse import urlsplit

import aiohttp
import pytest
from tests.support.program import Program, program_on, wait_until
from tests.support.serving import Served, opened, served

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    with program_on(tmp_path_factory.mktemp("serving"), "my_backfill_dag.py") as found:
        yield found


@pytest.fixture(scope="module")
def server(program: Program) -> Iterator[Served]:
    with served(program) as found:
        yield found


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as found:
        yield found


async def status(
    client: aiohttp.ClientSession, url: str, headers: Mapping[str, str] | None = None
) -> tuple[int, str]:
    async with client.get(url, headers=headers, timeout=aiohttp.ClientTimeout(60)) as answer:
        return answer.status, await answer.text()


async def refused_socket(client: aiohttp.ClientSession, server: Served, headers: Mapping[str, str]) -> int:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await client.ws_connect(server.socket, headers=headers)
    return refused.value.status


def test_the_address_is_the_one_line_on_stdout_and_it_is_loopback(server: Served) -> None:
    parts = urlsplit(server.address)
    assert (parts.scheme, parts.hostname, parts.path) == ("http", "127.0.0.1", "/")
    assert parts.query.startswith("key=")
    wait_until(lambda: bool(server.said), "the server had spoken")
    assert "Each page opened there is a session of its own" in server.said[0]


async def test_only_whoever_has_the_address_gets_anything_and_then_by_a_cookie(
    server: Served, client: aiohttp.ClientSession
) -> None:
    for path in ("/", "/ws", "/static/js/textual.js", "/page/page.js", "/nothing", "/?key=", "/?key=wrong"):
        code, told = await status(client, server.base + path, {"Origin": server.base})
        assert code == 403, path
        assert "open the address that backfill-tui serve has printed" in told
    code, page = await status(client, server.address)
    assert code == 200
    assert 'id="terminal"' in page
    assert (await status(client, server.base))[0] == 200
    assert (await status(client, f"{server.base}/static/js/textual.js"))[0] == 200
    assert (await status(client, f"{server.base}/static/"))[0] in {403, 404}
    (cookie,) = client.cookie_jar
    assert cookie["httponly"]
    assert cookie["samesite"] == "Strict"


async def test_a_page_of_a_stranger_is_turned_away_even_with_the_key(
    server: Served, client: aiohttp.ClientSession
) -> None:
    assert (await status(client, server.address))[0] == 200
    host = f"127.0.0.1:{server.port}"
    for headers, why in (
        ({"Host": f"evil.example:{server.port}"}, "not known by that name"),
        ({"Origin": "http://evil.example"}, "a page of another server"),
        ({"Origin": "http://127.0.0.1:1"}, "a page of another server"),
    ):
        code, told = await status(client, server.address, headers)
        assert (code, why in told) == (403, True), headers
        assert await refused_socket(client, server, {"Origin": f"http://{host}", **headers}) == 403
    assert await refused_socket(client, server, {}) == 403
    assert server.processes() == []


async def test_the_page_takes_nothing_from_elsewhere_and_into_no_other_page(
    server: Served, client: aiohttp.ClientSession
) -> None:
    async with client.get(server.address) as answer:
        page = await answer.text()
        policy = answer.headers["Content-Security-Policy"]
    assert "//" not in page.replace("<!--", "")
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Referrer-Policy"] == "no-referrer"


async def test_a_session_is_a_process_that_ends_with_its_page_and_not_before(
    server: Served, client: aiohttp.ClientSession
) -> None:
    first = await opened(client, server, "?width=90&height=30")
    await first.wait_for(b"backfill-tui")
    second = await opened(client, server, "?width=100&height=30")
    await second.wait_for(b"1 Dag")
    screens = server.screens()
    assert len(screens) == 2
    await second.say("resize", {"width": 10**9, "height": -3})
    await second.say("ping", "7")
    await first.close()
    wait_until(lambda: len(server.screens()) == 1, "the first session was gone", 90)
    await second.say("resize", {"width": 100, "height": 30})
    await second.say("stdin", "?")
    await second.wait_for(b"Help")
    # What no page says ends that session, and nothing else.
    await second.say("resize", "large")
    await second.wait_until_ended()
    server.wait_for_no_session()
    assert server.process.poll() is None


async def test_a_page_that_vanishes_without_a_word_takes_its_session_with_it(
    server: Served, client: aiohttp.ClientSession
) -> None:
    page = await opened(client, server)
    await page.wait_for(b"backfill-tui")
    assert server.processes()
    # Reset, as a machine that is gone is noticed at last.
    connection = page.socket.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    await client.close()
    server.wait_for_no_session()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 0), (signal.SIGKILL, -signal.SIGKILL)])
async def test_a_server_that_ends_takes_every_session_with_it_even_when_it_is_killed(
    program: Program, client: aiohttp.ClientSession, number: signal.Signals, code: int
) -> None:
    with served(program) as server:
        pages = [await opened(client, server) for _ in range(2)]
        for page in pages:
            await page.wait_for(b"backfill-tui")
        assert len(server.screens()) == 2
        server.process.send_signal(number)
        for page in pages:
            await page.wait_until_ended()
        wait_until(lambda: server.process.poll() is not None, "the server had ended", 90)
        assert server.process.returncode == code
        server.wait_for_no_session()


async def test_every_session_gets_the_options_that_stand_before_the_command(
    program: Program, client: aiohttp.ClientSession
) -> None:
    with served(program, before=["--read-only"]) as server:
        page = await opened(client, server)
        await page.wait_for(b"read-only")
        (screen,) = server.screens()
        assert screen.cmdline()[1:] == program.words("--read-only")[1:]
        assert server.bridges()
        assert all("--read-only" in one.cmdline() for one in server.bridges())
        await page.close()


async def test_a_session_that_can_not_begin_says_why_on_the_page_and_where_the_server_runs(
    program: Program, client: aiohttp.ClientSession
) -> None:
    with served(program) as server:
        settings = program.folder / "config" / "backfill-tui" / "config.toml"
        settings.parent.mkdir(parents=True)
        settings.write_text("read_onyl = true\n")
        try:
            page = await opened(client, server)
            await page.wait_until_ended()
            assert b"is not a setting: did you mean read_only?" in page.raw
            wait_until(lambda: any("read_only?" in line for line in server.said), "the server told it")
        finally:
            settings.unlink()


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["--host", "0.0.0.0"], 4, "Not served on 0.0.0.0: other machines reach it"),  # noqa: S104
        (["--host", ""], 2, "it is empty"),
        (["--port", "70000"], 2, "70000 is not in the range"),
    ],
)
def test_what_can_not_be_served_is_told_at_once(
    program: Program, words: list[str], code: int, told: str
) -> None:
    done = program.run("serve", *words)
    assert (done.code, done.out) == (code, "")
    assert told in done.err


def test_settings_that_are_wrong_are_told_before_anything_is_served(program: Program) -> None:
    done = program.run("--profile", "nowhere", "serve")
    assert (done.code, done.out) == (2, "")
    assert "Both a profile and an Airflow are set by the options" in done.err


def test_without_textual_serve_the_command_says_how_to_get_it(program: Program) -> None:
    hide = (
        "import sys; sys.modules['textual_serve'] = None; from backfill_tui.cli import main; main(['serve'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", hide],
        env=program.environment,
        cwd=program.folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 2
    assert "needs the package textual-serve, which is not installed: pip install textual-serve" in done.stderr
