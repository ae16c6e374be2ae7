"""Airflow's structured log messages as plain lines of text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any, Final

_NOT_REPEATED: Final = frozenset(
    {
        *("level", "logger", "filename", "lineno", "chan", "error_detail", "exception"),
        *("ti_id", "dag_id", "run_id", "task_id", "map_index", "try_number"),
    }
)
"""What a message carries beside its text that is told already: parts of the line, and whose log it is."""

_GROUP: Final = "::group::"
_END_OF_GROUP: Final = "::endgroup::"
_CAUSED: Final = "The above exception was the direct cause of the following exception:"
_DURING: Final = "During handling of the above exception, another exception occurred:"


def lines_of(messages: Iterable[Any]) -> Iterator[str]:
    """Each message as `[2024-02-06T02:00:11Z] LEVEL text key=value`, its traceback in the lines after it.

    Messages are Airflow's `StructuredLogMessage`: `timestamp` (may be None), `event`, and any other field.
    A message of several lines gives as many. Airflow's marks of a group of lines become a heading;
    nothing else is interpreted.
    """
    for message in messages:
        if message.event == _END_OF_GROUP:
            continue
        if message.event.startswith(_GROUP):
            yield f"--- {message.event.removeprefix(_GROUP)} ---"
            continue
        extra: Mapping[str, Any] = message.model_extra or {}
        head = " ".join(filter(None, (_clock(message.timestamp), str(extra.get("level") or "").upper())))
        more = " ".join(f"{name}={value}" for name, value in extra.items() if name not in _NOT_REPEATED)
        text = " ".join(filter(None, (head, str(message.event), more)))
        yield from text.splitlines() or [""]
        detail = extra.get("error_detail")
        if isinstance(detail, Sequence) and not isinstance(detail, str):
            yield from traceback_lines(detail)
        elif extra.get("exception"):
            yield from str(extra["exception"]).splitlines()


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
