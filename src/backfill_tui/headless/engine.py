"""The commands `engine status`, `engine stop` and `engine logs`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from backfill_tui.domain.environment import EngineStatus
from backfill_tui.domain.problems import BadRequest, NotThere, Refused, Unreachable
from backfill_tui.domain.text import one_line
from backfill_tui.forms import encode
from backfill_tui.gateway.port import Engine, never
from backfill_tui.headless.paper import Paper
from backfill_tui.headless.voice import Voice

_NOT_RUNNING: Final = 3
_TAIL_BYTES: Final = 1 << 20
_FOLLOW_SECONDS: Final = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineRoom:
    """The embedded engine of one home, and the logs of what belongs to it by the component's name."""

    engine: Engine
    logs: Mapping[str, Path]
    voice: Voice
    paper: Paper
    as_json: bool = False
    read_only: bool = False


def show_status(room: EngineRoom) -> int:
    """Say how the engine is; exit code 0 when it runs, 3 when it does not."""
    status = room.engine.status()
    _show(room, status)
    return 0 if status.running else _NOT_RUNNING


def stop(room: EngineRoom) -> int:
    """End the engine and all its processes; runs under way go on at its next start."""
    if room.read_only:
        raise Refused(
            "Stopping the engine is refused: this session is read-only", remedy="leave out --read-only"
        )
    if not room.engine.status().running:
        room.voice.say("The engine does not run")
        status = room.engine.status()
    else:
        room.voice.activity("Stopping the engine")
        try:
            status = room.engine.stop()
        finally:
            room.voice.settle()
    _show(room, status)
    if status.running:
        raise Unreachable("The engine still runs", remedy="look into its logs, or end its process by hand")
    return 0


def show_logs(
    room: EngineRoom,
    component: str | None,
    *,
    lines: int,
    follow: bool,
    is_over: Callable[[], bool] = never,
) -> int:
    """Print the end of a component's log, outside text made harmless.

    With `follow` what is written afterwards too, until `is_over` (for the user: until ctrl+c).
    """
    name = component or "engine"
    path = room.logs.get(name)
    if path is None:
        known = ", ".join(sorted(room.logs)) or "none yet"
        raise BadRequest(f'There is no log of "{one_line(name)}"', remedy=f"the logs are of: {known}")
    tail, position = _tail(path, lines)
    if room.as_json and not follow:
        room.paper.json({"component": name, "path": str(path), "lines": tail})
        return 0
    write = _line_writer(room, name)
    for line in tail:
        write(line)
    if follow:
        for line in _lines_after(path, position, is_over):
            write(line)
    return 0


def _line_writer(room: EngineRoom, name: str) -> Callable[[str], None]:
    if room.as_json:
        return lambda line: room.paper.json_line({"component": name, "line": line})
    return room.paper.line


def _show(room: EngineRoom, status: EngineStatus) -> None:
    if room.as_json:
        room.paper.json(encode.engine(status))
        return
    word = "ready" if status.ready else "starting" if status.running else "not running"
    process = f" (process {status.pid})" if status.running and status.pid is not None else ""
    room.paper.line(one_line(status.sentence or f"The engine is {word}") + process)
    if status.problem:
        room.voice.say(f"It has a problem: {one_line(status.problem)}")


def _tail(path: Path, lines: int) -> tuple[list[str], int]:
    """The last lines of a file, and the position after them."""
    try:
        with path.open("rb") as log:
            end = log.seek(0, 2)
            log.seek(max(0, end - _TAIL_BYTES))
            data = log.read()
    except FileNotFoundError:
        raise NotThere(f"The log {path} does not exist", remedy="the component was never started") from None
    except OSError as cause:
        raise Unreachable(f"The log {path} can not be read: {cause.strerror}") from cause
    # A line that is being written is left to the next reading.
    whole = data[: data.rfind(b"\n") + 1]
    text = whole.decode("utf-8", "replace").splitlines()
    return (text[-lines:] if lines else []), end - len(data) + len(whole)


def _lines_after(path: Path, position: int, is_over: Callable[[], bool]) -> Iterator[str]:
    """What is written from `position` on, line by line; a log begun anew is read from its start."""
    pending = b""
    while not is_over():
        size = path.stat().st_size if path.exists() else 0
        if size < position:
            position, pending = 0, b""
        if size > position:
            with path.open("rb") as log:
                log.seek(position)
                data = log.read()
            position += len(data)
            *done, pending = (pending + data).split(b"\n")
            yield from (line.decode("utf-8", "replace") for line in done)
        else:
            time.sleep(_FOLLOW_SECONDS)
