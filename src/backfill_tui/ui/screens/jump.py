"""The date that the grid is to go to: typed, and found while it is typed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import ClassVar, Final

from textual.binding import BindingType
from textual.content import Content

from backfill_tui.domain.instants import Instant
from backfill_tui.ui.command import bindings
from backfill_tui.ui.screens.base import PlaceMeant
from backfill_tui.ui.screens.date_question import DateQuestion
from backfill_tui.ui.watch_commands import JUMP
from backfill_tui.ui.widgets.find_date import Found

_NAMED: Final = -1
_NEAREST: Final = 1000


class JumpDialog(DateQuestion[Found]):
    """Gives what `find` finds for the text, which `words_of` tells; `tasks` says that a task will do too."""

    PLACE = "jump"
    HELP = (
        "Any date of the calendar will do: a day, a month, 2024-Q1, 2024-W07, yesterday. Of a longer time "
        "it goes to the first date in it, and where there is none to the nearest. In a grid, some letters of "
        "a task lead to its column."
    )
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(JUMP)]
    TITLE_WORDS = "Go to a date"
    EXAMPLES = "2024-02-06, 2024-02, last month"

    def __init__(
        self,
        find: Callable[[str], Found],
        words_of: Callable[[Found], str],
        clock: tuple[str, Instant],
        *,
        tasks: bool = False,
    ) -> None:
        super().__init__(*clock)
        self._find = find
        self._words_of = words_of
        self._tasks = tasks

    def examples(self) -> str:
        """What can be written."""
        return f"{self.EXAMPLES}, or a task" if self._tasks else self.EXAMPLES

    def answer(self) -> Found:
        """The row that is meant."""
        return self._find(self.field.value)

    def meaning(self, given: Found) -> Content:
        """Where it leads."""
        words = self._words_of(given)
        if given.exact:
            return Content(f"Goes to {words}")
        return Content.styled(f"No such date here, the nearest is {words}", "$warning")


def date_found(found: Found, words_of: Callable[[Found], str], go: Callable[[Found], object]) -> PlaceMeant:
    """A date as the palette offers it: one that is named before all else, the nearest one after all else."""
    told = "go to this date" if found.exact else "go to the date that is nearest to it"
    rank = _NAMED if found.exact else _NEAREST
    return PlaceMeant(kind="Date ", words=words_of(found), told=told, rank=rank, go=partial(go, found))
