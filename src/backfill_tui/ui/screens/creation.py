"""A launch under way: how many dates are dealt with; escape takes all of it back."""

from __future__ import annotations

import threading
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from backfill_tui.domain.launching import CreationProgress, Launch, Launched
from backfill_tui.domain.problems import Problem
from backfill_tui.domain.text import one_line
from backfill_tui.ui.command import bindings
from backfill_tui.ui.messages import BackfillCreated, CreationAdvanced, CreationFailed
from backfill_tui.ui.plan_commands import CREATION
from backfill_tui.ui.screens.base import Dialog
from backfill_tui.ui.screens.dialog_box import DialogBox
from backfill_tui.ui.widgets.key_line import KeyLine
from backfill_tui.ui.workers import Asking, ask


class CreationBar(Widget):
    """The progress of a creation."""

    DEFAULT_CSS = "CreationBar { height: 3; }"

    progress: reactive[CreationProgress | None] = reactive[CreationProgress | None](None)
    cancelling: reactive[bool] = reactive(False)  # noqa: FBT003  # its first value

    def render(self) -> Content:
        """Words, a bar, and what it waits for."""
        done, total = (self.progress.done, self.progress.total) if self.progress else (0, 0)
        width = self.content_size.width
        full = round(width * done / total) if total else 0
        words = f"{done:,} of {total:,} dates" if total else "Checking the plan against the world"
        note = "Nobody sees any of it before the end"
        if self.cancelling:
            note = "Taking it back"
        elif self.progress is not None and self.progress.waiting:
            note = "Waiting for the database: another program is writing"
        return Content("\n").join(
            [
                Content(words),
                Content.assemble(("━" * full, "$accent"), ("─" * (width - full), "$hairline")),
                Content.styled(note, "$muted"),
            ]
        )


class CreationDialog(Dialog[Launched | Problem]):
    """Launches, and gives what came of it."""

    PLACE = "creation"
    HELP = "The runs are created in one transaction: until it is done, stopping leaves nothing of them."
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(CREATION)]

    def __init__(self, launch: Launch) -> None:
        super().__init__()
        self._launch = launch
        self._cancelled = threading.Event()

    def compose(self) -> ComposeResult:
        """The bar and its key."""
        box = DialogBox()
        box.border_title = Content(f"Launching {one_line(self._launch.request.dag_id)}").markup
        with box:
            yield CreationBar()
            yield KeyLine(self.PLACE)

    def on_mount(self) -> None:
        """Launch in a thread: it takes as long as it takes."""

        def launch(asking: Asking) -> Launched:
            return self.program.gateway.launch(
                self._launch,
                lambda progress: asking.post(CreationAdvanced(progress)),
                self._cancelled.is_set,
            )

        ask(self, "launch", launch, BackfillCreated, failure=CreationFailed)

    def action_cancel(self) -> None:
        """Ask for it to be taken back; the dialog stays until that is done."""
        self._cancelled.set()
        self.query_one(CreationBar).cancelling = True

    @on(CreationAdvanced)
    def _advanced(self, message: CreationAdvanced) -> None:
        self.query_one(CreationBar).progress = message.progress

    @on(BackfillCreated)
    def _created(self, message: BackfillCreated) -> None:
        self.end(message.launched)

    @on(CreationFailed)
    def _failed(self, message: CreationFailed) -> None:
        self.end(message.problem)
