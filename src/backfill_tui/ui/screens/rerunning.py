"""A rerun under way: how many runs are cleared; stopped halfway it says what is done, and goes on."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.getters import query_one
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Static

from backfill_tui.domain.instants import Instant
from backfill_tui.domain.problems import Problem, Unreachable
from backfill_tui.domain.repairing import (
    RerunOutcome,
    RerunProgress,
    RerunRequest,
    can_go_on,
    the_rest,
    together,
)
from backfill_tui.domain.text import one_line
from backfill_tui.ui.command import bindings
from backfill_tui.ui.connection import Connection
from backfill_tui.ui.rerun_words import halfway_words
from backfill_tui.ui.screens.base import Dialog
from backfill_tui.ui.screens.dialog_box import DialogBox
from backfill_tui.ui.text import count
from backfill_tui.ui.watch_commands import RERUNNING
from backfill_tui.ui.widgets.key_line import KeyLine
from backfill_tui.ui.workers import Asking, ask


class RerunAdvanced(Message):
    """A rerun came further."""

    def __init__(self, progress: RerunProgress) -> None:
        super().__init__()
        self.progress = progress

    def can_replace(self, message: Message) -> bool:
        """A screen that is slow takes the latest."""
        return isinstance(message, RerunAdvanced)


class RerunEnded(Message):
    """A rerun is through, or ended early."""

    def __init__(self, outcome: RerunOutcome) -> None:
        super().__init__()
        self.outcome = outcome


class RerunFailed(Message):
    """A rerun failed before anything was done."""

    def __init__(self, problem: Problem) -> None:
        super().__init__()
        self.problem = problem


class RerunBar(Widget):
    """How many of the runs asked for are dealt with."""

    DEFAULT_CSS = "RerunBar { height: 2; }"

    done: reactive[int] = reactive(0)
    total: reactive[int] = reactive(0)

    def render(self) -> Content:
        """Words and a bar."""
        width = self.content_size.width
        full = round(width * self.done / self.total) if self.total else 0
        return Content("\n").join(
            [
                Content(f"{self.done:,} of {count(self.total, 'run')}"),
                Content.assemble(("━" * full, "$accent"), ("─" * (width - full), "$hairline")),
            ]
        )


class RerunningDialog(Dialog[RerunOutcome | Problem]):
    """Reruns, and gives what came of it; the problem when nothing was done."""

    PLACE = "rerunning"
    HELP = (
        "The runs are cleared fifty at a time, each part wholly or not at all. Stopping keeps what is done. "
        "Going on takes only what is left, and brings the bridge up again where it has ended."
    )
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(RERUNNING)]
    DEFAULT_CSS = "RerunningDialog Static { height: auto; }"

    bar = query_one(RerunBar)
    words = query_one("#rerunning-words", Static)

    def __init__(self, request: RerunRequest) -> None:
        super().__init__()
        self._request = request
        self._total = len(request.run_ids)
        self._so_far = RerunOutcome()
        self._stopped: RerunOutcome | None = None
        self._cancelled = threading.Event()
        self._reconnecting = False
        self._began_at: Instant | None = None

    def compose(self) -> ComposeResult:
        """The bar, what there is to know, and the keys."""
        box = DialogBox()
        box.border_title = Content(f"Rerunning {one_line(self._request.dag_id)}").markup
        with box:
            yield RerunBar()
            yield Static(id="rerunning-words", markup=False)
            yield KeyLine(self.PLACE)

    def on_mount(self) -> None:
        """Begin at once: it was confirmed."""
        self.watch(self.app, "connection", self._connection_changed, init=False)
        self._begin()

    def _begin(self) -> None:
        self._stopped, self._reconnecting = None, False
        self._cancelled.clear()
        self.bar.total = self._total
        self._tell()
        request, program = self._request, self.program

        def rerun(asking: Asking) -> RerunOutcome:
            return program.gateway.rerun(
                request, lambda progress: asking.post(RerunAdvanced(progress)), self._cancelled.is_set
            )

        ask(self, "rerun", rerun, RerunEnded, failure=RerunFailed)

    @on(RerunAdvanced)
    def _advanced(self, message: RerunAdvanced) -> None:
        self.bar.done = self._total - len(self._request.run_ids) + message.progress.done

    @on(RerunEnded)
    def _ended(self, message: RerunEnded) -> None:
        self._so_far = together([self._so_far, message.outcome])
        if not message.outcome.stopped:
            self.end(self._so_far)
            return
        self._stop_at(message.outcome)

    @on(RerunFailed)
    def _failed(self, message: RerunFailed) -> None:
        problem, asked = message.problem, self._request.run_ids
        if isinstance(problem, Unreachable):
            # No word of it came back, so any part of it may be done.
            self._stop_at(RerunOutcome(stopped=str(problem), unsure=asked, began_at=self._began_at))
        elif self._so_far == RerunOutcome():
            self.end(problem)
        else:
            self._stop_at(RerunOutcome(stopped=str(problem), not_done=asked))

    def _stop_at(self, outcome: RerunOutcome) -> None:
        # The first instant tells apart what any of the attempts has cleared.
        self._began_at = self._began_at or outcome.began_at
        self._stopped = replace(
            self._so_far, stopped=outcome.stopped, not_done=outcome.not_done, unsure=outcome.unsure,
            began_at=outcome.began_at,
        )  # fmt: skip
        self._request = the_rest(self._request, outcome)
        self.bar.done = self._total - len(self._request.run_ids)
        self._tell(*halfway_words(self._stopped))

    def _connection_changed(self, connection: Connection) -> None:
        if not self._reconnecting:
            return
        if connection is Connection.READY:
            self._begin()
        elif connection is not Connection.STARTING:
            self._reconnecting = False
            self._tell(*(halfway_words(self._stopped) if self._stopped is not None else ()))

    def _tell(self, *lines: str) -> None:
        styled = [Content(line) for line in lines]
        styled[:1] = [Content.styled(line, "bold $warning") for line in lines[:1]]
        self.words.update(Content("\n").join([Content(""), *styled]) if lines else Content(""))
        self.refresh_bindings()

    def label_of(self, command_id: str) -> str:
        """What escape does."""
        return "close" if command_id == "rerunning.stop" and self._stopped is not None else ""

    def action_go_on(self) -> None:
        """Do what is left, on a new bridge when the old one has ended."""
        if self.program.connection is Connection.READY:
            self._begin()
            return
        self._reconnecting = True
        self._tell("Bringing the bridge up again")
        self.program.action_reconnect()

    def action_stop(self) -> None:
        """Stop after the runs that are being cleared, or close this when it has stopped."""
        if self._stopped is not None:
            self.dismiss(self._stopped)
            return
        self._cancelled.set()
        self._tell("Stopping after the runs that are being cleared")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """It goes on where it has stopped, unless that could run again what runs already."""
        if action != "go_on":
            return True
        stopped = self._stopped
        return stopped is not None and not self._reconnecting and can_go_on(stopped)
