"""All that is to be said of a plan as a whole: its range, how long it takes, every warning and its remedy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content

from backfill_tui.domain.estimates import sentence
from backfill_tui.domain.planning import BackfillPlan
from backfill_tui.domain.text import one_line
from backfill_tui.ui.command import bindings
from backfill_tui.ui.dialog_commands import TEXT
from backfill_tui.ui.plan_values import range_words
from backfill_tui.ui.screens.base import Dialog
from backfill_tui.ui.screens.dialog_box import DialogBox
from backfill_tui.ui.widgets.key_line import KeyLine
from backfill_tui.ui.widgets.plan_summary import counts, is_utc
from backfill_tui.ui.widgets.plan_warnings import SIGNS, by_gravity
from backfill_tui.ui.widgets.scrolled_text import ScrolledText


class PlanNotesDialog(Dialog[None]):
    """Shows them, to be read; it changes nothing."""

    PLACE = "text"
    HELP = "All that is to be known before the launch, the gravest first, each with what to do about it."
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(TEXT)]

    def __init__(self, plan: BackfillPlan) -> None:
        super().__init__()
        self._plan = plan

    def compose(self) -> ComposeResult:
        """One text that scrolls."""
        box = DialogBox(classes="-wide")
        box.border_title = Content(f"The plan of {one_line(self._plan.request.dag_id)}").markup
        with box:
            yield ScrolledText(Content("\n").join([*self._lines()]))
            yield KeyLine(self.PLACE)

    def action_close(self) -> None:
        """Close it."""
        self.dismiss(None)

    def _lines(self) -> Iterator[Content]:
        plan = self._plan
        words = range_words(plan.request, plan.timezone)
        length = Content.styled(f"   {words.length}", "$muted")
        local = Content.assemble(words.local, (f"  {words.timezone}", "$muted"))
        if is_utc(plan.timezone):
            yield local + length
        else:
            yield local
            yield Content.styled(words.utc, "$muted") + length
        yield counts(plan)
        if plan.estimate is not None:
            yield Content(sentence(plan.estimate))
        for warning in by_gravity(plan.warnings):
            sign, style = SIGNS[warning.gravity]
            yield Content("")
            yield Content.assemble((f"{sign} ", style), one_line(warning.message))
            if warning.remedy:
                yield Content.assemble(("  → ", "$accent"), (one_line(warning.remedy), "$muted"))
        if not plan.warnings:
            yield Content("")
            yield Content.styled("There is no warning", "$muted")
