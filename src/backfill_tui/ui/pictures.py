"""What is on the screen as a file: an SVG picture that overwrites nothing and is its owner's alone."""

from __future__ import annotations

import os
import re
import time
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Final

from backfill_tui.domain.problems import Problem

_MOST: Final = 1000
"""So many pictures of one second and one folder have a name."""


def picture_name(title: str, now: float) -> str:
    """`backfill-tui-watch-20240306-120000.svg`: the screen's title and the local time, no outside text."""
    place = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
    return f"backfill-tui-{place}-{time.strftime('%Y%m%d-%H%M%S', time.localtime(now))}.svg"


def write_picture(picture: str, folder: Path, name: str) -> Path:
    """Write a new file, readable for its owner alone; where one has the name, a number is put after it.

    Raises Problem where it can not be written, and leaves no part of it.
    """
    try:
        path = folder.absolute() / name
        for number in count(2):
            try:
                # Made by this call or not at all: neither a file nor a link that lies there is written to.
                made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                break
            except FileExistsError:
                if number > _MOST:
                    raise
                path = path.with_name(f"{Path(name).stem}-{number}.svg")
        try:
            with open(made, "w", encoding="utf-8") as file:  # noqa: PTH123  # of a descriptor
                file.write(picture)
        except OSError:
            with suppress(OSError):
                path.unlink()
            raise
    except OSError as cause:
        where = "the working folder" if folder == Path() else str(folder)
        msg = f"The screenshot can not be written to {where}: {cause.strerror}"
        raise Problem(msg, remedy="start the program in a folder that you may write to") from cause
    return path
