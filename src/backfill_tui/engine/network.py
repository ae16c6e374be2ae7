"""Ports on loopback, and whether the API server answers on its own."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from typing import Final

_LOOPBACK: Final = "127.0.0.1"
_ANSWER_SECONDS: Final = 15.0


def free_port() -> int:
    """A port on loopback that nobody uses now."""
    with socket.socket() as listener:
        listener.bind((_LOOPBACK, 0))
        return int(listener.getsockname()[1])


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of loopback."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((_LOOPBACK, port))
        except OSError:
            return False
    return True


class Probe:
    """One question to the API server, asked in a thread: its first answer takes seconds."""

    def __init__(self, port: int) -> None:
        self.answered: bool | None = None
        self._port = port
        self._thread = threading.Thread(target=self._ask, name=f"probe-{port}", daemon=True)
        self._thread.start()

    def _ask(self) -> None:
        connection = http.client.HTTPConnection(_LOOPBACK, self._port, timeout=_ANSWER_SECONDS)
        try:
            # Airflow 3.3 api_fastapi/execution_api/routes/health.py
            connection.request("GET", "/execution/health")
            response = connection.getresponse()
            self.answered = response.status == http.client.OK and json.load(response) == {"status": "healthy"}
        except (OSError, ValueError, http.client.HTTPException):
            self.answered = False
        finally:
            connection.close()
