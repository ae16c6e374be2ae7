"""Who may come in: the right name of this server, pages of this server alone, and the key of its address.

A browser lets any page of the web send requests to 127.0.0.1. Such a page is told by its `Origin`; one whose
own name was turned to this machine's address meanwhile (DNS rebinding) by the `Host` it believes in. Other
users of this machine can connect too: they do not know the key.
"""

from __future__ import annotations

import hmac
import ipaddress
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

KEY: Final = "key"
"""The name of the parameter of the address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """What a request has to have. `names` are those a browser may know this server by, besides addresses.

    `remote` says that addresses of other machines' networks are good too.
    """

    names: frozenset[str] = frozenset()
    remote: bool = False
    key: str = field(default_factory=lambda: secrets.token_urlsafe(24))

    @property
    def cookie(self) -> str:
        """The name of the cookie with the key; servers side by side on one host have different ones."""
        return f"backfill_tui_{hmac.digest(self.key.encode(), b'name', 'sha256').hex()[:8]}"

    def refusal(self, headers: Mapping[str, str], *, socket: bool) -> str | None:
        """Why a request is turned away by where it comes from; None when it is not.

        With `socket` it wants to drive a session, for which every browser says what page it is from.
        """
        host = headers.get("Host", "")
        if not self._is_ours(_name(host)):
            return "this server is not known by that name"
        origin = headers.get("Origin")
        if origin is None:
            return "it does not say from which page it comes" if socket else None
        if origin.lower() not in {f"http://{host}".lower(), f"https://{host}".lower()}:
            return "it comes from a page of another server"
        return None

    def knows(self, key: str | None) -> bool:
        """Whether this is the key."""
        return key is not None and hmac.compare_digest(key.encode("utf-8", "replace"), self.key.encode())

    def _is_ours(self, name: str | None) -> bool:
        if not name:
            return False
        if name == "localhost" or name in self.names:
            return True
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return False
        # No page has an address of its own that could be turned to another machine.
        return self.remote or address.is_loopback


def _name(host: str) -> str | None:
    """The name in a Host header, small; None where there is none."""
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port
    except ValueError:
        return None
    plain = parts.path == "" and parts.query == "" and parts.username is None
    return parts.hostname if plain else None
