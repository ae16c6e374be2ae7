"""What went wrong, what to do, and the whole of the detail."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import Static

from backfill_tui.domain.dags import ImportProblem
from backfill_tui.domain.problems import Problem
from backfill_tui.domain.text import harmless, one_line
from backfill_tui.ui.command import bindings
from backfill_tui.ui.dialog_commands import TEXT
from backfill_tui.ui.screens.base import Dialog
from backfill_tui.ui.screens.dialog_box import DialogBox
from backfill_tui.ui.widgets.key_line import KeyLine
from backfill_tui.ui.widgets.scrolled_text import ScrolledText

_SHORT_DETAIL = 8


class ProblemDialog(Dialog[None]):
    """Shows a `Problem`; its detail scrolls."""

    PLACE = "text"
    HELP = "What happened, to what, and what to do next; below it what Airflow said."
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(TEXT)]
    DEFAULT_CSS = """
    ProblemDialog ScrolledText { margin: 1 0 0 0; background: $background; padding: 0 1; }
    """

    def __init__(self, problem: Problem, *, title: str = "Problem") -> None:
        super().__init__()
        self._problem = problem
        self._title_words = title

    @classmethod
    def of_import(cls, problem: ImportProblem) -> ProblemDialog:
        """The dialog for a Dag file that does not import."""
        told = Problem(problem.sentence, remedy=problem.advice, detail=problem.traceback)
        return cls(told, title=f"{problem.dag_file.words} does not import")

    def compose(self) -> ComposeResult:
        """The sentence, the remedy, the detail."""
        problem = self._problem
        words = [Content.styled(one_line(problem.message), "bold")]
        if problem.remedy:
            words.append(Content.assemble(("→ ", "$accent"), one_line(problem.remedy)))
        detail = harmless(problem.detail).strip("\n").expandtabs(4)
        long = detail.count("\n") > _SHORT_DETAIL
        box = DialogBox(classes="-grave" + (" -wide" if detail else "") + (" -tall" if long else ""))
        box.border_title = Content(one_line(self._title_words)).markup
        with box:
            yield Static(Content("\n").join(words))
            if detail:
                yield ScrolledText(Content.styled(detail, "$muted"))
            yield KeyLine(self.PLACE)

    def action_close(self) -> None:
        """Close it."""
        self.dismiss(None)
