"""The conf of Dag runs as it is given on the command line."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Final, NoReturn

from backfill_tui.domain.problems import BadRequest
from backfill_tui.domain.text import one_line

_MOST: Final = 8 * 1024 * 1024
_REMEDY: Final = """write it like --conf '{"key": "value"}'"""


def read_conf(given: str) -> str:
    """The JSON text of what was given: a literal, `@` with a file, or `-` for stdin; empty when nothing was.

    Raises BadRequest, with line and column, for what is not a JSON object in UTF-8 of at most 8 MB. Airflow
    is not needed to see that.
    """
    if not given:
        return ""
    if given == "-":
        return _checked(_from_stdin(), "The conf from stdin")
    if given.startswith("@"):
        name = given[1:]
        return _checked(_from_file(name), f'The conf in "{one_line(name)}"')
    return _checked(given, "The conf")


def _from_stdin() -> str:
    raw = sys.stdin.buffer.read(_MOST + 1)
    return _decoded(raw, "The conf from stdin")


def _from_file(name: str) -> str:
    what = f'"{one_line(name)}"'
    if not name:
        raise BadRequest("--conf @ names no file", remedy="write the file's name after the @")
    try:
        with Path(name).expanduser().open("rb") as file:
            raw = file.read(_MOST + 1)
    except FileNotFoundError:
        raise BadRequest(f"There is no file {what} for the conf", remedy="look at its name") from None
    except IsADirectoryError:
        raise BadRequest(f"{what} is a folder, no file with a conf", remedy="name a file in it") from None
    except (OSError, RuntimeError, ValueError) as cause:
        why = getattr(cause, "strerror", None) or str(cause)
        raise BadRequest(f"{what} can not be read for the conf: {one_line(why)}") from cause
    return _decoded(raw, f"The conf in {what}")


def _decoded(raw: bytes, what: str) -> str:
    if len(raw) > _MOST:
        raise BadRequest(f"{what} has more than {_MOST >> 20} MB", remedy="give the runs a smaller one")
    try:
        # An editor of Windows puts a mark before the text.
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        line = raw.count(b"\n", 0, wrong.start) + 1
        raise BadRequest(f"{what} is not UTF-8, in line {line}", remedy="save it in UTF-8") from wrong
    if not text.strip():
        raise BadRequest(f"{what} is empty", remedy="write {} for an empty one")
    return text


def _checked(text: str, what: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as wrong:
        raise BadRequest(f"{what} is not UTF-8", remedy=_REMEDY) from wrong
    try:
        value = json.loads(text, parse_constant=_no_number, parse_float=_finite)
    except json.JSONDecodeError as broken:
        where = f"line {broken.lineno} column {broken.colno}"
        raise BadRequest(f"{what} is not JSON: {where}: {one_line(broken.msg)}", remedy=_REMEDY) from broken
    except RecursionError as broken:
        raise BadRequest(f"{what} is not JSON that can be read: it is nested too deep") from broken
    except ValueError as broken:
        raise BadRequest(f"{what} is not JSON: {one_line(str(broken))}", remedy=_REMEDY) from broken
    if not isinstance(value, dict):
        raise BadRequest(f"{what} is JSON, but not an object", remedy=_REMEDY)
    return text


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is not a number in JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError(f"{digits[:40]} is too large a number")
    return number
