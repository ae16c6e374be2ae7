"""Running again what failed: three choices with their counts, from Airflow's own dry clear."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.getters import query_one
from textual.message import Message
from textual.reactive import var
from textual.widgets import Static

from backfill_tui.domain.ids import DagId, RunId
from backfill_tui.domain.problems import Problem
from backfill_tui.domain.repairing import RerunOutcome, RerunRequest, RerunScope
from backfill_tui.domain.text import one_line
from backfill_tui.ui.command import bindings
from backfill_tui.ui.screens.base import Dialog
from backfill_tui.ui.screens.dialog_box import DialogBox
from backfill_tui.ui.text import count, in_words
from backfill_tui.ui.watch_commands import RERUN
from backfill_tui.ui.widgets.key_line import KeyLine
from backfill_tui.ui.workers import Asking

_SCOPES: Final = tuple(RerunScope)
_LABEL_WIDTH: Final = max(len(scope.label) for scope in _SCOPES) + 2
_NAMED_AT_MOST: Final = 4


class PreviewMade(Message):
    """What one choice would touch is known."""

    def __init__(self, scope: RerunScope, outcome: RerunOutcome) -> None:
        super().__init__()
        self.scope = scope
        self.outcome = outcome


class PreviewFailed(Message):
    """The choices can not be counted."""

    def __init__(self, problem: Problem) -> None:
        super().__init__()
        self.problem = problem


class RerunDialog(Dialog[RerunRequest]):
    """Gives the request that was confirmed. `dates` are the runs to rerun with their dates in words."""

    PLACE = "rerun"
    HELP = (
        "A rerun clears task instances, so that the scheduler runs them again. The counts come from "
        "Airflow's own dry clear. What succeeded stays as it is unless the choice says otherwise."
    )
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(RERUN)]
    DEFAULT_CSS = """
    RerunDialog #rerun-words { height: auto; }
    """

    scope: var[RerunScope] = var(RerunScope.FAILED, init=False)
    latest_version: var[bool] = var(default=True, init=False)

    box = query_one(DialogBox)
    words = query_one("#rerun-words", Static)

    def __init__(self, dag_id: DagId, dates: Mapping[RunId, str]) -> None:
        super().__init__()
        self._dag_id = dag_id
        self._dates = dates
        self._previews: dict[RerunScope, RerunOutcome] = {}
        self._problem: Problem | None = None

    def compose(self) -> ComposeResult:
        """The choices in a box."""
        box = DialogBox()
        box.border_title = Content(self._title()).markup
        with box:
            yield Static(id="rerun-words", markup=False)
            yield KeyLine(self.PLACE)

    def on_mount(self) -> None:
        """Count what each choice would touch."""
        self._tell()
        self.run_worker(self._count, group="preview", name="preview", exclusive=True, thread=True)

    def _title(self) -> str:
        what = next(iter(self._dates.values())) if len(self._dates) == 1 else count(len(self._dates), "date")
        return f"Rerun {what} of {one_line(self._dag_id)}"

    def _request(self, scope: RerunScope) -> RerunRequest:
        return RerunRequest(
            dag_id=self._dag_id,
            run_ids=tuple(self._dates),
            scope=scope,
            run_on_latest_version=self.latest_version,
        )

    def _count(self) -> None:
        asking = Asking(self)
        try:
            for scope in _SCOPES:
                if asking.unwanted():
                    return
                asking.post(PreviewMade(scope, self.program.gateway.preview_rerun(self._request(scope))))
        except Problem as problem:
            asking.post(PreviewFailed(problem))

    @on(PreviewMade)
    def _preview_made(self, message: PreviewMade) -> None:
        self._previews[message.scope] = message.outcome
        self._tell()

    @on(PreviewFailed)
    def _preview_failed(self, message: PreviewFailed) -> None:
        self._problem = message.problem
        self._tell()

    def watch_scope(self) -> None:
        """Another line is chosen."""
        self._tell()

    def watch_latest_version(self) -> None:
        """The box is ticked, or not."""
        self._tell()

    @property
    def chosen(self) -> RerunOutcome | None:
        """What the chosen line would touch; None until it is counted."""
        return self._previews.get(self.scope)

    def _tell(self) -> None:
        self.words.update(Content("\n").join(self._lines()))
        self.refresh_bindings()

    def _lines(self) -> list[Content]:
        lines = [self._choice(scope) for scope in _SCOPES]
        tick = "x" if self.latest_version else " "
        lines += [
            Content(""),
            Content.assemble((f"[{tick}] ", "$accent"), "on the latest version of the Dag"),
        ]
        if self._problem is not None:
            return [*lines, Content(""), Content.styled(one_line(str(self._problem)), "bold $error")]
        if self.chosen is not None:
            lines += consequences(self.chosen, self._dates)
        return [*lines, Content(""), Content.styled("Nothing here can be undone once started", "$warning")]

    def _choice(self, scope: RerunScope) -> Content:
        chosen = scope is self.scope
        sign = Content.styled("(•) " if chosen else "( ) ", "bold $accent" if chosen else "$muted")
        label = Content.styled(scope.label.ljust(_LABEL_WIDTH), "bold" if chosen else "")
        outcome = self._previews.get(scope)
        if outcome is None:
            return Content("").join([sign, label, Content.styled("counting…", "$muted")])
        return Content("").join(
            [sign, label, Content.styled(scope_words(outcome), "" if chosen else "$muted")]
        )

    def action_choose(self, step: int) -> None:
        """Choose the line above or below; past the last one the words scroll, where they do not fit."""
        before = self.scope
        self.scope = _SCOPES[max(0, min(len(_SCOPES) - 1, _SCOPES.index(before) + step))]
        if self.scope is before:
            self.box.scroll_relative(y=step, animate=False)

    def action_toggle_version(self) -> None:
        """Run on the latest version of the Dag, or on that of each run."""
        self.latest_version = not self.latest_version

    def action_accept(self) -> None:
        """Rerun what the chosen line says."""
        if self.chosen is not None and self.chosen.affected:
            self.dismiss(self._request(self.scope))

    def action_back(self) -> None:
        """Rerun nothing."""
        self.dismiss(None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """There must be something to rerun."""
        if action == "accept":
            return True if self.chosen is not None and self.chosen.affected else None
        return True


def scope_words(outcome: RerunOutcome) -> str:
    """What a choice runs again: `10 task instances, 2 had succeeded`."""
    if not outcome.affected:
        return "nothing to run again"
    words = count(len(outcome.affected), "task instance")
    if outcome.overwritten_successes:
        words += f", {outcome.overwritten_successes:,} had succeeded"
    return words


def consequences(outcome: RerunOutcome, dates: Mapping[RunId, str]) -> list[Content]:
    """What stays untouched, which runs are left alone and why, and what else the rerun lifts."""
    lines = [Content("")]
    if outcome.affected:
        lines.append(Content(_untouched_words(outcome)))
    if outcome.overwritten_successes:
        lost = f"{count(outcome.overwritten_successes, 'success', 'successes')} will be overwritten"
        lines.append(Content.styled(lost, "bold $warning"))
    for reason, run_ids in _by_reason(outcome).items():
        named = [dates.get(run_id, run_id) for run_id in run_ids[:_NAMED_AT_MOST]]
        if len(run_ids) > _NAMED_AT_MOST:
            named.append(f"{len(run_ids) - _NAMED_AT_MOST:,} more")
        lines.append(Content.styled(one_line(f"Left alone: {in_words(named)}: {reason}"), "$muted"))
    if outcome.unblocked:
        numbers = in_words([str(number) for number in outcome.unblocked])
        lines.append(
            Content(f"Lifts the pause of cancelled backfill {numbers}, or these runs would never start")
        )
    return lines


def rerun_words(outcome: RerunOutcome) -> str:
    """What a rerun did, for the notice."""
    if not outcome.affected:
        words = "Nothing was rerun"
    else:
        tasks, runs = count(len(outcome.affected), "task instance"), count(len(outcome.run_ids), "run")
        words = f"{tasks} of {runs} will run again"
    reasons = [f"{count(len(runs), 'run')} left alone: {why}" for why, runs in _by_reason(outcome).items()]
    return ", ".join([words, *map(one_line, reasons)])


def _by_reason(outcome: RerunOutcome) -> dict[str, list[RunId]]:
    found: dict[str, list[RunId]] = {}
    for left in outcome.left_alone:
        found.setdefault(left.reason, []).append(left.run_id)
    return found


def _untouched_words(outcome: RerunOutcome) -> str:
    runs = count(len(outcome.run_ids), "run")
    if not outcome.untouched:
        return f"{runs} from beginning to end"
    rest = count(outcome.untouched, "other task instance")
    return f"In {runs}, {rest} {'stays as it is' if outcome.untouched == 1 else 'stay as they are'}"
