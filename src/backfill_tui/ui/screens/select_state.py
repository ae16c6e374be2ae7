"""Marking all dates in one state: which states there are, and how many dates are in each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.getters import query_one
from textual.widgets import Input

from backfill_tui.domain.fuzzy import folded, ranked
from backfill_tui.domain.selecting import InState, by_state
from backfill_tui.ui.command import bindings
from backfill_tui.ui.screens.base import Dialog
from backfill_tui.ui.screens.dialog_box import DialogBox
from backfill_tui.ui.select_commands import SELECT
from backfill_tui.ui.text import count
from backfill_tui.ui.widgets.filter_line import FilterLine
from backfill_tui.ui.widgets.key_line import KeyLine
from backfill_tui.ui.widgets.line_list import LineList
from backfill_tui.ui.widgets.run_grid import RunGrid
from backfill_tui.ui.widgets.state_list import StateList, words_of

_LOOK_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Selected:
    """The rows to mark, besides those that are marked or in their place."""

    rows: frozenset[int]
    besides: bool


class SelectDialog(Dialog[Selected]):
    """Gives the rows of the state that was chosen, among those that `grid` shows."""

    PLACE = "select"
    HELP = (
        "All dates in a state are marked at once: those whose run is in it, or those with a task that is. "
        "Where only some dates are shown, only these are counted and marked."
    )
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(SELECT)]
    DEFAULT_CSS = """
    SelectDialog StateList { height: auto; max-height: 16; background: $surface; }
    """

    box = query_one(DialogBox)
    filter = query_one(FilterLine)
    states = query_one(StateList)

    def __init__(self, grid: RunGrid) -> None:
        super().__init__()
        self._grid = grid
        self._found: tuple[InState, ...] = ()

    def compose(self) -> ComposeResult:
        """The states in a box."""
        box = DialogBox()
        box.border_title = "Mark the dates in a state"
        with box:
            yield FilterLine()
            yield StateList()
            yield KeyLine(self.PLACE)

    def on_mount(self) -> None:
        """Count now, and again while it is open."""
        self.states.focus()
        self._look()
        self.set_interval(_LOOK_SECONDS, self._look)

    def _look(self) -> None:
        view, total = self._grid.view, len(self._grid.store.rows)
        self._found = by_state(self._grid.store, view.rows)
        self._show()
        # Its header, the states and the line under them.
        self.states.styles.height = max(1, len(self._found)) + 3
        narrowed = len(view) < total
        self.box.border_subtitle = f"only of the {count(len(view), 'date')} shown" if narrowed else ""
        self.refresh_bindings()

    def _show(self) -> None:
        """The states that fit what is typed, the best first."""
        fitting = ranked(self.filter.wanted, [folded(words_of(one)) for one in self._found])
        self.filter.say(f"{len(fitting)} of {count(len(self._found), 'state')}")
        none = self.filter.none_fits("state", "select.back")
        self.states.empty = (none if self._found else "No date that is shown has a run",)
        states = tuple(self._found[place] for place in fitting)
        self.states.show(states, self._grid.marks.rows, self.filter.wanted)

    # The filter

    def action_filter(self) -> None:
        """Type what the list is to be narrowed to."""
        self.filter.edit()
        self.refresh_bindings()

    @on(Input.Changed)
    def _filter_changed(self) -> None:
        self._show()
        self.states.cursor = 0
        self.refresh_bindings()

    @on(Input.Submitted)
    def _filter_done(self) -> None:
        self.filter.done()
        self.states.focus()

    # What is done

    @on(LineList.Chosen)
    def _chosen(self) -> None:
        self.action_mark(besides=False)

    def action_mark(self, besides: bool) -> None:  # a binding gives it by place
        """Mark the dates of the state under the cursor."""
        self._look()
        if self.states.current is not None:
            self.dismiss(Selected(self.states.current.rows, besides))

    def action_back(self) -> None:
        """Show all states again, else mark nothing."""
        if self.filter.filters:
            self.filter.clear()
            self.states.focus()
        else:
            self.dismiss(None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """There must be a state to choose, and one to look for."""
        if not self.is_mounted:
            return True
        if action == "filter":
            return bool(self._found) and not isinstance(self.focused, Input)
        return self.states.current is not None if action == "mark" else True
