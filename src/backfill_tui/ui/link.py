"""The gateway in use, and how to get another one when its bridge has ended."""

from __future__ import annotations

import threading
from collections.abc import Callable

from backfill_tui.domain.problems import Unreachable
from backfill_tui.gateway.port import Gateway


class Link:
    """Holds the gateway; `connect` gives one on a fresh bridge each time it is called.

    Its methods may be called from any thread. `gateway` and `renew` raise Unreachable once it is closed, and
    whatever Problem `connect` raises.
    """

    def __init__(self, connect: Callable[[], Gateway]) -> None:
        self._connect = connect
        self._lock = threading.Lock()
        self._gateway: Gateway | None = None
        self._closed = False

    @property
    def gateway(self) -> Gateway:
        """The gateway, connected at its first use."""
        with self._lock:
            if self._closed:
                raise Unreachable("The program is closing")
            if self._gateway is None:
                self._gateway = self._connect()
            return self._gateway

    def renew(self) -> Gateway:
        """Let go of the gateway and connect anew."""
        with self._lock:
            old, self._gateway = self._gateway, None
        if old is not None:
            old.close()
        return self.gateway

    def close(self) -> None:
        """Let go at once: every call that waits returns."""
        with self._lock:
            self._closed = True
            gateway, self._gateway = self._gateway, None
        if gateway is not None:
            gateway.close()
