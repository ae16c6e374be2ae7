"""The page about looks has the signs that the program draws."""

from __future__ import annotations

import re
from pathlib import Path

from backfill_tui.domain.looks import ThemeChoice
from backfill_tui.domain.states import TaskState
from backfill_tui.ui.glyphs import TASK_MARKS
from backfill_tui.ui.signs import plain_sign

PAGE = (Path(__file__).parents[2] / "docs" / "looks.md").read_text("utf-8")


def test_the_page_has_every_sign_of_a_state() -> None:
    rows = re.findall(r"^\| ([a-z ]+) \| `(.)` \| `(.)` \|$", PAGE, re.MULTILINE)
    marks = [mark for state, mark in TASK_MARKS.items() if state is not TaskState.ABSENT]
    assert rows == [(mark.word, mark.sign, plain_sign(mark.sign)) for mark in marks]


def test_the_page_has_every_theme() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| [a-zA-Z]", PAGE, re.MULTILINE)
    assert rows == [choice for choice in ThemeChoice if choice is not ThemeChoice.AUTO]
