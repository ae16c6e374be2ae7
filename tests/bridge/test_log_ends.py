"""The error at the end of a log file, however long the log is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from backfill_tui.bridge.log_bytes import LogBytes
from backfill_tui.bridge.log_ends import error_at_end, error_of

pytestmark = pytest.mark.airflow

_FRAME = {"filename": "/dags/sales.py", "lineno": 7, "name": "clean"}


def raising(name: str, value: str, event: str = "Task failed with exception") -> str:
    stack = {"exc_type": name, "exc_value": value, "is_cause": False, "frames": [_FRAME]}
    cause = {"exc_type": "Cause", "exc_value": "behind it", "is_cause": True, "frames": [_FRAME]}
    return json.dumps({"event": event, "level": "error", "error_detail": [stack, cause]})


def saying(event: str, level: str = "info", **more: object) -> str:
    return json.dumps({"timestamp": "2024-02-06T02:00:11Z", "level": level, "event": event, **more})


def error(*lines: str) -> str:
    return error_of([line.encode() for line in lines])


def at_end(file: Path) -> str:
    with LogBytes.of(file) as log:
        return error_at_end(log)


def test_what_ended_the_try_goes_before_whatever_else_was_told() -> None:
    assert (
        error(
            saying("an error that was expected", "error"),
            raising("KeyError", "'sku'"),
            raising("OSError", "no mail", event="Failed to send email notification"),
            saying("Process exited abnormally", "warning", exit_code=1),
        )
        == "KeyError: 'sku'"
    )


def test_an_exception_that_was_only_told_is_better_than_a_loud_line() -> None:
    assert error(raising("OSError", "x", event="told"), saying("very bad", "critical")) == "OSError: x"


def test_a_loud_line_is_taken_with_what_it_carries() -> None:
    assert error(saying("Task exited", "error", exit_code=3, logger="task")) == "Task exited exit_code=3"
    assert (
        error(saying("Process terminated by signal", "critical", signal=9), saying("bye"))
        == "Process terminated by signal signal=9"
    )


def test_in_plain_text_the_last_exception_is_found() -> None:
    lines = ("Traceback (most recent call last):", "my.LoadError: [/red] no file", "", "done")
    assert error(*lines) == "my.LoadError: [/red] no file"
    assert error(saying("KeyError: 'told on stdout'")) == "KeyError: 'told on stdout'"


@pytest.mark.parametrize("lines", [(), ("",), ("all is well",), ('{"event": 1',), ("[1, 2]", '"error"')])
def test_a_log_without_an_error_has_none(lines: tuple[str, ...]) -> None:
    assert error(*lines) == ""


def test_only_the_end_of_a_long_log_is_looked_at(tmp_path: Path) -> None:
    file = tmp_path / "attempt=1.log"
    last = [raising("KeyError", "'sku'"), *(saying("tidying up") for _ in range(20))]
    with file.open("w", encoding="utf-8") as out:
        out.writelines(saying(f"line {number} {'x' * 60}") + "\n" for number in range(300_000))
        out.writelines(f"{line}\n" for line in last)
    assert at_end(file) == "KeyError: 'sku'"
    with file.open("a", encoding="utf-8") as out:
        # More than is looked at first, and less than at most.
        out.writelines(saying("x" * 100) + "\n" for _ in range(2_000))
    assert at_end(file) == "KeyError: 'sku'"
    with file.open("a", encoding="utf-8") as out:
        out.writelines(saying("x" * 100) + "\n" for _ in range(20_000))
    assert at_end(file) == ""


def test_bytes_that_are_no_text_do_no_harm(tmp_path: Path) -> None:
    file = tmp_path / "attempt=1.log"
    file.write_bytes(b'caf\xe9 {"error"\r\nValueError: caf\xe9\r\n')
    assert at_end(file) == "ValueError: caf\ufffd"
