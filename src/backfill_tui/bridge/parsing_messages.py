"""What the bridge and its parsing process say to each other.

Both are one program, forked, so nothing here is versioned. The frames are four bytes of length and a
MessagePack value, as on the wire to the screen.
"""

from __future__ import annotations

import socket
import struct
from typing import Final

import msgspec

HEADER: Final = struct.Struct(">I")


class CreateDatabase(msgspec.Struct, tag="create_database", frozen=True):
    """Create the metadata database in the file that Airflow is configured for."""


class ParseFolder(msgspec.Struct, tag="parse_folder", frozen=True, kw_only=True):
    """Parse every Dag file of a folder, which is the Dag bundle of that name."""

    folder: str
    bundle_name: str


class Stop(msgspec.Struct, tag="stop", frozen=True):
    """Nobody waits for the job under way any more."""


class SerializedDagText(msgspec.Struct, frozen=True, kw_only=True):
    """One Dag as Airflow serializes it, in JSON, and when it was loaded (ISO 8601)."""

    dag_id: str
    data: str
    last_loaded: str | None


class FilesFound(msgspec.Struct, tag="files_found", frozen=True):
    """The Dag files of the folder, relative to it, as Airflow lists them."""

    files: list[str]


class FileStarted(msgspec.Struct, tag="file_started", frozen=True):
    """A file is being parsed now."""

    file: str


class FileParsed(msgspec.Struct, tag="file_parsed", frozen=True, kw_only=True):
    """What became of one file: its Dags, and why some of it does not import (file to traceback)."""

    file: str
    dags: list[SerializedDagText]
    import_errors: dict[str, str]


class ChildParsed(msgspec.Struct, tag="child_parsed", frozen=True, kw_only=True):
    """What a child tells the parsing process of a file; after the last one it ends, whatever waits."""

    parsed: FileParsed
    last: bool


class Done(msgspec.Struct, tag="done", frozen=True):
    """The end of a job that went well or was stopped."""


class JobFailed(msgspec.Struct, tag="job_failed", frozen=True):
    """The end of a job that could not be done: a sentence, and a traceback or the child's output."""

    sentence: str
    detail: str


Job = CreateDatabase | ParseFolder
ToParser = CreateDatabase | ParseFolder | Stop
FromParser = FilesFound | FileStarted | FileParsed | Done | JobFailed
FromChild = ChildParsed | Done | JobFailed

_DECODE_TO_PARSER: Final = msgspec.msgpack.Decoder(ToParser)
_DECODE_FROM_PARSER: Final = msgspec.msgpack.Decoder(FromParser)
_DECODE_FROM_CHILD: Final = msgspec.msgpack.Decoder(FromChild)


def framed(message: ToParser | FromParser | FromChild) -> bytes:
    """A message with its length before it."""
    body = msgspec.msgpack.encode(message)
    return HEADER.pack(len(body)) + body


def decode_from_child(body: bytes) -> FromChild:
    """What a child tells, without its length; msgspec.MsgspecError when it is none of that."""
    told: FromChild = _DECODE_FROM_CHILD.decode(body)
    return told


def read_order(stream: socket.socket) -> ToParser | None:
    """The bridge's next order, None when the bridge is gone."""
    body = _read_frame(stream)
    if body is None:
        return None
    order: ToParser = _DECODE_TO_PARSER.decode(body)
    return order


def read_reply(stream: socket.socket) -> FromParser | None:
    """The parser's next reply, None when the parser is gone."""
    body = _read_frame(stream)
    if body is None:
        return None
    reply: FromParser = _DECODE_FROM_PARSER.decode(body)
    return reply


def _read_frame(stream: socket.socket) -> bytes | None:
    header = _read_exactly(stream, HEADER.size)
    if header is None:
        return None
    (length,) = HEADER.unpack(header)
    return _read_exactly(stream, length)


def _read_exactly(stream: socket.socket, size: int) -> bytes | None:
    parts = bytearray()
    while len(parts) < size:
        try:
            part = stream.recv(min(size - len(parts), 1 << 20))
        except OSError:
            return None
        if not part:
            return None
        parts += part
    return bytes(parts)
