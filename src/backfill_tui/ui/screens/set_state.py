"""Marking runs and tasks success or failed: the choices with their counts, and what each ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.getters import query_one
from textual.message import Message
from textual.reactive import var
from textual.widgets import Static

from backfill_tui.domain.ids import DagId, RunId, TaskId
from backfill_tui.domain.mark_words import by_reason, consequences, scope_words
from backfill_tui.domain.marking import MarkAs, MarkOutcome, MarkRequest, MarkScope
from backfill_tui.domain.problems import Problem
from backfill_tui.domain.text import one_line
from backfill_tui.ui.clicks import clickable
from backfill_tui.ui.command import bindings
from backfill_tui.ui.mark_commands import SET_STATE
from backfill_tui.ui.screens.choosing import ChoosingDialog
from backfill_tui.ui.screens.dialog_box import DialogBox
from backfill_tui.ui.text import count, fit, in_words
from backfill_tui.ui.widgets.key_line import KeyLine
from backfill_tui.ui.widgets.task_details import CellInView
from backfill_tui.ui.workers import Asking

_LABEL_WIDTH: Final = 22
_NAMED_AT_MOST: Final = 4
_SCOPES: Final = {
    MarkAs.SUCCESS: (MarkScope.FAILED, MarkScope.TASK, MarkScope.WHOLE_RUN),
    # What has failed is failed already.
    MarkAs.FAILED: (MarkScope.TASK, MarkScope.WHOLE_RUN),
}
Choice = tuple[MarkAs, MarkScope]


class MarkCounted(Message):
    """What one choice would change is known."""

    def __init__(self, choice: Choice, outcome: MarkOutcome) -> None:
        super().__init__()
        self.choice = choice
        self.outcome = outcome


class MarkNotCounted(Message):
    """The choices can not be counted."""

    def __init__(self, problem: Problem) -> None:
        super().__init__()
        self.problem = problem


class SetStateDialog(ChoosingDialog[MarkRequest]):
    """Gives the request that was confirmed.

    `dates` are the runs to mark with their dates in words, `cell` is what is under the cursor, if anything.
    """

    PLACE = "set_state"
    HELP = (
        "A mark sets states as Airflow itself does it, and runs nothing of what is marked: a task that is "
        "under way ends. What waited for it goes on, and what failed downstream of one task that is marked "
        "runs again. A mark can be undone as long as nothing changed since, but not for what was under way."
    )
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(SET_STATE)]
    DEFAULT_CSS = """
    SetStateDialog #set-state-words { height: auto; }
    """

    mark_as: var[MarkAs] = var(MarkAs.SUCCESS, init=False)
    scope: var[MarkScope] = var(MarkScope.FAILED, init=False)

    words = query_one("#set-state-words", Static)

    def __init__(self, dag_id: DagId, dates: Mapping[RunId, str], cell: CellInView | None) -> None:
        super().__init__()
        self._dag_id = dag_id
        self._dates = dates
        self._task_id: TaskId | None = None if cell is None else cell.task_id
        # A column of one map index stands for that alone.
        self._map_index = None if cell is None or cell.rest else cell.map_index
        self._meant = self.scope
        self._previews: dict[Choice, MarkOutcome] = {}

    def compose(self) -> ComposeResult:
        """The choices in a box."""
        box = DialogBox()
        what = next(iter(self._dates.values())) if len(self._dates) == 1 else count(len(self._dates), "date")
        box.border_title = Content(f"Set state of {what} of {one_line(self._dag_id)}").markup
        with box:
            yield Static(id="set-state-words", markup=False)
            yield KeyLine(self.PLACE)

    def on_mount(self) -> None:
        """Count what each choice would change."""
        self._tell()
        self.run_worker(self._count, group="preview", name="preview", exclusive=True, thread=True)

    @property
    def scopes(self) -> tuple[MarkScope, ...]:
        """The lines there are for the state that is chosen."""
        return tuple(
            scope
            for scope in _SCOPES[self.mark_as]
            if scope is not MarkScope.TASK or self._task_id is not None
        )

    @property
    def chosen(self) -> MarkOutcome | None:
        """What the chosen line would change; None until it is counted."""
        return self._previews.get((self.mark_as, self.scope))

    @property
    def can_be_done(self) -> bool:
        """Whether it is counted, and there is something to mark."""
        return self.chosen is not None and self.chosen.changes

    def _request(self, choice: Choice) -> MarkRequest:
        mark_as, scope = choice
        return MarkRequest(
            dag_id=self._dag_id,
            run_ids=tuple(self._dates),
            mark_as=mark_as,
            scope=scope,
            task_id=self._task_id if scope is MarkScope.TASK else None,
            map_index=self._map_index if scope is MarkScope.TASK else None,
        )

    def _count(self) -> None:
        asking = Asking(self)
        choices = [(mark_as, scope) for mark_as, scopes in _SCOPES.items() for scope in scopes]
        try:
            for choice in choices:
                if asking.unwanted():
                    return
                if choice[1] is not MarkScope.TASK or self._task_id is not None:
                    outcome = self.program.gateway.preview_mark(self._request(choice), asking.unwanted)
                    asking.post(MarkCounted(choice, outcome))
        except Problem as problem:
            asking.post(MarkNotCounted(problem))

    @on(MarkCounted)
    def _mark_counted(self, message: MarkCounted) -> None:
        self._previews[message.choice] = message.outcome
        self.problem = None
        self._tell()

    @on(MarkNotCounted)
    def _mark_not_counted(self, message: MarkNotCounted) -> None:
        self.problem = message.problem
        self._tell()

    def watch_mark_as(self) -> None:
        """The other state is chosen; the line stays where there is one, and is taken up again after that."""
        self.scope = self._meant if self._meant in self.scopes else self.scopes[0]
        self._tell()

    def watch_scope(self) -> None:
        """Another line is chosen."""
        self._tell()

    def _tell(self) -> None:
        self.words.update(Content("\n").join(self._lines()))
        self.refresh_bindings()

    def _lines(self) -> list[Content]:
        chosen = self.scopes.index(self.scope)
        choices = [
            clickable(self._choice(scope), f"choose({at - chosen})") for at, scope in enumerate(self.scopes)
        ]
        lines = [self._states(), Content(""), *choices]
        task = one_line(self._label(MarkScope.TASK))
        if MarkScope.TASK in self.scopes and cell_len(task) > _LABEL_WIDTH:
            # Cut to some letters it may be any of several.
            lines.append(Content.styled(f"    the task is {task.removeprefix('task ')}", "$muted"))
        outcome = self.chosen
        if outcome is None:
            return [*lines, *self.problem_lines()]
        lines.append(Content(""))
        told = consequences(self._request((self.mark_as, self.scope)), outcome)
        grave = bool(outcome.ended) + bool(outcome.overwritten_successes)
        lines += [
            Content.styled(words, "bold $warning") if at < grave else Content(words)
            for at, words in enumerate(told)
        ]
        return [*lines, *self._left_alone(outcome)]

    def _states(self) -> Content:
        parts = [Content("Mark as")]
        for mark_as in MarkAs:
            chosen = mark_as is self.mark_as
            sign = "(•)" if chosen else "( )"
            state = Content.styled(f"  {sign} {mark_as}", "bold $accent" if chosen else "$muted")
            parts.append(state if chosen else clickable(state, "turn"))
        return Content("").join(parts)

    def _choice(self, scope: MarkScope) -> Content:
        outcome = self._previews.get((self.mark_as, scope))
        words = None if outcome is None else scope_words(outcome)
        return self.way_line(
            fit(self._label(scope), self._label_width) + "  ", words, chosen=scope is self.scope
        )

    def _label(self, scope: MarkScope) -> str:
        if scope is MarkScope.TASK:
            index = "" if self._map_index is None else f" {self._map_index}"
            return f"task {self._task_id}{index}"
        runs = "whole run" if len(self._dates) == 1 else "whole runs"
        return "failed tasks" if scope is MarkScope.FAILED else runs

    @property
    def _label_width(self) -> int:
        """That of the longest line of either state, so that the numbers stay where they are."""
        scopes = (scope for scope in MarkScope if scope is not MarkScope.TASK or self._task_id is not None)
        return min(_LABEL_WIDTH, max(cell_len(one_line(self._label(scope))) for scope in scopes))

    def _left_alone(self, outcome: MarkOutcome) -> list[Content]:
        lines = []
        for reason, run_ids in by_reason(outcome.left_alone).items():
            named = [self._dates.get(run_id, run_id) for run_id in run_ids[:_NAMED_AT_MOST]]
            if len(run_ids) > _NAMED_AT_MOST:
                named.append(f"{len(run_ids) - _NAMED_AT_MOST:,} more")
            lines.append(Content.styled(one_line(f"Left alone: {in_words(named)}: {reason}"), "$muted"))
        return lines

    def action_choose(self, step: int) -> None:
        """Choose the line above or below."""
        self.scope = self._meant = self.way_at(step, self.scopes, self.scope)

    def action_turn(self) -> None:
        """Mark as the other state."""
        self.mark_as = MarkAs.FAILED if self.mark_as is MarkAs.SUCCESS else MarkAs.SUCCESS

    def action_accept(self) -> None:
        """Mark what the chosen line says, once all that this does was there to be read."""
        if self.may_accept():
            self.dismiss(self._request((self.mark_as, self.scope)))

    def action_back(self) -> None:
        """Mark nothing."""
        self.dismiss(None)
