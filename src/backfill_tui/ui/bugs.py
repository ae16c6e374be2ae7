"""What becomes of a bug: its traceback goes to a file, and the file's name to the terminal."""

from __future__ import annotations

import os
import traceback
from pathlib import Path
from typing import Final

from textual.worker import WorkerFailed

from backfill_tui.domain.text import one_line

_NAME: Final = "screen-bug.log"


def last_words(error: BaseException | None, folder: Path | None) -> str:
    """Record what ended the program, taken out of the worker that failed; the sentence that says so."""
    bug = error.error if isinstance(error, WorkerFailed) else error
    return record(bug or RuntimeError("an unknown error"), folder)


def record(bug: BaseException, folder: Path | None) -> str:
    """Write the traceback of a bug into `folder`; the sentence that says so.

    Values of variables are left out: they may be secrets. Without a folder, or when it can not be written,
    the traceback is part of the sentence.
    """
    story = "".join(traceback.format_exception(bug))
    sentence = f"A bug of backfill-tui ended the screen: {one_line(f'{type(bug).__name__}: {bug}')}"
    goes_on = "What runs in Airflow is not touched by it"
    if folder is None:
        return f"{sentence}\n{goes_on}\n\n{story}"
    path = folder / _NAME
    try:
        with os.fdopen(
            os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8"
        ) as file:
            file.write(story)
    except OSError as cause:
        return f"{sentence}\n{goes_on}; {path} can not be written: {cause.strerror}\n\n{story}"
    return f"{sentence}\n{goes_on}; the traceback is in {path}"
