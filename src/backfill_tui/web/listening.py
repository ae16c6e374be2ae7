"""Where the server listens: loopback, unless somebody has said that others may come in."""

from __future__ import annotations

import ipaddress
import os
import socket
from typing import Final

from backfill_tui.domain.problems import BadRequest, Refused
from backfill_tui.domain.text import one_line

_BACKLOG: Final = 64


def listening_socket(host: str, port: int, *, allow_remote: bool) -> socket.socket:
    """A socket that listens there, at any free port for 0.

    Refused for an address that others reach, without `allow_remote`; BadRequest where it can not be had.
    """
    family, address = _first_of(_addresses(host, port), host, allow_remote=allow_remote)
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as cause:
        listener.close()
        why = os.strerror(cause.errno) if cause.errno else str(cause)
        raise BadRequest(
            f"Port {port} of {one_line(host)} can not be served: {why}",
            remedy="name another with --port, or take a free one with --port 0",
        ) from cause
    return listener


def shown_address(listener: socket.socket) -> str:
    """`127.0.0.1:8000`, as it stands in a URL; of a server on all addresses by the name of this machine."""
    host, port = listener.getsockname()[:2]
    if ipaddress.ip_address(host.partition("%")[0]).is_unspecified:
        host = socket.gethostname()
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def is_loopback(host: str) -> bool:
    """Whether this address, which is no name, is reached from this machine alone."""
    # A link-local address has the name of its interface behind it.
    return ipaddress.ip_address(host.partition("%")[0]).is_loopback


_Address = tuple[socket.AddressFamily, tuple[str, int]]


def _addresses(host: str, port: int) -> list[_Address]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as cause:
        raise BadRequest(
            f"{one_line(host)} is no address of this machine", remedy="leave --host out for 127.0.0.1"
        ) from cause
    return [(family, (str(address[0]), int(address[1]))) for family, _, _, _, address in found]


def _first_of(found: list[_Address], host: str, *, allow_remote: bool) -> _Address:
    loopback = [one for one in found if is_loopback(one[1][0])]
    if loopback:
        # A name such as localhost may have addresses of both kinds.
        return loopback[0]
    if not allow_remote:
        raise Refused(
            f"Not served on {one_line(host)}: other machines reach it, whoever gets in there can launch and"
            " clear in your name, and nothing that goes over the network is encrypted",
            remedy="stay with 127.0.0.1 and reach it by ssh -L 8000:127.0.0.1:8000 HOST,"
            " or say that it is meant with --allow-remote",
        )
    return found[0]
