"""Leaving while a backfill is running: the engine goes on, or it stops."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import Static

from backfill_tui.domain.progress import BackfillStatus
from backfill_tui.domain.text import one_line
from backfill_tui.domain.watching import BackfillSummary
from backfill_tui.ui.command import bindings
from backfill_tui.ui.dialog_commands import QUIT
from backfill_tui.ui.glyphs import STATUS_MARKS
from backfill_tui.ui.listing import percent_done, standing_of
from backfill_tui.ui.screens.base import Dialog
from backfill_tui.ui.screens.dialog_box import DialogBox
from backfill_tui.ui.text import count
from backfill_tui.ui.widgets.key_line import KeyLine

_NAMED = 4


class QuitDialog(Dialog[str]):
    """Gives `keep` or `stop`, None to stay."""

    PLACE = "quit"
    HELP = "The engine is a process of its own: left alone it goes on, and the next session finds it."
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(QUIT)]

    def __init__(self, active: list[BackfillSummary]) -> None:
        super().__init__()
        self._active = active

    def compose(self) -> ComposeResult:
        """What is running, and what either answer means."""
        box = DialogBox()
        box.border_title = "Quit?"
        with box:
            yield Static(Content("\n").join(self._words()))
            yield KeyLine(self.PLACE)

    def action_keep(self) -> None:
        """Quit, the engine goes on."""
        self.dismiss("keep")

    def action_stop(self) -> None:
        """Quit and stop the engine."""
        self.dismiss("stop")

    def action_cancel(self) -> None:
        """Stay."""
        self.dismiss(None)

    def _words(self) -> list[Content]:
        one = len(self._active) == 1
        words = [
            Content.styled("A backfill is not done yet" if one else "Backfills are not done yet", "bold")
        ]
        for summary in self._active[:_NAMED]:
            facts, counts = summary.facts, summary.counts
            paused = standing_of(summary).status is BackfillStatus.PAUSED
            mark = STATUS_MARKS[BackfillStatus.PAUSED if paused else BackfillStatus.RUNNING]
            state = "paused, " if paused else ""
            words.append(
                Content.assemble(
                    (f"{mark.sign} ", f"${mark.variable}"),
                    f"{one_line(facts.dag_id)}: backfill {facts.backfill_id}, {state}"
                    f"{counts.finished:,} of {count(counts.included, 'run')}, {percent_done(summary)} %",
                )
            )
        if len(self._active) > _NAMED:
            words.append(Content.styled(f"  and {len(self._active) - _NAMED:,} more", "$muted"))
        return [
            *words,
            Content(""),
            Content("The engine can go on without this screen: the next start finds it again."),
            Content.styled(
                "Stopped, it breaks off the tasks that run now, and goes on at its next start; other "
                "sessions on these Dags are left without it.",
                "$muted",
            ),
        ]
