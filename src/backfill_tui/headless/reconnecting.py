"""Following on when the way to a bridge elsewhere breaks: what only reads can begin anew."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager
from time import sleep
from typing import TypeVar

from backfill_tui.domain.problems import Unreachable
from backfill_tui.domain.reconnecting import WAITS
from backfill_tui.domain.text import one_line
from backfill_tui.headless.session import Session

U = TypeVar("U")


def lasting(
    session: Session, watch: Callable[[], AbstractContextManager[Iterator[U]]], begin_anew: Callable[[], None]
) -> Generator[U, None, None]:
    """The updates of a stream; where its bridge is lost and can come back, those of a new one from there on.

    `begin_anew` forgets what was read, for the first update of a stream has everything. To be closed.
    """
    while (lost := (yield from _until_lost(watch))) is not None:
        _connect_again(session, lost)
        begin_anew()


def _until_lost(
    watch: Callable[[], AbstractContextManager[Iterator[U]]],
) -> Generator[U, None, Unreachable | None]:
    try:
        with watch() as updates:
            yield from updates
    except Unreachable as lost:
        return lost
    return None


def _connect_again(session: Session, lost: Unreachable) -> None:
    """Put another gateway into the session; raises what was lost where that can not be, or not for long."""
    if session.reconnect is None:
        raise lost
    session.voice.settle()
    session.voice.say(f"{one_line(lost.message)}: trying again by itself")
    for seconds in WAITS:
        sleep(seconds)
        session.gateway.close()
        try:
            session.gateway = session.reconnect()
            session.gateway.open()
        except Unreachable as still:
            session.voice.activity(f"Not yet: {one_line(still.message)}", key="reconnecting")
        else:
            session.voice.settle()
            session.voice.say("Connected again")
            return
    raise lost
