"""What the frames carry: calls, and everything that answers a call.

A call is a request with a number; the bridge answers with any number of events and then one result or one
failure, all with that number. A call can be cancelled while it is under way. Where a method's events are
many (`methods.Method.unread`), the caller says which of them it has taken, and no more are sent until it has.
"""

from __future__ import annotations

from typing import Final

import msgspec

from backfill_tui.domain.problems import ProblemReport

PROTOCOL_VERSION: Final = 8


class Hello(msgspec.Struct, tag="hello", frozen=True, kw_only=True):
    """The bridge's first frame, before Airflow is imported."""

    protocol: int
    program: str
    python: str
    pid: int


class Request(msgspec.Struct, tag="request", frozen=True):
    """A call: `params` is the encoded parameter of the method."""

    call: int
    method: str
    params: msgspec.Raw


class Cancel(msgspec.Struct, tag="cancel", frozen=True):
    """The caller no longer wants the call's answer."""

    call: int


class Taken(msgspec.Struct, tag="taken", frozen=True):
    """The caller has dealt with one more event of the call.

    `in_view` are the ordinals of the rows that somebody looks at, None while they are those told last.
    """

    call: int
    in_view: tuple[int, ...] | None = None


class Event(msgspec.Struct, tag="event", frozen=True):
    """Progress of a call, or one update of a stream."""

    call: int
    payload: msgspec.Raw


class Result(msgspec.Struct, tag="result", frozen=True):
    """The answer, and the end of the call."""

    call: int
    payload: msgspec.Raw


class Failure(msgspec.Struct, tag="failure", frozen=True):
    """Why there is no answer, and the end of the call."""

    call: int
    problem: ProblemReport


Message = Hello | Request | Cancel | Taken | Event | Result | Failure
