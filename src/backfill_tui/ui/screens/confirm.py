"""A question with its consequences in words; enter does it, escape changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import Static

from backfill_tui.domain.ids import DagId
from backfill_tui.domain.planning import BackfillPlan, PlanWarning, Verdict
from backfill_tui.domain.states import TaskState
from backfill_tui.domain.text import one_line
from backfill_tui.ui.command import bindings
from backfill_tui.ui.commands import DIALOG
from backfill_tui.ui.plan_values import date_words
from backfill_tui.ui.screens.base import Dialog
from backfill_tui.ui.screens.dialog_box import DialogBox
from backfill_tui.ui.text import count, in_words
from backfill_tui.ui.widgets.key_line import KeyLine


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a confirmation asks: the title, the verb of `enter`, what will happen, what else to know."""

    title: str
    verb: str
    sentence: str
    notes: tuple[str, ...] = ()
    warnings: tuple[PlanWarning, ...] = ()


class ConfirmDialog(Dialog[bool]):
    """Gives True when it was accepted."""

    PLACE = "dialog"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(DIALOG)]

    def __init__(self, question: Question) -> None:
        super().__init__()
        self._question = question

    def compose(self) -> ComposeResult:
        """The question and its keys."""
        box = DialogBox()
        box.border_title = Content(one_line(self._question.title)).markup
        with box:
            yield Static(self._words())
            yield KeyLine(self.PLACE, words={"dialog.accept": self._question.verb, "dialog.cancel": "back"})

    def action_accept(self) -> None:
        """Do it."""
        self.dismiss(True)  # noqa: FBT003  # the answer itself

    def action_cancel(self) -> None:
        """Change nothing."""
        self.dismiss(False)  # noqa: FBT003  # the answer itself

    def _words(self) -> Content:
        question = self._question
        parts = [Content.styled(one_line(question.sentence), "bold")]
        parts += [Content.styled(one_line(note), "$muted") for note in question.notes]
        if question.warnings:
            parts.append(Content(""))
        for warning in question.warnings:
            parts.append(Content.assemble(("! ", "$warning"), one_line(warning.message)))
            if warning.remedy:
                parts.append(Content.styled(f"  {one_line(warning.remedy)}", "$muted"))
        return Content("\n").join(parts)


def launch_question(plan: BackfillPlan) -> Question:
    """What launching the plan does, in words."""
    request = plan.request
    order = "newest first" if request.run_backwards else "oldest first"
    notes = [_range_words(plan)]
    if plan.run_count > 1:
        notes.append(f"At most {count(request.max_active_runs, 'run')} at a time, {order}")
    skipped = plan.count(Verdict.SKIP_EXISTS, Verdict.SKIP_IN_FLIGHT)
    if skipped:
        stay = "stays as it is" if skipped == 1 else "stay as they are"
        notes.append(f"{count(skipped, 'date')} {stay}")
    waiting = plan.count(Verdict.NOT_YET)
    if waiting:
        notes.append(
            f"{count(waiting, 'date')} can not run yet and {'is' if waiting == 1 else 'are'} left out"
        )
    return Question(
        title=f"Launch a backfill of {request.dag_id}?",
        verb="launch",
        sentence=launch_sentence(plan),
        notes=tuple(filter(None, notes)),
        warnings=plan.warnings,
    )


def _range_words(plan: BackfillPlan) -> str:
    """The first and the last date that run, on the Dag's clock; partitions by their keys."""
    running = [run.occurrence for run in plan.runs if run.verdict.runs]
    if plan.request.run_backwards:
        running.reverse()
    if not running:
        return ""
    first, last = (date_words(one, plan.timezone) for one in (running[0], running[-1]))
    words = f"From {first} to {last}" if len(running) > 1 else f"For {first}"
    return words if running[0].partition_key is not None else f"{words} ({plan.timezone})"


def launch_sentence(plan: BackfillPlan) -> str:
    """`Create 80 runs and run 3 again (15 task instances, 6 of them had succeeded)`."""
    created, again = plan.count(Verdict.CREATE), plan.count(Verdict.REPROCESS)
    doing = []
    if created:
        doing.append(f"create {count(created, 'run')}")
    if again:
        taken = [run.existing for run in plan.runs if run.verdict is Verdict.REPROCESS and run.existing]
        tasks = sum(run.task_total for run in taken)
        good = sum(run.count_of(TaskState.SUCCESS) for run in taken)
        lost = f", {good:,} of them had succeeded" if good else ""
        doing.append(f"run {again:,} again ({count(tasks, 'task instance')}{lost})")
    sentence = in_words(doing) or "create a backfill without any run"
    return sentence[0].upper() + sentence[1:]


def pause_question(dag_id: DagId, *, is_paused: bool) -> Question:
    """What pausing or unpausing a Dag does, in words."""
    if is_paused:
        return Question(
            title=f"Pause {dag_id}?",
            verb="pause",
            sentence="No run of this Dag will start while it is paused",
            notes=("Also those of its backfills wait", "What is running goes on to its end"),
        )
    return Question(
        title=f"Unpause {dag_id}?",
        verb="unpause",
        sentence="Runs of this Dag may start again",
        notes=(
            "Its queued runs start as soon as the scheduler sees it",
            "A scheduler that schedules starts due ones",
        ),
    )
