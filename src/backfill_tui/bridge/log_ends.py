"""The error that a log ends with, out of its last bytes: how long it is costs nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from backfill_tui.bridge.log_bytes import LogBytes
from backfill_tui.bridge.log_lines import words_of
from backfill_tui.domain.log_errors import last_exception, raised, shortened

_ENDS: Final = (32 * 1024, 2 * 1024 * 1024)
"""How many of the last bytes are looked at: these, and where no error is in them, those."""

_FAILED: Final = "Task failed with exception"
_EXITED: Final = "Process exited abnormally"
"""Events of Airflow 3.3 sdk/execution_time: task_runner.py and supervisor.py."""
_LOUD: Final = frozenset({"error", "critical"})
_SIGNS: Final = (b'"error_detail"', b'"error"', b'"critical"', _EXITED.encode())


def error_at_end(log: LogBytes) -> str:
    """The error that a log names last, in one line; empty when its end names none. Raises OSError."""
    size = log.size
    for most in _ENDS:
        begin = max(0, size - most)
        lines = log.read(begin, size - begin).split(b"\n")
        # The first line has lost its beginning.
        found = error_of(lines[1:] if begin else lines)
        if found or not begin:
            return found
    return ""


def error_of(lines: Sequence[bytes]) -> str:
    """The error that the lines of a log name; what ended the try goes before what was only told of.

    A line is a message in JSON as Airflow writes it, else a text.
    """
    told = loud = ""
    for raw in reversed(lines):
        if not any(sign in raw for sign in _SIGNS):
            continue
        message = _message(raw)
        if message is None:
            continue
        detail = message.get("error_detail")
        if isinstance(detail, list) and (error := raised(detail)):
            if message.get("event") == _FAILED:
                return error
            told = told or error
        elif message.get("level") in _LOUD or message.get("event") == _EXITED:
            loud = loud or shortened(words_of(message))
    return told or loud or shortened(last_exception([_text(raw) for raw in lines]))


def _message(raw: bytes) -> Mapping[str, Any] | None:
    try:
        found = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return found if isinstance(found, dict) else None


def _text(raw: bytes) -> str:
    message = _message(raw)
    return (
        str(message.get("event", "")) if message is not None else raw.decode("utf-8", "replace").rstrip("\r")
    )
