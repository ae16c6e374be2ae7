"""Going to a date of a plan: typed, and found among those that the list shows."""

from __future__ import annotations

from functools import partial

from backfill_tui.domain.problems import BadRequest
from backfill_tui.ui.screens.base import DateMeant
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
        from backfill_tui.ui.screens.jump import JumpDialog

        shown = self.totals.plan
        if shown is not None and self.has_dates:
            dialog = JumpDialog(self._find, self.table.date_at, shown.timezone, self.now)
            self.app.push_screen(dialog, self._jump)

    def date_meant(self, text: str) -> DateMeant | None:
        """The date in the list that a text means."""
        if not self.has_dates:
            return None
        try:
            found = self._find(text)
        except BadRequest:
            return None
        return DateMeant(
            words=self.table.date_at(found.row), exact=found.exact, go=partial(self._jump, found)
        )

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
