"""A log in the user's own pager: written to a private file, whole, and removed after it was read."""

from __future__ import annotations

import shlex
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from textual.app import App, SuspendNotSupported

from backfill_tui.domain.problems import BadRequest
from backfill_tui.domain.tasks import LogQuery, TaskLog
from backfill_tui.domain.text import harmless
from backfill_tui.gateway.port import Gateway, IsCancelled, never

_PAGE_LINES: Final = 20_000
_USUAL: Final = ("less", "more")


def pager_words(environment: Mapping[str, str]) -> list[str]:
    """The words that start the pager: those of PAGER, else less or more, whichever there is."""
    try:
        words = shlex.split(environment.get("PAGER", ""))
    except ValueError as broken:
        raise BadRequest("PAGER is no command", remedy=f"write it as in a shell: {broken}") from broken
    return words or [next((name for name in _USUAL if shutil.which(name)), _USUAL[0])]


def write_log(gateway: Gateway, query: LogQuery, is_cancelled: IsCancelled = never) -> Path:
    """Write a whole log, page by page, to a new file that nobody else can read; the caller removes it.

    Control codes in it are made harmless. One that nobody waits for any more is left unfinished.
    """
    try:
        folder = Path(tempfile.mkdtemp(prefix="backfill-tui-"))
    except OSError as cause:
        raise _not_written(cause) from cause
    try:
        return _write_pages(gateway, replace(query, max_lines=_PAGE_LINES), folder, is_cancelled)
    except BaseException as failure:
        remove(folder / "log")
        if isinstance(failure, OSError):
            raise _not_written(failure) from failure
        raise


def remove(path: Path) -> None:
    """Remove what `write_log` has written."""
    shutil.rmtree(path.parent, ignore_errors=True)


def _write_pages(gateway: Gateway, query: LogQuery, folder: Path, is_cancelled: IsCancelled) -> Path:
    """The pages come from the end to the beginning, and are then joined the other way round."""
    parts: list[Path] = []
    log = gateway.log(query)
    while True:
        parts.append(folder / f"{len(parts)}")
        parts[-1].write_text(_text_of(log), encoding="utf-8", errors="replace")
        if not log.truncated or log.begins is None or is_cancelled():
            break
        log = gateway.log(replace(query, before=log.begins))
    whole = folder / "log"
    with whole.open("wb") as out:
        for part in reversed(parts):
            with part.open("rb") as written:
                shutil.copyfileobj(written, out)
            part.unlink()
    return whole


def _text_of(log: TaskLog) -> str:
    cut = ["the lines before were left out"] if log.truncated and log.begins is None else []
    return "".join(f"{harmless(line)}\n" for line in [*cut, *log.lines])


def _not_written(cause: OSError) -> BadRequest:
    return BadRequest(
        f"The log can not be written to {tempfile.gettempdir()}: {cause.strerror or cause}",
        remedy="make room there, or set TMPDIR to another folder",
    )


def read_in_pager(app: App[Any], words: list[str], path: Path) -> str:
    """Give the terminal to the pager until it ends; gives what went wrong in a sentence, else nothing."""
    try:
        with app.suspend(), _interrupts_are_the_pagers():
            # Within: Textual does not take the terminal back after an exception.
            return _run([*words, str(path)])
    except SuspendNotSupported:
        return "This terminal can not be given to a pager"


def _run(words: list[str]) -> str:
    try:
        subprocess.run(words, check=False)
    except OSError as cause:
        return f"The pager {words[0]} can not be started: {cause.strerror}; set PAGER to one that can"
    return ""


@contextmanager
def _interrupts_are_the_pagers() -> Generator[None, None, None]:
    """Its ctrl+c ends a search in it, and not this program, which stands in the same process group."""
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
