"""The log of one failure of a group, whole and at its error; the others are a key away."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.getters import query_one

from backfill_tui.domain.failures import Failure, FailureGroup
from backfill_tui.domain.ids import DagId
from backfill_tui.domain.instants import Instant
from backfill_tui.domain.repairing import TaskInstanceKey
from backfill_tui.domain.states import TaskState
from backfill_tui.domain.tasks import TaskInstanceDetails
from backfill_tui.domain.text import one_line
from backfill_tui.ui.command import bindings
from backfill_tui.ui.failure_commands import FAILURE_LOG
from backfill_tui.ui.screens.base import Dialog
from backfill_tui.ui.screens.dialog_box import DialogBox
from backfill_tui.ui.screens.inspector_messages import CellRead
from backfill_tui.ui.screens.watch_inspector import Inspector
from backfill_tui.ui.widgets.key_line import KeyLine
from backfill_tui.ui.widgets.task_details import CellInView


class FailureLogDialog(Dialog[None]):
    """Shows the logs of a group one by one, the first first; `date_of` gives the words of its date."""

    PLACE = "failure_log"
    HELP = "The whole log of one failure. It opens at the error; the keys of a log work in it."
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(FAILURE_LOG)]
    DEFAULT_CSS = """
    FailureLogDialog DialogBox { width: 96%; }
    """

    box = query_one(DialogBox)
    inspector = query_one(Inspector)

    def __init__(
        self, dag_id: DagId, group: FailureGroup, date_of: Callable[[Failure], str], now: Instant
    ) -> None:
        super().__init__()
        self._dag_id = dag_id
        self._group = group
        self._date_of = date_of
        self._now = now
        self._at = 0

    def compose(self) -> ComposeResult:
        """The task instance over its log."""
        with DialogBox(classes="-tall"):
            yield Inspector(at_error=True)
            yield KeyLine(self.PLACE, own_first=True)

    def on_mount(self) -> None:
        """Read the first one."""
        self.inspector.toggled = True
        self.inspector.log_view.focus()
        self._show()

    @property
    def failure(self) -> Failure:
        """The one that is shown."""
        return self._group.failures[self._at]

    def _show(self) -> None:
        number = len(self._group.failures)
        title = one_line(self._group.words) if number == 1 else f"{self._at + 1:,} of {number:,} failures"
        self.box.border_title = Content(title).markup
        self.inspector.follow(self._dag_id, self._cell(self.failure))

    def _cell(self, failure: Failure) -> CellInView:
        key = TaskInstanceKey(run_id=failure.run_id, task_id=failure.task_id, map_index=failure.map_index)
        known = TaskInstanceDetails(
            key=key,
            state=TaskState.FAILED,
            try_number=failure.try_number,
            max_tries=failure.try_number,
            operator="",
            started_at=None,
            ended_at=None,
        )
        return CellInView(
            task_id=failure.task_id,
            run_id=failure.run_id,
            date=self._date_of(failure),
            state=TaskState.FAILED,
            mapped=failure.map_index >= 0,
            operator="",
            map_index=failure.map_index if failure.map_index >= 0 else None,
            instances=(known,),
            # It may run again by now, and what failed is still what one wants to read.
            try_number=failure.try_number,
            keeps_try=True,
            now=self._now,
        )

    def action_show(self, step: int) -> None:
        """Read the log of another failure of the group, around the end."""
        self._at = (self._at + step) % len(self._group.failures)
        self._show()
        self.refresh_bindings()

    @on(CellRead)
    def _cell_read(self) -> None:
        self.refresh_bindings()

    def action_another_try(self) -> None:
        """Show the try before."""
        self.inspector.choose_try()

    def action_back(self) -> None:
        """Close it."""
        self.dismiss(None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """There must be another one to go to."""
        if action == "show":
            return len(self._group.failures) > 1
        if action == "another_try":
            cell = self.inspector.cell if self.is_mounted else None
            instance = cell.instance if cell is not None else None
            return instance is not None and instance.try_number > 1
        return True
