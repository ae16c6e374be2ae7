"""The fields of a plan: range, reprocess behavior, and how the runs are made."""

from __future__ import annotations

from typing import Final

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.getters import query_one
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Label

from backfill_tui.domain.launching import MOST_NOTE_CHARACTERS
from backfill_tui.domain.planning import DEFAULT_MAX_ACTIVE_RUNS, ReprocessBehavior
from backfill_tui.ui.plan_values import PlanValues, Wishes, number_of
from backfill_tui.ui.widgets.conf_field import ConfField, Field
from backfill_tui.ui.widgets.fields import Choice, Switch

_BEHAVIORS = tuple(ReprocessBehavior)
_LONGEST: Final = 100
"""No expression is longer; what is pasted by mistake is not drawn."""
_LONGEST_NUMBER: Final = 20

RANGES_HELP: Final = (
    "From and To are the bounds of the range, and both count: a day (2024-03-01), a month (2024-03), a "
    "quarter (2024-Q1), a week (2024-W07), a year, a local time or an instant (2024-03-01T06:00Z), "
    "yesterday, now. While To is empty, From is a whole range: 2024-Q1, last 30 days, "
    "2024-01-01..2024-02-15, since last success, since start. Below the fields stands what it means."
)
"""How a range is written."""


class BehaviorChoice(Choice):
    """What becomes of the runs that exist."""

    HELP = (
        "What becomes of runs that exist, as in Airflow: missing leaves all of them, missing and errored "
        "runs the failed ones again, all runs every finished one again. {choice.previous} and {choice.next} "
        "choose."
    )


class StopAfterField(Field):
    """The number of failures that pause the backfill."""

    HELP = (
        "Stop after pauses the backfill once so many of its runs have failed. Airflow has no such thing: "
        "whoever watches does it, so it needs a watch screen that stays open, or `backfill-tui watch`. Empty "
        "means never."
    )

    def __init__(self, *, id: str) -> None:  # noqa: A002  # Textual's
        super().__init__("", id=id, placeholder="never", max_length=_LONGEST_NUMBER)


class NoteField(Field):
    """A line of words for the runs."""

    HELP = "The note is written on each run of the backfill that has none yet, for whoever looks at it later."

    def __init__(self, *, id: str) -> None:  # noqa: A002  # Textual's
        super().__init__("", id=id, placeholder="why this is run", max_length=MOST_NOTE_CHARACTERS)


class PlanForm(Widget):
    """Tells every change of a field at once; reading it gives text, not yet checked."""

    DEFAULT_CSS = """
    PlanForm { height: auto; padding: 0 1; }
    PlanForm Horizontal { height: 1; }
    PlanForm Label { width: auto; color: $muted; padding: 0 1; }
    PlanForm .first { width: 12; }
    PlanForm Input { background: $field; }
    PlanForm Input:focus { background: $cursor-background; }
    PlanForm #from { width: 24; }
    PlanForm #to { width: 21; }
    PlanForm #max { width: 5; }
    PlanForm #stop-after { width: 7; }
    PlanForm #conf, PlanForm #note { width: 1fr; max-width: 60; }
    """

    from_field = query_one("#from", Input)
    to_field = query_one("#to", Input)
    max_field = query_one("#max", Input)
    conf_field = query_one("#conf", ConfField)
    stop_field = query_one("#stop-after", Input)
    note_field = query_one("#note", Input)
    behavior = query_one("#behavior", Choice)
    backwards = query_one("#backwards", Switch)
    latest = query_one("#latest", Switch)

    class Changed(Message):
        """A field has another value."""

    def __init__(self, from_text: str, to_text: str, behavior: ReprocessBehavior) -> None:
        super().__init__()
        self._range = (from_text, to_text)
        self._behavior = behavior

    def compose(self) -> ComposeResult:
        """Four lines of fields."""
        with Horizontal():
            yield Label("From", classes="first")
            yield Field(self._range[0], id="from", placeholder="last 30 days, 2024-Q1", max_length=_LONGEST)
            yield Label("To")
            yield Field(self._range[1], id="to", placeholder="From is the range", max_length=_LONGEST)
            yield Label("Max active")
            yield Field(str(DEFAULT_MAX_ACTIVE_RUNS), id="max", max_length=_LONGEST_NUMBER)
        with Horizontal():
            yield Label("Reprocess", classes="first")
            labels = tuple(behavior.label for behavior in _BEHAVIORS)
            yield BehaviorChoice(labels, chosen=_BEHAVIORS.index(self._behavior), id="behavior")
        with Horizontal():
            yield Label("Runs", classes="first")
            yield Switch("newest first", id="backwards")
            yield Switch("latest version", on=True, id="latest")
            yield Label("Conf")
            yield ConfField("", placeholder='{"key": "value"}', id="conf")
        with Horizontal():
            yield Label("Stop after", classes="first")
            yield StopAfterField(id="stop-after")
            yield Label("failed runs")
            yield Label("Note")
            yield NoteField(id="note")

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
            conf=self.conf_field.text,
            stop_after=self.stop_field.value,
        )

    @property
    def wishes(self) -> Wishes:
        """What is wanted of the launch; no part of the plan."""
        return Wishes(
            stop_after_failures=number_of(self.stop_field.value), note=self.note_field.value.strip()
        )

    def take(self, from_text: str, to_text: str, behavior: ReprocessBehavior | None = None) -> None:
        """Put a range into the fields, and with it the choice of what is run again."""
        for field, text in ((self.from_field, from_text), (self.to_field, to_text)):
            field.value = text
            if field.has_focus:
                # What is typed next replaces it.
                field.select_all()
        if behavior is not None:
            self.behavior.chosen = _BEHAVIORS.index(behavior)

    @on(Input.Changed)
    @on(Choice.Changed)
    @on(Switch.Changed)
    def _field_changed(self, event: Message) -> None:
        event.stop()
        self.post_message(self.Changed())
