"""The fields of a plan: range, reprocess behavior, and how the runs are made."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.getters import query_one
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Label

from backfill_tui.domain.planning import DEFAULT_MAX_ACTIVE_RUNS, ReprocessBehavior
from backfill_tui.ui.plan_values import PlanValues
from backfill_tui.ui.widgets.fields import Choice, Switch

_BEHAVIORS = tuple(ReprocessBehavior)


class Field(Input):
    """A field whose cursor does not blink: nothing is drawn while nothing happens."""

    def __init__(self, value: str, *, id: str, placeholder: str = "") -> None:  # noqa: A002  # Textual's
        super().__init__(value, placeholder=placeholder, id=id, compact=True)
        self.cursor_blink = False


class PlanForm(Widget):
    """Tells every change of a field at once; reading it gives text, not yet checked."""

    DEFAULT_CSS = """
    PlanForm { height: auto; padding: 0 1; }
    PlanForm Horizontal { height: 1; }
    PlanForm Label { width: auto; color: $muted; padding: 0 1; }
    PlanForm .first { width: 11; }
    PlanForm Input { background: $panel; }
    PlanForm Input:focus { background: $cursor-background; }
    PlanForm #from, PlanForm #to { width: 22; }
    PlanForm #max { width: 7; }
    PlanForm #conf { width: 1fr; max-width: 60; }
    """

    from_field = query_one("#from", Input)
    to_field = query_one("#to", Input)
    max_field = query_one("#max", Input)
    conf_field = query_one("#conf", Input)
    behavior = query_one("#behavior", Choice)
    backwards = query_one("#backwards", Switch)
    latest = query_one("#latest", Switch)

    class Changed(Message):
        """A field has another value."""

    def __init__(self, from_text: str, to_text: str) -> None:
        super().__init__()
        self._range = (from_text, to_text)

    def compose(self) -> ComposeResult:
        """Three lines of fields."""
        with Horizontal():
            yield Label("From", classes="first")
            yield Field(self._range[0], id="from")
            yield Label(" To")
            yield Field(self._range[1], id="to")
            yield Label(" Max active")
            yield Field(str(DEFAULT_MAX_ACTIVE_RUNS), id="max")
        with Horizontal():
            yield Label("Reprocess", classes="first")
            yield Choice(tuple(behavior.label for behavior in _BEHAVIORS), id="behavior")
        with Horizontal():
            yield Label("Runs", classes="first")
            yield Switch("newest first", id="backwards")
            yield Switch("latest version", on=True, id="latest")
            yield Label("Conf")
            yield Field("", placeholder='{"key": "value"}', id="conf")

    @property
    def values(self) -> PlanValues:
        """The fields as they stand."""
        return PlanValues(
            from_text=self.from_field.value,
            to_text=self.to_field.value,
            behavior=_BEHAVIORS[self.behavior.chosen],
            max_active_runs=self.max_field.value,
            run_backwards=self.backwards.on,
            run_on_latest_version=self.latest.on,
            conf=self.conf_field.value,
        )

    @on(Input.Changed)
    @on(Choice.Changed)
    @on(Switch.Changed)
    def _field_changed(self, event: Message) -> None:
        event.stop()
        self.post_message(self.Changed())
