"""`backfill-tui serve` for tests, as a user starts it."""

from __future__ import annotations

import asyncio
import json
import subprocess
import threading
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import aiohttp
import psutil

from tests.support.program import Program, wait_until

_SECONDS = 90


@dataclass(kw_only=True)
class Served:
    """A running server: the address it has printed, and what it says on stderr."""

    program: Program
    process: subprocess.Popen[str]
    address: str
    said: list[str] = field(default_factory=list)

    @property
    def base(self) -> str:
        """`http://127.0.0.1:PORT`."""
        parts = urlsplit(self.address)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def port(self) -> int:
        return urlsplit(self.address).port or 0

    @property
    def socket(self) -> str:
        """Where a page brings its keys to."""
        return f"{self.base.replace('http', 'ws', 1)}/ws"

    def processes(self) -> list[psutil.Process]:
        """The screens and their bridges, and not the engine."""
        return [one for one, words in self._with_words() if "backfill_tui.engine" not in words]

    def screens(self) -> list[psutil.Process]:
        return [one for one, words in self._with_words() if "backfill_tui" in words]

    def bridges(self) -> list[psutil.Process]:
        return [one for one, words in self._with_words() if "backfill_tui.bridge" in words]

    def _with_words(self) -> list[tuple[psutil.Process, list[str]]]:
        found = []
        for process in self.program.processes():
            try:
                words = process.cmdline()
            except psutil.NoSuchProcess:
                continue
            is_airflow = any("airflow" in word for word in words[:2])
            if not is_airflow and "serve" not in words:
                found.append((process, words))
        return found

    def wait_for_no_session(self) -> None:
        wait_until(lambda: not self.processes(), "every session and its bridge was gone", _SECONDS)


@contextmanager
def served(program: Program, *words: str, before: Sequence[str] = ()) -> Generator[Served, None, None]:
    """A server on a free port; it is ended with the context, and everything of it has to be gone then."""
    process = subprocess.Popen(
        program.words(*before, "serve", "--port", "0", *words),
        env=program.environment,
        cwd=program.folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    with process.stdout, process.stderr as stderr:
        found = Served(program=program, process=process, address=process.stdout.readline().strip())
        reader = threading.Thread(target=lambda: found.said.extend(iter(stderr.readline, "")))
        reader.start()
        try:
            assert found.address, found.said
            yield found
        finally:
            process.terminate()
            process.wait(_SECONDS)
            reader.join(_SECONDS)
            found.wait_for_no_session()


class Page:
    """What a page in a browser says to the server and is told by it, without a browser."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse[bool]) -> None:
        self.socket = socket
        self.raw = b""
        # Always read, as a browser does: what is not answered counts as gone.
        self._reader = asyncio.create_task(self._read())

    async def wait_for(self, wanted: bytes) -> None:
        """Wait until this was drawn."""
        await _until(lambda: wanted in self.raw, lambda: f"{wanted!r} was not drawn: {self.raw!r}")

    async def wait_until_ended(self) -> None:
        """Wait until the server has closed the connection."""
        await _until(self._reader.done, lambda: f"the connection is still open: {self.raw[-400:]!r}")

    async def say(self, *words: object) -> None:
        await self.socket.send_str(json.dumps(words))

    async def close(self) -> None:
        await self.socket.close()
        await self._reader

    async def _read(self) -> None:
        async for message in self.socket:
            if message.type is aiohttp.WSMsgType.BINARY:
                self.raw += message.data


async def opened(client: aiohttp.ClientSession, served: Served, query: str = "") -> Page:
    """A page that has opened the printed address, and its session."""
    async with client.get(served.address) as answer:
        assert answer.status == 200
    socket = await client.ws_connect(served.socket + query, headers={"Origin": served.base})
    return Page(socket)


async def _until(holds: Callable[[], bool], told: Callable[[], str]) -> None:
    deadline = time.monotonic() + _SECONDS
    while not holds():
        assert time.monotonic() < deadline, told()
        await asyncio.sleep(0.05)
