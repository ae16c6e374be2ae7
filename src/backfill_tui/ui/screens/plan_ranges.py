"""The range of a plan by other ways than typing: by its name, from the calendar, around the holes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from textual import on

from backfill_tui.domain.dags import DagSummary
from backfill_tui.domain.holes import RUNS, outline
from backfill_tui.domain.planning import BackfillPlan, ReprocessBehavior
from backfill_tui.domain.presets import Preset
from backfill_tui.domain.text import one_line
from backfill_tui.ui.holes import first_hole, life_of, no_hole_words, texts_around
from backfill_tui.ui.plan_values import context_of, first_end
from backfill_tui.ui.screens.plan_preview import PlanPreviewScreen
from backfill_tui.ui.widgets.calendar_strip import CalendarStrip

_REMEMBERED: Final = 20
_WHAT_RUNS: Final = "what runs"


class PlanRangesScreen(PlanPreviewScreen):
    """Puts ranges into the fields, and remembers those that were there before."""

    def __init__(self, dag: DagSummary) -> None:
        super().__init__(dag)
        self._ranges: list[tuple[str, str, ReprocessBehavior, str]] = []

    @property
    def can_undo(self) -> bool:
        """Whether there was another range before."""
        return bool(self._ranges)

    def say(self, words: str) -> None:
        """Say something in passing."""
        self.notify(one_line(words), markup=False)

    def action_presets(self) -> None:
        """Choose a range by its name."""
        from backfill_tui.ui.screens.presets import PresetsDialog

        self.app.push_screen(PresetsDialog(context_of(self.dag, self.now), self.dag.clock), self._chosen)

    def _chosen(self, preset: Preset | None) -> None:
        if preset is not None:
            self._take(preset.expression, "")

    @on(CalendarStrip.SpanTaken)
    def _span_taken(self, message: CalendarStrip.SpanTaken) -> None:
        shown = self.totals.plan
        places = range(message.first_place, message.last_place + 1)
        ranges = texts_around(shown, places) if shown else []
        if shown is None or not ranges:
            return
        self._remember()
        self.table.action_only("")
        wanted = outline(shown, places)
        self._try(ranges, lambda plan: outline(plan, range(len(plan.judged))) == wanted)

    def action_undo(self) -> None:
        """Put back the range that was there before the last one taken."""
        if self._ranges:
            from_text, to_text, behavior, only = self._ranges.pop()
            self.table.action_only(only)
            self.form.take(from_text, to_text, behavior)
            self.ask_for_plan()

    def _take(self, from_text: str, to_text: str) -> None:
        """Plan another range with all its dates, and remember the one that is there."""
        self._remember()
        self.form.take(from_text, to_text)
        self.table.action_only("")
        self.ask_for_plan()

    def _remember(self) -> None:
        values = self.form.values
        self._ranges.append((values.from_text, values.to_text, values.behavior, self.table.only))
        del self._ranges[:-_REMEMBERED]

    # Holes.

    def action_holes(self) -> None:
        """Plan what is missing or failed since the Dag's start."""
        texts = life_of(self.dag, self.now)
        if texts is None:
            self.say(
                f'"{self.dag.dag_id}" has no start date and no run to look for holes since: type a range'
            )
            if not self.is_as_typed:
                self.ask_for_plan(self.fit_first_range)
            return
        if self.dag.start_date is None:
            self.say("This Dag has no start date: looking for holes since the earliest run in the list")
        self._find_holes(*texts)

    def action_holes_here(self) -> None:
        """Plan what is missing or failed within the range that is typed."""
        values = self.form.values
        self._find_holes(values.from_text, values.to_text)

    def _find_holes(self, from_text: str, to_text: str) -> None:
        self._remember()
        self.form.take(from_text, to_text, ReprocessBehavior.FAILED)
        self.ask_for_plan(self._narrow_to_holes)

    def _narrow_to_holes(self, plan: BackfillPlan) -> bool:
        places, values = plan.judged.where(*RUNS), self.form.values
        wide = values.from_text, values.to_text
        ranges = texts_around(plan, places)
        self.table.action_only(_WHAT_RUNS if places else "")
        if not places:
            self.say(no_hole_words(plan))
        if not ranges or wide in ranges:
            return False
        wanted = outline(plan, places)
        self._try([*ranges, wide], lambda plan: outline(plan, plan.judged.where(*RUNS)) == wanted)
        return True

    def _try(self, ranges: Sequence[tuple[str, str]], is_meant: Callable[[BackfillPlan], bool]) -> None:
        """Plan the first of some ranges whose plan is what is meant, else the last one."""
        (from_text, to_text), *others = ranges
        self.form.take(from_text, to_text)

        def look(plan: BackfillPlan) -> bool:
            if is_meant(plan):
                return False
            self._try(others, is_meant)
            return True

        self.ask_for_plan(look if others else None)

    def fit_first_range(self, plan: BackfillPlan) -> bool:
        """The range that is offered first goes from the first hole to the last day with a date that is due.

        Whether that is another range than the one that was planned.
        """
        values = self.form.values
        first = first_hole(plan) or values.from_text
        last = first_end(plan, self.dag, self.now, values.to_text)
        if (first, last) == (values.from_text, values.to_text):
            return False
        # The cursor stays where it is: somebody may be about to type.
        self.form.from_field.value, self.form.to_field.value = first, last
        self.ask_for_plan()
        return True
