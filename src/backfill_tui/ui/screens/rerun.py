"""Running again what failed: the choices with their counts, from Airflow's own dry clear."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Final

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.getters import query_one
from textual.message import Message
from textual.reactive import var
from textual.widgets import Label, Static

from backfill_tui.domain.ids import BackfillId, DagId, RunId, TaskId
from backfill_tui.domain.launching import MOST_NOTE_CHARACTERS
from backfill_tui.domain.problems import Problem
from backfill_tui.domain.repairing import RerunOutcome, RerunRequest, RerunScope
from backfill_tui.domain.text import one_line
from backfill_tui.ui.clicks import clickable
from backfill_tui.ui.command import bindings
from backfill_tui.ui.rerun_words import consequences, scope_words
from backfill_tui.ui.screens.choosing import ChoosingDialog
from backfill_tui.ui.screens.dialog_box import DialogBox
from backfill_tui.ui.text import count, fit
from backfill_tui.ui.watch_commands import RERUN
from backfill_tui.ui.widgets.conf_field import Field
from backfill_tui.ui.widgets.key_line import KeyLine
from backfill_tui.ui.workers import Asking

_LABEL_WIDTH: Final = len(RerunScope.FAILED_AND_DOWNSTREAM.label()) + 2
_TASK_WIDTH: Final = _LABEL_WIDTH - len(RerunScope.TASK_AND_DOWNSTREAM.label("")) - 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What is to be rerun: runs with their dates in words, of one backfill or any, and one task of them."""

    dag_id: DagId
    backfill_id: BackfillId | None
    dates: Mapping[RunId, str]
    task_id: TaskId | None = None


class PreviewMade(Message):
    """What a request would touch is known."""

    def __init__(self, request: RerunRequest, outcome: RerunOutcome) -> None:
        super().__init__()
        self.request = request
        self.outcome = outcome


class PreviewFailed(Message):
    """The choices can not be counted."""

    def __init__(self, problem: Problem) -> None:
        super().__init__()
        self.problem = problem


