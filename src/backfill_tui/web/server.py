"""The web server: its pages, its connections, and the sessions behind them until the last has ended."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final

from aiohttp import WSMsgType, web
from textual_serve.server import Server, to_int

from backfill_tui.web.door import KEY, Door
from backfill_tui.web.session import Session

_PAGE: Final = Path(__file__).with_name("page")
_HEARTBEAT_SECONDS: Final = 15.0
"""A page that answers no ping for about this long is gone."""

_LARGEST_MESSAGE: Final = 1 << 20
"""Bytes of one message of a page: what is pasted is the largest."""

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class WebServer(Server):
    """Serves the screen that `words` start, on `listener`, to whoever passes the `door`.

    `say` is given a sentence when a session could not begin.
    """

    def __init__(
        self, words: Sequence[str], listener: socket.socket, door: Door, say: Callable[[str], None]
    ) -> None:
        super().__init__("backfill-tui")
        self._words = words
        self._listener = listener
        self._door = door
        self._say = say
        self._sessions: set[Session] = set()
        self._ended = asyncio.Event()

    async def run(self) -> None:
        """Serve until somebody ends this process, then end every session."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._end)
        runner = web.AppRunner(await self._make_app(), access_log=None, shutdown_timeout=1)
        await runner.setup()
        try:
            site = web.SockSite(runner, self._listener)
            await site.start()
            await self._ended.wait()
            await site.stop()
        finally:
            await asyncio.gather(*(session.stop() for session in self._sessions))
            await runner.cleanup()

    def _end(self) -> None:
        if self._ended.is_set():
            # Asked a second time: whoever it is will not wait.
            for session in self._sessions:
                session.kill()
        self._ended.set()

    async def _make_app(self) -> web.Application:
        app = web.Application(middlewares=[self._guard])
        app.on_response_prepare.append(_shut_in)
        app.add_routes(
            [
                web.get("/", self._handle_page),
                web.get("/ws", self.handle_websocket),
                web.get("/download/{key}", self.handle_download),
                web.static("/page", _PAGE),
                web.static("/static", self.statics_path),
            ]
        )
        return app

    @web.middleware
    async def _guard(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        """Turn away what comes from elsewhere, and who does not know the key."""
        why = self._door.refusal(request.headers, socket=request.path == "/ws")
        if why is not None:
            raise web.HTTPForbidden(text=f"Refused: {why}\n")
        typed = request.query.get(KEY)
        if not (self._door.knows(request.cookies.get(self._door.cookie)) or self._door.knows(typed)):
            raise web.HTTPForbidden(
                text="Refused: open the address that backfill-tui serve has printed, with the key in it\n"
            )
        return await handler(request)

    async def _handle_page(self, request: web.Request) -> web.StreamResponse:
        page = web.Response(body=(_PAGE / "index.html").read_bytes(), content_type="text/html")
        if self._door.knows(request.query.get(KEY)):
            page.set_cookie(self._door.cookie, self._door.key, httponly=True, samesite="Strict")
        return page

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """A session for a page: it ends when the page does."""
        if self._ended.is_set():
            raise web.HTTPServiceUnavailable
        page = web.WebSocketResponse(heartbeat=_HEARTBEAT_SECONDS, max_msg_size=_LARGEST_MESSAGE)
        await page.prepare(request)
        session = Session(
            self._words,
            write_bytes=page.send_bytes,
            write_str=page.send_str,
            close=page.close,
            download_manager=self.download_manager,
        )
        self._sessions.add(session)
        try:
            columns, lines = (to_int(request.query.get(name, ""), 0) for name in ("width", "height"))
            await session.start(columns or 80, lines or 24)
            await _carry(page, session)
        finally:
            await asyncio.shield(session.stop())
            self._sessions.discard(session)
            if session.told:
                self._say(session.told)
        return page


async def _carry(page: web.WebSocketResponse, session: Session) -> None:
    """Bring what is typed on the page to the session, until the page is closed or says what no page says."""
    async for message in page:
        if message.type is not WSMsgType.TEXT:
            continue
        try:
            kind, *rest = json.loads(message.data)
            if kind == "stdin":
                await session.send_bytes(str(rest[0]).encode("utf-8", "replace"))
            elif kind == "resize":
                await session.resize(int(rest[0]["width"]), int(rest[0]["height"]))
            elif kind == "ping":
                await page.send_json(["pong", str(rest[0])])
            elif kind == "blur":
                await session.blur()
            elif kind == "focus":
                await session.focus()
        except (ValueError, TypeError, LookupError, OverflowError, RecursionError):
            await page.close(code=1003)
        except ConnectionError:
            return


async def _shut_in(request: web.Request, response: web.StreamResponse) -> None:
    """Keep the browser from taking anything from elsewhere into the page, or the page into another."""
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self'; "
        f"img-src 'self' data:; connect-src 'self' ws://{request.host} wss://{request.host}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    response.headers.update(
        {
            "Content-Security-Policy": policy,
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            "Referrer-Policy": "no-referrer",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cache-Control": "no-store",
        }
    )
