"""Going to a date of a plan: typed, and found among those that the list shows."""

from __future__ import annotations

from backfill_tui.domain.problems import BadRequest
from backfill_tui.ui.screens.base import PlaceMeant
from backfill_tui.ui.screens.jump import JumpDialog, date_found
from backfill_tui.ui.screens.plan_ranges import PlanRangesScreen
from backfill_tui.ui.widgets.find_date import Found, find_planned


class PlanDatesScreen(PlanRangesScreen):
    """Puts the cursor of the list on a date that is typed, or on the nearest."""

    @property
    def has_dates(self) -> bool:
        """Whether the list shows any date."""
        return self.is_mounted and self.totals.plan is not None and self.table.row_count > 0

    def action_jump(self) -> None:
        """Ask for a date, and go there."""
        shown = self.totals.plan
        if shown is not None and self.has_dates:
            clock = shown.timezone, self.now
            self.app.push_screen(JumpDialog(self._find, self._words_of, clock), self._jump)

    def places_meant(self, text: str) -> list[PlaceMeant]:
        """The date in the list that a text means."""
        if not self.has_dates:
            return []
        try:
            return [date_found(self._find(text), self._words_of, self._jump)]
        except BadRequest:
            return []

    def _words_of(self, found: Found) -> str:
        return self.table.date_at(found.row)

    def _find(self, text: str) -> Found:
        """The date that a text means, by its place in the plan; BadRequest for a text that means none."""
        shown = self.totals.plan
        if shown is None:
            msg = "There is no plan yet"
            raise BadRequest(msg)
        return find_planned(text, shown, self.table.shown_places, shown.timezone, self.now)

    def _jump(self, found: Found | None) -> None:
        if found is None:
            return
        self.table.focus()
        self.table.go_to(found.row)
        if not found.exact:
            self.say(f"No such date here: {self.table.date_at(found.row)} is the nearest")
