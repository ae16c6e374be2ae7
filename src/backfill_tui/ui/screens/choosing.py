"""What the questions share that offer a few ways to do something, each counted before it is done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from textual.content import Content
from textual.getters import query_one

from backfill_tui.domain.problems import Problem
from backfill_tui.domain.text import one_line
from backfill_tui.ui.screens.base import Dialog
from backfill_tui.ui.screens.dialog_box import READ_ON, DialogBox

T = TypeVar("T")
Way = TypeVar("Way")


class ChoosingDialog(Dialog[T]):
    """Has a line for each way, and does the chosen one once all that is said of it was there to be read.

    `problem` is why a way could not be counted. The key that accepts is `accept` of its place.
    """

    box = query_one(DialogBox)
    problem: Problem | None = None

    @property
    def can_be_done(self) -> bool:
        """Whether the chosen way is counted and changes something."""
        raise NotImplementedError

    def may_accept(self) -> bool:
        """Whether it is to be done now; else what is still below comes into view, if that is why not."""
        return self.can_be_done and not self.box.read_on()

    def way_at(self, step: int, ways: Sequence[Way], now: Way) -> Way:
        """The way above or below; past the last one the words scroll, where they do not fit."""
        before = ways.index(now)
        after = max(0, min(len(ways) - 1, before + step))
        if after == before:
            self.box.scroll_relative(y=step, animate=False)
        return ways[after]

    def way_line(self, label: str, words: str | None, *, chosen: bool) -> Content:
        """The line of a way; `words` are what it does, None until that is counted."""
        sign = Content.styled("(•) " if chosen else "( ) ", "bold $accent" if chosen else "$muted")
        told = ("counting ..." if self.problem is None else "not counted") if words is None else words
        style = "" if chosen and words is not None else "$muted"
        return Content("").join(
            [sign, Content.styled(label, "bold" if chosen else ""), Content.styled(told, style)]
        )

    def problem_lines(self) -> list[Content]:
        """What is said where the chosen way could not be counted."""
        if self.problem is None:
            return []
        return [Content(""), Content.styled(one_line(str(self.problem)), "bold $error")]

    def label_of(self, command_id: str) -> str:
        """What the key that accepts does."""
        return READ_ON if command_id == f"{self.PLACE}.accept" and self.box.has_more else ""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """There must be something to do."""
        if action == "accept":
            return True if self.can_be_done else None
        return True
