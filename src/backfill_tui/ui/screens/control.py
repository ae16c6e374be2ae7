"""The question before a backfill is paused, resumed, stopped or put right, with what it touches, counted."""

from __future__ import annotations

from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.getters import query_one
from textual.message import Message
from textual.reactive import var
from textual.widgets import Static

from backfill_tui.domain.control import ControlOutcome, ControlRequest, Deed
from backfill_tui.domain.deed_words import VERBS
from backfill_tui.domain.problems import Problem
from backfill_tui.domain.text import one_line
from backfill_tui.domain.watching import BackfillSummary
from backfill_tui.ui.clicks import clickable
from backfill_tui.ui.command import bindings
from backfill_tui.ui.control_words import CHOICES, WARNINGS, consequences
from backfill_tui.ui.screens.choosing import ChoosingDialog
from backfill_tui.ui.screens.dialog_box import DialogBox
from backfill_tui.ui.watch_commands import CONTROL
from backfill_tui.ui.widgets.key_line import KeyLine
from backfill_tui.ui.workers import Asking, is_busy

_INDENT: Final = "    "
_READ_SECONDS: Final = 2.0


class DeedCounted(Message):
    """What a deed would touch is known."""

    def __init__(self, outcome: ControlOutcome) -> None:
        super().__init__()
        self.outcome = outcome


class DeedRefused(Message):
    """The deed can not be done, or not be counted."""

    def __init__(self, problem: Problem) -> None:
        super().__init__()
        self.problem = problem


class ControlDialog(ChoosingDialog[Deed]):
    """Gives the deed that was confirmed, one of those that it offers."""

    PLACE = "control"
    HELP = (
        "Pausing starts no further run and stops none. Cancelling is for good: its queued runs never run. "
        "Running ones go on to their end, unless they are stopped too: they are marked failed, so that their "
        "processes end."
    )
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(CONTROL)]
    DEFAULT_CSS = """
    ControlDialog #control-words { height: auto; }
    """

    chosen: var[int] = var(0, init=False)

    words = query_one("#control-words", Static)

    def __init__(self, subject: BackfillSummary, deeds: tuple[Deed, ...]) -> None:
        super().__init__()
        self._subject = subject
        self._deeds = deeds
        self._outcomes: dict[Deed, ControlOutcome] = {}

    def compose(self) -> ComposeResult:
        """The choices, or the one thing to be done, in a box."""
        facts = self._subject.facts
        verb = VERBS[self._deeds[0]]
        title = f"{verb.capitalize()} backfill {facts.backfill_id} of {one_line(facts.dag_id)}?"
        box = DialogBox()
        box.border_title = Content(title).markup
        with box:
            yield Static(id="control-words", markup=False)
            yield KeyLine(self.PLACE, words={"control.accept": f"{verb} it"})

    def on_mount(self) -> None:
        """Count what each choice would touch, again and again: the backfill goes on under the question."""
        self._tell()
        self._begin_to_count()
        self.set_interval(_READ_SECONDS, self._count_again)

    def _count_again(self) -> None:
        if not is_busy(self, "preview"):
            self._begin_to_count()

    def _begin_to_count(self) -> None:
        self.run_worker(self._count, group="preview", name="preview", exclusive=True, thread=True)

    @property
    def deed(self) -> Deed:
        """The deed of the chosen line."""
        return self._deeds[self.chosen]

    @property
    def can_be_done(self) -> bool:
        """Whether the chosen one is counted and changes something."""
        outcome = self._outcomes.get(self.deed)
        return outcome is not None and outcome.changed

    def _count(self) -> None:
        asking = Asking(self)
        number = self._subject.facts.backfill_id
        try:
            for deed in self._deeds:
                if asking.unwanted():
                    return
                request = ControlRequest(backfill_id=number, deed=deed)
                asking.post(DeedCounted(self.program.gateway.preview_control(request)))
        except Problem as problem:
            asking.post(DeedRefused(problem))

    @on(DeedCounted)
    def _counted(self, message: DeedCounted) -> None:
        self._outcomes[message.outcome.deed] = message.outcome
        self.problem = None
        self._tell()

    @on(DeedRefused)
    def _refused(self, message: DeedRefused) -> None:
        self.problem = message.problem
        self._outcomes.clear()
        self._tell()

    def watch_chosen(self) -> None:
        """Another line is chosen."""
        self._tell()

    def _tell(self) -> None:
        self.words.update(Content("\n").join(self._lines()))
        self.refresh_bindings()

    def _lines(self) -> list[Content]:
        several = len(self._deeds) > 1
        lines: list[Content] = []
        for place, deed in enumerate(self._deeds):
            if several:
                lines.append(clickable(self._choice(place, deed), f"choose({place - self.chosen})"))
            lines += self._what_it_does(deed, muted=several and place != self.chosen)
            if several:
                lines.append(Content(""))
        if self.problem is not None:
            return [*lines, *self.problem_lines()[-1:]]
        if warning := WARNINGS.get(self.deed):
            lines += [] if several else [Content("")]
            lines.append(Content.styled(warning, "$warning"))
        return lines

    def _choice(self, place: int, deed: Deed) -> Content:
        if place == self.chosen:
            return Content.assemble(("(•) ", "bold $accent"), (CHOICES[deed], "bold"))
        return Content.styled(f"( ) {CHOICES[deed]}", "$muted")

    def _what_it_does(self, deed: Deed, *, muted: bool) -> list[Content]:
        indent = _INDENT if len(self._deeds) > 1 else ""
        outcome = self._outcomes.get(deed)
        if outcome is None:
            return [] if self.problem else [Content.styled(f"{indent}counting ...", "$muted")]
        first, *others = consequences(outcome, self._subject)
        # With several choices their names are what stands out.
        lines = [Content.styled(indent + first, "$muted" if muted else "" if indent else "bold")]
        return [*lines, *(Content.styled(indent + one_line(words), "$muted") for words in others)]

    def action_choose(self, step: int) -> None:
        """Choose the line above or below."""
        self.chosen = self.way_at(step, range(len(self._deeds)), self.chosen)

    def action_accept(self) -> None:
        """Do it."""
        if self.may_accept():
            self.dismiss(self.deed)

    def action_back(self) -> None:
        """Change nothing."""
        self.dismiss(None)
