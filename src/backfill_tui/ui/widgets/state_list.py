"""The states that dates are in, a line each with the number of its dates."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from rich.style import Style

from backfill_tui.domain.selecting import InState, RunKind
from backfill_tui.ui.glyphs import RUN_MARKS, TASK_MARKS, Look, Mark
from backfill_tui.ui.text import Part, fit, lit
from backfill_tui.ui.widgets.grid_signs import MARKED_MARK
from backfill_tui.ui.widgets.line_list import LineList

_PLAIN: Final = Style()
_OF: Final = 6
_DATES: Final = 8
_MARKED: Final = 9
_CANCELLED: Final = Mark("⊘", "never started", "state-queued")
_RUNS: Final[dict[RunKind, Mark]] = {RunKind(state.value): mark for state, mark in RUN_MARKS.items()} | {
    RunKind.CANCELLED: _CANCELLED
}


class StateList(LineList):
    """The cursor stays on its state while dates come and go."""

    HELP = "A date is in a state of a task when any of its tasks is."

    def __init__(self) -> None:
        super().__init__(id="states")
        self._states: tuple[InState, ...] = ()
        self._marked: Collection[int] = frozenset()
        self._wanted = ""

    @property
    def row_count(self) -> int:
        """How many states there are."""
        return len(self._states)

    @property
    def current(self) -> InState | None:
        """The one under the cursor."""
        return self._states[self.cursor] if self._states else None

    def show(self, states: tuple[InState, ...], marked: Collection[int], wanted: str) -> None:
        """Take over what is there now, and which rows are marked; the letters of `wanted` stand out."""
        under = self.current
        self._states, self._marked, self._wanted = states, marked, wanted
        self.reload()
        keys = [_key(one) for one in states]
        if under is not None and _key(under) in keys:
            self.cursor = keys.index(_key(under))

    def draw_header(self, width: int) -> str:
        """The names of the columns."""
        numbers = f"{'Dates':>{_DATES}}{'Marked':>{_MARKED}}"
        return " " + fit("", _OF) + fit("State", max(0, width - 1 - _OF - _DATES - _MARKED)) + numbers

    def draw_row(self, row: int, width: int, look: Look) -> list[Part]:
        """One state."""
        one = self._states[row]
        mark = _mark(one)
        marked = len(one.rows.intersection(self._marked))
        sign = f"{look.sign(mark)} "
        room = max(0, width - 1 - _OF - _DATES - _MARKED - len(sign))
        return [
            (" " + fit(_of(one), _OF), look.muted),
            (sign, look.style(mark)),
            *lit(mark.word, room, self._wanted, look.style(mark), look.match),
            (f"{len(one.rows):>{_DATES},}", _PLAIN),
            (f"{f'{look.sign(MARKED_MARK)} {marked:,}' if marked else '':>{_MARKED}}", look.accent),
        ]


def words_of(one: InState) -> str:
    """A state as its line has it: `run failed`, `task up for retry`."""
    return f"{_of(one)} {_mark(one).word}"


def _of(one: InState) -> str:
    return "run" if one.of_run else "task"


def _mark(one: InState) -> Mark:
    return _RUNS[one.state] if isinstance(one.state, RunKind) else TASK_MARKS[one.state]


def _key(one: InState) -> tuple[bool, str]:
    return one.of_run, str(one.state)
