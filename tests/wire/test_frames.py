from __future__ import annotations

import io
import struct

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backfill_tui.domain.problems import ProblemReport
from backfill_tui.wire.frames import (
    MARK,
    MAX_BANNER_BYTES,
    MAX_FRAME_BYTES,
    BrokenFrameError,
    FrameReader,
    FrameWriter,
)
from backfill_tui.wire.messages import Cancel, Event, Failure, Hello, Message, Request, Result

numbers = st.integers(min_value=0, max_value=2**63 - 1)
texts = st.text(max_size=60)
payloads = st.recursive(
    st.none() | st.booleans() | st.integers(min_value=-(2**63), max_value=2**63 - 1) | texts | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=8,
).map(lambda value: msgspec.Raw(msgspec.msgpack.encode(value)))
reports = st.builds(ProblemReport, code=texts, message=texts, remedy=texts, detail=texts)
messages: st.SearchStrategy[Message] = st.one_of(
    st.builds(Hello, protocol=numbers, program=texts, python=texts, pid=numbers),
    st.builds(Request, numbers, texts, payloads),
    st.builds(Cancel, numbers),
    st.builds(Event, numbers, payloads),
    st.builds(Result, numbers, payloads),
    st.builds(Failure, numbers, reports),
)


def frames_of(*sent: Message) -> bytes:
    stream = io.BytesIO()
    writer = FrameWriter(stream)
    for message in sent:
        writer.write(message)
    return stream.getvalue()


def read_all(data: bytes) -> list[Message]:
    reader = FrameReader(io.BytesIO(data))
    found = []
    while (message := reader.read()) is not None:
        found.append(message)
    return found


# A machine that has much to do makes them slowly, which says nothing of frames.
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(sent=st.lists(messages, max_size=5))
def test_what_is_written_is_read_in_the_same_order(sent: list[Message]) -> None:
    assert read_all(frames_of(*sent)) == sent


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(message=messages)
def test_a_stream_that_ends_anywhere_inside_a_frame_is_broken(message: Message) -> None:
    whole = frames_of(message)
    for length in range(1, len(whole)):
        with pytest.raises(BrokenFrameError, match="ended inside a frame"):
            read_all(whole[:length])


@given(before=messages, after=messages)
def test_what_came_before_a_truncated_frame_is_still_read(before: Message, after: Message) -> None:
    reader = FrameReader(io.BytesIO(frames_of(before, after)[:-1]))
    assert reader.read() == before
    with pytest.raises(BrokenFrameError):
        reader.read()


def test_a_stream_that_ends_between_frames_is_simply_over() -> None:
    assert read_all(b"") == []


@pytest.mark.parametrize(
    "banner",
    [
        b"Welcome to host42, authorised users only\n",
        b"bash: warning: setlocale: LC_ALL: cannot change locale\n",
        b"[2024-01-01 00:00:00] INFO - Loaded 3 plugins\n",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
    ],
)
def test_a_banner_in_the_stream_is_named_in_the_error(banner: bytes) -> None:
    with pytest.raises(BrokenFrameError, match="something else wrote") as caught:
        read_all(banner + frames_of(Cancel(1)))
    assert repr(banner[:4]) in str(caught.value)


@pytest.mark.parametrize("before", [b"", b"Last login: Mon Nov 30\r\n\x00", MARK[:-1], MARK[:9] * 3])
def test_what_a_login_writes_before_the_mark_is_skipped(before: bytes) -> None:
    reader = FrameReader(io.BytesIO(before + MARK + frames_of(Cancel(1))))
    assert reader.skip_to_mark() == before
    assert reader.read() == Cancel(1)


def test_a_stream_without_a_mark_is_read_to_its_end() -> None:
    reader = FrameReader(io.BytesIO(b"bash: python: command not found\n"))
    assert reader.skip_to_mark() == b"bash: python: command not found\n"
    assert reader.read() is None


def test_a_stream_that_goes_on_without_a_mark_is_given_up() -> None:
    with pytest.raises(BrokenFrameError, match=r"bytes came and no bridge, the last are b'yyy"):
        FrameReader(io.BytesIO(b"y" * (MAX_BANNER_BYTES + 100))).skip_to_mark()


@given(garbage=st.binary(min_size=1, max_size=200))
def test_garbage_is_a_broken_frame_and_nothing_else(garbage: bytes) -> None:
    # Less than 16 MB long by its header, so that no garbage is a frame by chance: it is cut short.
    data = b"\x00\xff" + garbage
    with pytest.raises(BrokenFrameError):
        read_all(data)


def test_a_frame_over_the_limit_is_refused_before_its_body_is_read() -> None:
    class Endless(io.RawIOBase):
        """A stream that would rather not be asked for more than a header."""

        def __init__(self) -> None:
            self.read_bytes = 0

        def read(self, size: int = -1) -> bytes:
            self.read_bytes += size
            return struct.pack(">I", MAX_FRAME_BYTES + 1)[:size]

    stream = Endless()
    with pytest.raises(BrokenFrameError, match="over the limit"):
        FrameReader(stream).read()  # type: ignore[arg-type]  # all a reader needs
    assert stream.read_bytes == 4


def test_a_message_over_the_limit_is_not_written_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backfill_tui.wire.frames.MAX_FRAME_BYTES", 100)
    stream = io.BytesIO()
    with pytest.raises(BrokenFrameError, match="over the limit of 100"):
        FrameWriter(stream).write(Event(1, msgspec.Raw(msgspec.msgpack.encode("x" * 200))))
    assert stream.getvalue() == b""


@pytest.mark.parametrize(
    "value",
    [
        {"type": "nonsense"},
        {"type": "cancel"},
        {"type": "cancel", "call": "one"},
        {"call": 1},
        [1, 2, 3],
        None,
        "hello",
    ],
)
def test_a_whole_frame_with_an_unknown_message_is_broken(value: object) -> None:
    body = msgspec.msgpack.encode(value)
    with pytest.raises(BrokenFrameError, match="not a known message"):
        read_all(struct.pack(">I", len(body)) + body)


def test_a_frame_that_is_not_messagepack_is_broken() -> None:
    with pytest.raises(BrokenFrameError, match="not a known message"):
        read_all(struct.pack(">I", 3) + b"\xc1\xc1\xc1")
