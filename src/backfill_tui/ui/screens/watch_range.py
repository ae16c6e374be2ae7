"""The range of a Dag's dates that is to be watched: typed, and shown back as exact instants."""

from __future__ import annotations

from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.getters import query_one
from textual.widgets import Input, Label, Static

from backfill_tui.domain.dag_range import DagRange
from backfill_tui.domain.dags import DagSummary
from backfill_tui.domain.instants import Instant, zone_named
from backfill_tui.domain.problems import BadRequest
from backfill_tui.domain.ranges import RangeContext, describe, parse_range
from backfill_tui.domain.spans import Span
from backfill_tui.domain.text import one_line
from backfill_tui.ui.command import bindings
from backfill_tui.ui.mark_commands import WATCH_DATES
from backfill_tui.ui.screens.base import Dialog
from backfill_tui.ui.screens.dialog_box import DialogBox
from backfill_tui.ui.widgets.conf_field import Field
from backfill_tui.ui.widgets.key_line import KeyLine

_AT_FIRST: Final = "last 30 days"
_LONGEST: Final = 100


class WatchRangeDialog(Dialog[DagRange]):
    """Gives the range that was typed; `now` is Airflow's clock."""

    PLACE = "watch_dates"
    HELP = (
        "All runs of the Dag that have a date in the range are watched, whatever made them: its schedule, a "
        "person or a backfill. What failed of them is marked and rerun as in a backfill. A range is written "
        "as on the plan screen: 2024-03, 2024-Q1, last 30 days, since last success."
    )
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(WATCH_DATES)]
    DEFAULT_CSS = """
    WatchRangeDialog Horizontal { height: 1; margin: 1 0; }
    WatchRangeDialog Label { width: auto; color: $muted; padding: 0 1 0 0; }
    WatchRangeDialog Input { width: 1fr; background: $field; }
    WatchRangeDialog Input:focus { background: $cursor-background; }
    """

    field = query_one(Field)
    verdict = query_one("#watch-range-verdict", Static)

    def __init__(self, dag: DagSummary, now: Instant) -> None:
        super().__init__()
        self._dag = dag
        self._zone = zone_named(dag.partition_zone or dag.timezone)
        self._now = now

    def compose(self) -> ComposeResult:
        """What is watched, the field, and what is in it."""
        box = DialogBox()
        box.border_title = Content(f"Watch dates of {one_line(self._dag.dag_id)}").markup
        with box:
            yield Static("All runs with a date in the range, whatever made them", markup=False)
            with Horizontal():
                yield Label("Range")
                yield Field(_AT_FIRST, id="range", max_length=_LONGEST)
            yield Static(id="watch-range-verdict")
            yield KeyLine(self.PLACE)

    def on_mount(self) -> None:
        """Type at once."""
        self.field.focus()
        self._tell()

    @on(Input.Changed)
    def _tell(self) -> None:
        try:
            words = describe(self._span(), self._zone, self._dag.partition_zone or self._dag.timezone)
        except BadRequest as problem:
            self.verdict.update(Content.styled(one_line(str(problem)), "$error"))
            return
        self.verdict.update(Content.styled(f"{words.local} {words.timezone}, {words.length}", "$muted"))

    def _span(self) -> Span:
        dag = self._dag
        context = RangeContext(
            zone=self._zone, now=self._now, start=dag.start_date, last_success=dag.last_success
        )
        return parse_range(self.field.value, context)

    def action_accept(self) -> None:
        """Watch these dates."""
        self.field.once_typed(self._accept)

    def _accept(self) -> None:
        try:
            span = self._span()
        except BadRequest:
            self.field.focus()
            return
        self.dismiss(DagRange(dag_id=self._dag.dag_id, from_date=span.first, to_date=span.last))

    def action_back(self) -> None:
        """Watch nothing."""
        self.dismiss(None)