class RerunDialog(ChoosingDialog[RerunRequest]):
    """Gives the request that was confirmed."""

    PLACE = "rerun"
    HELP = (
        "A rerun clears task instances, so that the scheduler runs them again. The counts come from "
        "Airflow's own dry clear. What succeeded stays as it is unless the choice says otherwise. The last "
        "two choices take the task under the cursor, in all the runs. A note is put on each run."
    )
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(RERUN)]
    DEFAULT_CSS = """
    RerunDialog DialogBox { width: 84; }
    RerunDialog Static { height: auto; }
    RerunDialog Horizontal { height: 1; }
    RerunDialog Label { width: auto; padding: 0 1 0 0; }
    RerunDialog Input { width: 1fr; background: $field; }
    RerunDialog Input:focus { background: $cursor-background; }
    """

    scope: var[RerunScope] = var(RerunScope.FAILED, init=False)
    latest_version: var[bool] = var(default=True, init=False)

    choices = query_one("#rerun-choices", Static)
    effects = query_one("#rerun-effects", Static)
    note = query_one(Field)

    def __init__(self, selection: Selection) -> None:
        super().__init__()
        self._selection = selection
        self._scopes = [one for one in RerunScope if selection.task_id is not None or not one.of_a_task]
        self._previews: dict[RerunRequest, RerunOutcome] = {}

    def compose(self) -> ComposeResult:
        """The choices and the note in a box, and what the choice does."""
        box = DialogBox()
        box.border_title = Content(self._title()).markup
        with box:
            yield Static(id="rerun-choices", markup=False)
            with Horizontal():
                yield Label("Note", markup=False)
                yield Field("", id="note", placeholder="none", max_length=MOST_NOTE_CHARACTERS)
            yield Static(id="rerun-effects", markup=False)
            yield KeyLine(self.PLACE)

    def on_mount(self) -> None:
        """Count what each choice would touch."""
        self._tell()
        self._count_all()

    def _title(self) -> str:
        dates = self._selection.dates
        what = next(iter(dates.values())) if len(dates) == 1 else count(len(dates), "date")
        return f"Rerun {what} of {one_line(self._selection.dag_id)}"

    def _request(self, scope: RerunScope) -> RerunRequest:
        return RerunRequest(
            dag_id=self._selection.dag_id,
            run_ids=tuple(self._selection.dates),
            scope=scope,
            task_id=self._selection.task_id if scope.of_a_task else None,
            backfill_id=self._selection.backfill_id,
            run_on_latest_version=self.latest_version,
        )

    def _count_all(self) -> None:
        missing = [one for one in map(self._request, self._scopes) if one not in self._previews]
        first = self._request(self.scope)
        missing.sort(key=lambda request: request != first)
        program = self.program

        def count_each() -> None:
            asking = Asking(self)
            try:
                for request in missing:
                    outcome = program.gateway.preview_rerun(request, asking.unwanted)
                    asking.post(PreviewMade(request, outcome))
            except Problem as problem:
                asking.post(PreviewFailed(problem))

        self.run_worker(count_each, group="preview", name="preview", exclusive=True, thread=True)

    @on(PreviewMade)
    def _preview_made(self, message: PreviewMade) -> None:
        self._previews[message.request] = message.outcome
        self.problem = None
        self._tell()

    @on(PreviewFailed)
    def _preview_failed(self, message: PreviewFailed) -> None:
        self.problem = message.problem
        self._tell()

    def watch_scope(self) -> None:
        """Another line is chosen."""
        self._tell()

    def watch_latest_version(self) -> None:
        """The box is ticked, or not: another version may have other tasks."""
        self.problem = None
        self._tell()
        self._count_all()

    @property
    def chosen(self) -> RerunOutcome | None:
        """What the chosen line would touch; None until it is counted."""
        return self._previews.get(self._request(self.scope))

    @property
    def can_be_done(self) -> bool:
        """Whether it is counted, and there is something to rerun."""
        return self.chosen is not None and self.chosen.changes

    def _tell(self) -> None:
        tick = "x" if self.latest_version else " "
        chosen = self._scopes.index(self.scope)
        lines = [
            clickable(self._choice(scope), f"choose({at - chosen})") for at, scope in enumerate(self._scopes)
        ]
        task = one_line(self._selection.task_id or "")
        if cell_len(task) > _TASK_WIDTH:
            # Cut to a few letters it may be any of several.
            lines.append(Content.styled(f"    the task is {task}", "$muted"))
        box = Content.assemble((f"[{tick}] ", "$accent"), "on the latest version of the Dag")
        lines += [Content(""), clickable(box, "toggle_version")]
        self.choices.update(Content("\n").join(lines))
        self.effects.update(Content("\n").join(self._effects()))
        self.refresh_bindings()

    def _effects(self) -> list[Content]:
        if self.problem is not None and self.chosen is None:
            return self.problem_lines()
        lines = []
        if self.chosen is not None:
            lines = consequences(self.chosen, self._selection.dates)
        return [*lines, Content(""), Content.styled("Nothing here can be undone once started", "$warning")]

    def _choice(self, scope: RerunScope) -> Content:
        task = fit(self._selection.task_id or "", _TASK_WIDTH).rstrip()
        outcome = self._previews.get(self._request(scope))
        words = None if outcome is None else scope_words(outcome)
        return self.way_line(fit(scope.label(task), _LABEL_WIDTH), words, chosen=scope is self.scope)

    def action_choose(self, step: int) -> None:
        """Choose the line above or below."""
        self.scope = self.way_at(step, self._scopes, self.scope)

    def action_toggle_version(self) -> None:
        """Run on the latest version of the Dag, or on that of each run."""
        self.latest_version = not self.latest_version

    def action_note(self) -> None:
        """Go to the note, and back to the choices."""
        if self.note.has_focus:
            self.set_focus(None)
        else:
            self.note.focus()

    def action_accept(self) -> None:
        """Rerun what the chosen line says, once all that this does was there to be read."""
        self.note.once_typed(self._accept)

    def _accept(self) -> None:
        if self.may_accept():
            self.dismiss(self._confirmed())

    def _confirmed(self) -> RerunRequest:
        return replace(self._request(self.scope), note=self.note.value.strip())

    def action_back(self) -> None:
        """Rerun nothing."""
        self.dismiss(None)
