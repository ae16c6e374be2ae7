"""A question with its consequences in words; enter does it, escape changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.getters import query_one
from textual.widgets import Static

from backfill_tui.domain.ids import DagId
from backfill_tui.domain.planning import Gravity, PlanWarning
from backfill_tui.domain.text import one_line
from backfill_tui.ui.command import bindings
from backfill_tui.ui.dialog_commands import DIALOG
from backfill_tui.ui.screens.base import Dialog
from backfill_tui.ui.screens.dialog_box import DialogBox
from backfill_tui.ui.widget_commands import SCROLL
from backfill_tui.ui.widgets.key_line import KeyLine
from backfill_tui.ui.widgets.plan_warnings import SIGNS, by_gravity


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a confirmation asks: the title, the verb of `enter`, what will happen, what else to know.

    All of its warnings are shown, those that want a yes under a question of their own. `news` is what makes
    it be asked again; `ways` are keys and what each does, where that needs more than the line of keys.
    """

    title: str
    verb: str
    sentence: str
    notes: tuple[str, ...] = ()
    warnings: tuple[PlanWarning, ...] = ()
    news: str = ""
    ways: tuple[tuple[str, str], ...] = ()


T = TypeVar("T")


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

    def action_end(self, at: int) -> None:
        """Scroll to the beginning, or with -1 to the end."""
        if at:
            self.box.scroll_end(animate=False)
        else:
            self.box.scroll_home(animate=False)

    def _words(self) -> Content:
        question = self.question
        asks = [warning for warning in question.warnings if warning.gravity is not Gravity.TELLS]
        tells = [warning for warning in question.warnings if warning.gravity is Gravity.TELLS]
        parts = [Content.styled(one_line(question.sentence), "bold")]
        if question.news:
            parts[:0] = [Content.styled(f"! {one_line(question.news)}", "$warning"), Content("")]
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
        if question.ways:
            width = max(len(key) for key, _ in question.ways) + 2
            parts.append(Content(""))
            parts += [
                Content.assemble((f"{key:{width}}", "$accent"), (words, "$muted"))
                for key, words in question.ways
            ]
        return Content("\n").join(parts)


class ConfirmDialog(QuestionDialog[bool]):
    """Gives True when it was accepted."""

    PLACE = "dialog"
    HELP = "Nothing is done before you say yes; whatever leaves the question changes nothing."
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(DIALOG), *bindings(SCROLL)]

    def action_accept(self) -> None:
        """Do it."""
        self.dismiss(True)  # noqa: FBT003  # the answer itself

    def action_cancel(self) -> None:
        """Change nothing."""
        self.dismiss(False)  # noqa: FBT003  # the answer itself


def _warnings(warnings: Sequence[PlanWarning]) -> list[Content]:
    lines = []
    for warning in by_gravity(warnings):
        sign, style = SIGNS[warning.gravity]
        lines.append(Content.assemble((f"{sign} ", style), one_line(warning.message)))
        if warning.remedy:
            lines.append(Content.styled(f"  {one_line(warning.remedy)}", "$muted"))
    return lines


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
