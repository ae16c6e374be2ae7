"""`backfill-tui serve`: from what was typed to the end of the last session."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Sequence

from backfill_tui.headless.paper import Paper
from backfill_tui.headless.voice import Voice
from backfill_tui.web.door import KEY, Door
from backfill_tui.web.listening import is_loopback, listening_socket, shown_address
from backfill_tui.web.server import WebServer
from backfill_tui.web.session import session_words


def serve_screen(
    program: Sequence[str],
    *,
    host: str,
    port: int,
    allow_remote: bool,
    names: Sequence[str],
    voice: Voice,
    paper: Paper,
) -> int:
    """Serve the screen that the words `program` open; the address goes to `paper`."""
    with listening_socket(host, port, allow_remote=allow_remote) as listener:
        remote = not is_loopback(str(listener.getsockname()[0]))
        known = (host, *names, socket.gethostname()) if remote else (host, *names)
        door = Door(names=frozenset(name.lower() for name in known), remote=remote)
        paper.line(f"http://{shown_address(listener)}/?{KEY}={door.key}")
        if remote:
            voice.say("Other machines reach this address, and what goes over the network is not encrypted")
        voice.say("Each page opened there is a session of its own, which ends with it; ctrl+c ends them all")
        server = WebServer(session_words(program, sys.executable), listener, door, voice.say)
        asyncio.run(server.run())
    return 0
