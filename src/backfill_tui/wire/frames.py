"""Frames on a byte stream: four bytes of length, big-endian, then one MessagePack value.

The stream is the bridge's stdin or stdout; on stdout a mark says where the frames begin, because what a login
writes may stand before them. A frame that is too long, cut short or not MessagePack ends the
conversation with a sentence, because nothing after it can be trusted.
"""

from __future__ import annotations

import struct
from typing import BinaryIO, Final

import msgspec

from backfill_tui.wire.messages import Message

MAX_FRAME_BYTES: Final = 64 * 1024 * 1024
"""Far above the largest frame sent (a plan of 100,000 dates takes about 15 MB)."""

MARK: Final = b"\x00backfill-tui: frames follow\x01"
"""Stands before the first frame of a bridge; its last byte is none of its others."""

MAX_BANNER_BYTES: Final = 256 * 1024
"""More than any login writes before it runs a command."""

_HEADER: Final = struct.Struct(">I")


class BrokenFrameError(Exception):
    """The stream does not carry frames (any more): the sentence says what was read instead."""


class FrameWriter:
    """Writes messages; several threads may encode, but only one at a time may write."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._encoder = msgspec.msgpack.Encoder()

    def write(self, message: Message) -> None:
        """Write one message; see `encode` and `write_frame` for what it raises."""
        self.write_frame(self.encode(message))

    def encode(self, message: Message) -> bytes:
        """The frame of a message; raises BrokenFrameError when it is over the limit."""
        body = self._encoder.encode(message)
        if len(body) > MAX_FRAME_BYTES:
            raise BrokenFrameError(f"a frame of {len(body):,} bytes is over the limit of {MAX_FRAME_BYTES:,}")
        return _HEADER.pack(len(body)) + body

    def write_frame(self, frame: bytes) -> None:
        """Write what is encoded and flush it; raises OSError when the other side is gone."""
        self._stream.write(frame)
        self._stream.flush()


class FrameReader:
    """Reads messages from a buffered stream."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._decoder: msgspec.msgpack.Decoder[Message] = msgspec.msgpack.Decoder(Message)

    def skip_to_mark(self) -> bytes:
        """Read up to the end of the mark, or of a stream without one; what stood before it.

        Raises BrokenFrameError when that is over the limit.
        """
        before = bytearray()
        while not before.endswith(MARK):
            byte = self._stream.read(1)
            if not byte:
                return bytes(before)
            before += byte
            if len(before) > MAX_BANNER_BYTES + len(MARK):
                end = bytes(before[-60:])
                raise BrokenFrameError(f"{len(before):,} bytes came and no bridge, the last are {end!r}")
        return bytes(before[: -len(MARK)])

    def read(self) -> Message | None:
        """The next message, None at the end of the stream between two frames.

        Raises BrokenFrameError for anything that is not a whole frame with a known message in it.
        """
        header = self._stream.read(_HEADER.size)
        if not header:
            return None
        if len(header) < _HEADER.size:
            raise BrokenFrameError(f"the stream ended inside a frame's header, after {header!r}")
        (length,) = _HEADER.unpack(header)
        if length > MAX_FRAME_BYTES:
            raise BrokenFrameError(
                f"a frame claims {length:,} bytes, over the limit of {MAX_FRAME_BYTES:,}: "
                f"something else wrote {header!r} into the stream"
            )
        body = self._stream.read(length)
        if len(body) < length:
            raise BrokenFrameError(
                f"the stream ended inside a frame, after {len(body):,} of {length:,} bytes"
            )
        try:
            return self._decoder.decode(body)
        except (msgspec.DecodeError, msgspec.ValidationError) as broken:
            raise BrokenFrameError(
                f"a frame of {length:,} bytes is not a known message: {broken}"
            ) from broken
