"""Airflow's structured log messages as plain lines of text: what a log is read and searched as."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timezone
from typing import Any, Final

import msgspec
from airflow.utils.log.file_task_handler import StructuredLogMessage
from pydantic import ValidationError

_NOT_REPEATED: Final = frozenset(
    {
        *("level", "logger", "filename", "lineno", "chan", "error_detail", "exception"),
        *("ti_id", "dag_id", "run_id", "task_id", "map_index", "try_number"),
    }
)
"""What a message carries beside its text that is told already: parts of the line, and whose log it is."""

_FIELDS: Final = msgspec.json.Decoder(dict[str, Any])
_IN_UTC: Final = re.compile(
    r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,6})?(?:Z|\+00:00)"
)
"""A time that is one for certain: the days that every month has."""

_GROUP: Final = "::group::"
_END_OF_GROUP: Final = "::endgroup::"
_CAUSED: Final = "The above exception was the direct cause of the following exception:"
_DURING: Final = "During handling of the above exception, another exception occurred:"


def lines_of(raw: bytes) -> list[str]:
    """One line of a log file as lines of text: a message in JSON as Airflow writes it, else a plain text.

    A message becomes `[2024-02-06T02:00:11Z] LEVEL text key=value`, its traceback in the lines after it; one
    of several lines gives as many. Airflow's marks of a group of lines become a heading; nothing else is
    interpreted. What counts as a message is what Airflow takes for one (Airflow 3.3
    utils/log/file_task_handler.py, `StructuredLogMessage`).
    """
    text = raw.decode("utf-8", "replace").rstrip("\r\n")
    if not text:
        return []
    message = _message_of(text)
    if message is None:
        return text.splitlines() or [""]
    clock, event, extra = message
    if event == _END_OF_GROUP:
        return []
    if event.startswith(_GROUP):
        return [f"--- {event.removeprefix(_GROUP)} ---"]
    more = _more(extra)
    parts = (clock, str(extra.get("level") or "").upper(), event, more)
    lines = " ".join([part for part in parts if part]).splitlines() or [""]
    detail = extra.get("error_detail")
    if isinstance(detail, Sequence) and not isinstance(detail, str):
        lines.extend(traceback_lines(detail))
    elif extra.get("exception"):
        lines.extend(str(extra["exception"]).splitlines())
    return lines


def _message_of(text: str) -> tuple[str, str, Mapping[str, Any]] | None:
    """The time, the text and all fields of a message; None for what is not one.

    Airflow's own model is asked where this is not sure: it takes ten times as long.
    """
    if not text.lstrip().startswith("{"):
        return None
    with suppress(msgspec.DecodeError):
        fields = _FIELDS.decode(text)
        stamp, event = fields.pop("timestamp", None), fields.pop("event", None)
        if type(event) is str:
            if stamp is None:
                return "", event, fields
            if type(stamp) is str and _IN_UTC.fullmatch(stamp):
                return f"[{stamp[:19]}Z]", event, fields
    try:
        message = StructuredLogMessage.model_validate_json(text)
    except ValidationError:
        return None
    return _clock(message.timestamp), message.event, message.model_extra or {}


def words_of(message: Mapping[str, Any]) -> str:
    """A message as it was read from JSON, `Task exited exit_code=3`: without its time and its traceback."""
    extra = {name: value for name, value in message.items() if name not in {"event", "timestamp"}}
    return " ".join(filter(None, (str(message.get("event") or ""), _more(extra))))


def _more(extra: Mapping[str, Any]) -> str:
    return " ".join([f"{name}={value}" for name, value in extra.items() if name not in _NOT_REPEATED])


def traceback_lines(stacks: Sequence[Any]) -> Iterator[str]:
    """A traceback as Python prints it, from structlog's `ExceptionDictTransformer` form.

    There the exception that was raised comes first and those behind it follow; Python prints them the
    other way round. An entry that is not of that form is given as it is.
    """
    for place in range(len(stacks) - 1, -1, -1):
        stack = stacks[place]
        if not isinstance(stack, Mapping):
            yield from str(stack).splitlines()
            continue
        yield from _one(stack)
        if place:
            yield from ("", _CAUSED if stack.get("is_cause") else _DURING, "")


def _one(stack: Mapping[str, Any]) -> Iterator[str]:
    frames = stack.get("frames") or ()
    if frames:
        yield "Traceback (most recent call last):"
    for frame in frames:
        yield f'  File "{frame.get("filename")}", line {frame.get("lineno")}, in {frame.get("name")}'
    value = str(stack.get("exc_value") or "")
    name = str(stack.get("exc_type") or "Exception")
    yield from (f"{name}: {value}" if value else name).splitlines()
    for note in stack.get("exc_notes") or ():
        yield from str(note).splitlines()
    for number, inner in enumerate(stack.get("exceptions") or (), 1):
        yield f"  +---------------- {number} ----------------"
        yield from (f"  | {line}" for line in traceback_lines(inner))


def _clock(moment: datetime | None) -> str:
    if moment is None:
        return ""
    return moment.astimezone(timezone.utc).strftime("[%Y-%m-%dT%H:%M:%SZ]")
