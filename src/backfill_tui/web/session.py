"""One page in a browser: the process whose screen it shows, from its start to its end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from asyncio.subprocess import PIPE, Process
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from textual_serve.app_service import AppService
from textual_serve.download_manager import DownloadManager

from backfill_tui.domain.text import harmless

_READY: Final = b"__GANGLION__\n"
"""The line that Textual's driver for the web writes before its packets."""

_QUIT_SECONDS: Final = 5.0
_TERM_SECONDS: Final = 15.0
"""Longer than the screen gives itself to let go of its bridge after a SIGTERM."""

_READ_SECONDS: Final = 5.0
_KEPT_BYTES: Final = 16_384
_LEAST, _MOST = 1, 1_000
"""Columns and lines that a browser may ask for."""


class Session(AppService):
    """A screen in a process of its own, in a process group of its own.

    `words` start it. `write_bytes` and `write_str` go to the page, `close` closes its connection; that it is
    gone is no error.
    """

    def __init__(
        self,
        words: Sequence[str],
        *,
        write_bytes: Callable[[bytes], Awaitable[None]],
        write_str: Callable[[str], Awaitable[None]],
        close: Callable[[], Awaitable[object]],
        download_manager: DownloadManager,
    ) -> None:
        async def closed() -> None:
            await close()

        super().__init__(
            "",
            write_bytes=_unless_gone(write_bytes),
            write_str=_unless_gone(write_str),
            close=closed,
            download_manager=download_manager,
        )
        self._words = list(words)
        self._told = bytearray()
        self._stopping = asyncio.Lock()

    @property
    def told(self) -> str:
        """The last of what the process said on stderr, made harmless."""
        return harmless(self._told.decode("utf-8", "replace")).strip()

    async def resize(self, columns: int, lines: int) -> None:
        """Tell the screen how large the page is, within reason."""
        await self.set_terminal_size(_within(columns), _within(lines))

    async def stop(self) -> None:
        """End the process: ask it, then tell it, then end it and all it has started."""
        async with self._stopping:
            process = self._process
            if process is None or self._task is None:
                return
            await self._download_manager.cancel_app_downloads(app_service_id=self.app_service_id)
            asked = asyncio.create_task(self.send_meta({"type": "quit"}))
            if not await _ends(process, _QUIT_SECONDS):
                _signal(process, signal.SIGTERM)
                if not await _ends(process, _TERM_SECONDS):
                    _signal(process, signal.SIGKILL)
                    await process.wait()
            asked.cancel()
            # What the process has started may hold its stdout open for longer than it lives.
            await asyncio.wait({self._task}, timeout=_READ_SECONDS)
            self._task.cancel()
            self._task = None

    def kill(self) -> None:
        """End the process and all it has started at once."""
        if self._process is not None:
            _signal(self._process, signal.SIGKILL)

    async def run(self) -> None:
        """Bring what the screen draws to the page, until the process has ended."""
        process = self._process
        if process is None or process.stdout is None or process.stderr is None:
            return
        listening = asyncio.create_task(self._listen(process.stderr))
        try:
            if await _is_ready(process.stdout):
                await self._carry(process.stdout)
            # After its screen it writes what no terminal will show; it must not wait for a reader.
            while await process.stdout.read(_KEPT_BYTES):
                pass
            await listening
            if self.told:
                await self.remote_write_bytes(self.told.replace("\n", "\r\n").encode() + b"\r\n")
        finally:
            listening.cancel()
            await self.remote_close()

    async def _carry(self, stdout: asyncio.StreamReader) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError):
            while True:
                kind = await stdout.readexactly(1)
                payload = await stdout.readexactly(int.from_bytes(await stdout.readexactly(4), "big"))
                if kind == b"D":
                    await self.on_data(payload)
                elif kind == b"M":
                    await self.on_meta(payload)
                elif kind == b"P":
                    await self.on_packed(payload)
                else:
                    return

    async def _listen(self, stderr: asyncio.StreamReader) -> None:
        while data := await stderr.read(_KEPT_BYTES):
            self._told += data
            del self._told[:-_KEPT_BYTES]

    def _build_environment(self, width: int = 80, height: int = 24) -> dict[str, str]:
        environment = super()._build_environment(_within(width), _within(height))
        # That of the server may be a poor one, or none.
        return {**environment, "TERM": "xterm-256color", "COLORTERM": "truecolor"}

    async def _open_app_process(self, width: int = 80, height: int = 24) -> Process:
        # No shell between, and no part in the ctrl+c of the server, which ends its sessions in order.
        self._process = await asyncio.create_subprocess_exec(
            *self._words,
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            env=self._build_environment(width, height),
            start_new_session=True,
        )
        self._stdin = self._process.stdin
        return self._process


def session_words(program: Sequence[str], interpreter: str) -> list[str]:
    """The words that start a session: `program` are those a person types, the first one its name."""
    return [interpreter, "-m", "backfill_tui", *program[1:]]


async def _is_ready(stdout: asyncio.StreamReader) -> bool:
    while line := await stdout.readline():
        if line == _READY:
            return True
    return False


async def _ends(process: Process, seconds: float) -> bool:
    try:
        await asyncio.wait_for(process.wait(), seconds)
    except asyncio.TimeoutError:
        return False
    return True


def _signal(process: Process, number: signal.Signals) -> None:
    # It leads a group of its own.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def _within(cells: int) -> int:
    return max(_LEAST, min(_MOST, cells))


_Write = Callable[..., Awaitable[None]]


def _unless_gone(write: _Write) -> _Write:
    async def written(data: object) -> None:
        # Whoever has closed the page is not told any more, but the process is still read to its end.
        with contextlib.suppress(ConnectionError, RuntimeError):
            await write(data)

    return written
