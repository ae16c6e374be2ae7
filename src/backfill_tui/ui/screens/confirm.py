"""A question with its consequences in words; enter does it, escape changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, TypeVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.getters import query_one
from textual.widgets import Static

from backfill_tui.domain.estimates import sentence
from backfill_tui.domain.holes import RUNS
from backfill_tui.domain.ids import DagId
from backfill_tui.domain.outcomes import Verdict
from backfill_tui.domain.plan_dates import Occurrence
from backfill_tui.domain.planning import BackfillPlan, Gravity, PlanWarning
from backfill_tui.domain.problems import Problem
from backfill_tui.domain.states import TaskState
from backfill_tui.domain.text import one_line
from backfill_tui.ui.command import bindings
from backfill_tui.ui.commands import DIALOG, SCROLL
from backfill_tui.ui.plan_commands import LAUNCH
from backfill_tui.ui.plan_values import DAG_PAUSED, date_words
from backfill_tui.ui.screens.base import Dialog
from backfill_tui.ui.screens.dialog_box import DialogBox
from backfill_tui.ui.text import count, in_words
from backfill_tui.ui.widgets.key_line import KeyLine
from backfill_tui.ui.widgets.plan_warnings import SIGNS, by_gravity


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a confirmation asks: the title, the verb of `enter`, what will happen, what else to know.

    All of its warnings are shown, those that want a yes under a question of their own.
    """

    title: str
    verb: str
    sentence: str
    notes: tuple[str, ...] = ()
    warnings: tuple[PlanWarning, ...] = ()


T = TypeVar("T")
LaunchAnswer = Literal["launch", "unpause"]


class QuestionDialog(Dialog[T]):
    """Shows a question; what its answers are is said by those that ask."""

    box = query_one(DialogBox)

    def __init__(self, question: Question) -> None:
        super().__init__()
        self.question = question

    def compose(self) -> ComposeResult:
        """The question and its keys."""
        box = DialogBox()
        box.border_title = Content(one_line(self.question.title)).markup
        with box:
            yield Static(self._words())
            yield KeyLine(self.PLACE, words={"dialog.accept": self.question.verb, "dialog.cancel": "back"})

    def action_line(self, by: int) -> None:
        """Scroll by lines, where the words have no room."""
        self.box.scroll_relative(y=by, animate=False)

    def action_page(self, by: int) -> None:
        """Scroll by pages."""
        self.box.scroll_relative(y=by * max(1, self.box.size.height - 1), animate=False)

    def _words(self) -> Content:
        question = self.question
        asks = [warning for warning in question.warnings if warning.gravity is not Gravity.TELLS]
        tells = [warning for warning in question.warnings if warning.gravity is Gravity.TELLS]
        parts = [Content.styled(one_line(question.sentence), "bold")]
        parts += [Content.styled(one_line(note), "$muted") for note in question.notes]
        if asks:
            parts += [
                Content(""),
                Content.styled(f"{question.verb.capitalize()} all the same?", "bold $warning"),
            ]
        parts += _warnings(asks)
        if tells:
            parts.append(Content(""))
        parts += _warnings(tells)
        return Content("\n").join(parts)


class ConfirmDialog(QuestionDialog[bool]):
    """Gives True when it was accepted."""

    PLACE = "dialog"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(DIALOG), *bindings(SCROLL)]

    def action_accept(self) -> None:
        """Do it."""
        self.dismiss(True)  # noqa: FBT003  # the answer itself

    def action_cancel(self) -> None:
        """Change nothing."""
        self.dismiss(False)  # noqa: FBT003  # the answer itself


class LaunchDialog(QuestionDialog[LaunchAnswer | None]):
    """Gives `launch`, or of a paused Dag `unpause`: then the launch is to be asked for again after it."""

    PLACE = "launch"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(DIALOG), *bindings(LAUNCH), *bindings(SCROLL)]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Only a paused Dag can be unpaused."""
        paused = any(warning.code == DAG_PAUSED for warning in self.question.warnings)
        return paused if action == "unpause" else True

    def action_accept(self) -> None:
        """Launch."""
        self.dismiss("launch")

    def action_unpause(self) -> None:
        """Unpause first."""
        self.dismiss("unpause")

    def action_cancel(self) -> None:
        """Launch nothing."""
        self.dismiss(None)


def _warnings(warnings: Sequence[PlanWarning]) -> list[Content]:
    lines = []
    for warning in by_gravity(warnings):
        sign, style = SIGNS[warning.gravity]
        lines.append(Content.assemble((f"{sign} ", style), one_line(warning.message)))
        if warning.remedy:
            lines.append(Content.styled(f"  {one_line(warning.remedy)}", "$muted"))
    return lines


def why_not(plan: BackfillPlan) -> Problem | None:
    """What forbids the launch of a plan, None when nothing does."""
    if plan.blocking:
        first, *others = plan.blocking
        more = "\n".join(f"{other.message}: {other.remedy}" for other in others)
        return Problem(first.message, remedy=first.remedy, detail=more)
    if not plan.run_count:
        return Problem(
            "Nothing would run: every date is skipped or not due yet",
            remedy="choose another range, or another reprocess behavior",
        )
    return None


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
    if plan.estimate is not None:
        notes.append(sentence(plan.estimate))
    return Question(
        title=f"Launch a backfill of {request.dag_id}?",
        verb="launch",
        sentence=launch_sentence(plan),
        notes=tuple(filter(None, notes)),
        warnings=plan.warnings,
    )


def _range_words(plan: BackfillPlan) -> str:
    """The first and the last date that run, on the Dag's clock; partitions by their keys."""
    ends = _ends(plan)
    if not ends:
        return ""
    first, last = (date_words(one, plan.timezone) for one in ends)
    words = f"From {first} to {last}" if plan.run_count > 1 else f"For {first}"
    return words if plan.judged.dates.partitioned else f"{words} ({plan.timezone})"


def _ends(plan: BackfillPlan) -> tuple[Occurrence, Occurrence] | None:
    judged = plan.judged
    places = judged.where(*RUNS)
    if not places:
        return None
    return judged.dates.occurrence(places[0]), judged.dates.occurrence(places[-1])


def launch_sentence(plan: BackfillPlan) -> str:
    """`Create 80 runs and run 3 again (15 task instances, 6 of them had succeeded)`."""
    created, again = plan.count(Verdict.CREATE), plan.count(Verdict.REPROCESS)
    doing = []
    if created:
        doing.append(f"create {count(created, 'run')}")
    if again:
        pairs = zip(plan.judged.outcomes, plan.judged.tally, strict=True)
        taken = [
            (one.existing, dates) for one, dates in pairs if one.verdict is Verdict.REPROCESS and one.existing
        ]
        tasks = sum(run.task_total * dates for run, dates in taken)
        good = sum(run.count_of(TaskState.SUCCESS) * dates for run, dates in taken)
        lost = f", {good:,} of them had succeeded" if good else ""
        doing.append(f"run {again:,} again ({count(tasks, 'task instance')}{lost})")
    words = in_words(doing) or "create a backfill without any run"
    return words[0].upper() + words[1:]


def pause_question(dag_id: DagId, *, is_paused: bool, released: str = "") -> Question:
    """What pausing or unpausing a Dag does, in words; `released` says what else it starts, where known."""
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
            released or "A scheduler that schedules starts due ones",
        ),
    )
