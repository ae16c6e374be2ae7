"""The form of a plan and the preview that follows it: what is typed last is what is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from textual import on
from textual.app import ComposeResult
from textual.getters import query_one
from textual.timer import Timer
from textual.widgets import Input

from backfill_tui.domain.dags import DagSummary
from backfill_tui.domain.instants import SECOND, Instant
from backfill_tui.domain.planning import BackfillPlan, BackfillRequest
from backfill_tui.domain.problems import BadRequest, Problem, Unreachable
from backfill_tui.ui.messages import PlanAdvanced, PlanMade, PlanRefused, ProblemArose
from backfill_tui.ui.plan_values import PlanValues, first_behavior, first_range, request_of
from backfill_tui.ui.screens.base import PlaceScreen
from backfill_tui.ui.widgets.calendar_strip import CalendarStrip
from backfill_tui.ui.widgets.environment_line import EnvironmentLine
from backfill_tui.ui.widgets.key_line import KeyLine
from backfill_tui.ui.widgets.plan_form import PlanForm
from backfill_tui.ui.widgets.plan_reason import PlanReason
from backfill_tui.ui.widgets.plan_summary import PlanTotals
from backfill_tui.ui.widgets.plan_table import PlanTable
from backfill_tui.ui.widgets.plan_warnings import PlanWarnings
from backfill_tui.ui.workers import Asking, ask

_DEBOUNCE_SECONDS: Final = 0.06

Step = Callable[[BackfillPlan], bool]
"""Looks at a plan before it is shown, and tells whether it has asked for another one."""


class PlanPreviewScreen(PlaceScreen[None]):
    """Asks for the plan of what stands in the fields, and shows it, or why there is none."""

    NEEDS_DAGS = True
    VERTICAL_BREAKPOINTS = [(0, "-low"), (30, "-high"), (45, "-towering")]  # noqa: RUF012  # as Textual has it
    CSS_PATH = "../styles/plan.tcss"

    form = query_one(PlanForm)
    totals = query_one(PlanTotals)
    strip = query_one(CalendarStrip)
    warning_lines = query_one(PlanWarnings)
    table = query_one(PlanTable)

    def __init__(self, dag: DagSummary) -> None:
        super().__init__()
        self._first_dag = dag
        self.plan: BackfillPlan | None = None
        """The complete plan of what was asked last, None until it is there."""
        self._asked: tuple[PlanValues, BackfillRequest | None] | None = None
        self._debounce: Timer | None = None
        self._then: Step | None = None

    def compose(self) -> ComposeResult:
        """Form, totals, calendar, dates, the reason of one of them, warnings."""
        dag = self._first_dag
        yield EnvironmentLine("Plan", dag.dag_id, dag.schedule)
        yield PlanForm(*first_range(dag, self.now), first_behavior(dag))
        yield PlanTotals(dag.clock)
        yield CalendarStrip()
        table = PlanTable()
        yield table
        yield PlanReason(table)
        yield PlanWarnings()
        yield KeyLine(self.PLACE)

    @property
    def dag(self) -> DagSummary:
        """The Dag as it was last read."""
        listing = self.program.listing
        dags = listing.dags.dags if listing else ()
        return next((dag for dag in dags if dag.dag_id == self._first_dag.dag_id), self._first_dag)

    @property
    def now(self) -> Instant:
        """The time that expressions in the fields are read at."""
        return Instant(int(self.program.clock() * SECOND))

    @property
    def is_as_typed(self) -> bool:
        """Whether the plan that is there, or under way, is that of the fields as they stand."""
        return self._asked is not None and self.form.values == self._asked[0]

    # What comes of a question; a screen that does more with plans fills these in.

    def plan_came(self, plan: BackfillPlan) -> None:
        """The plan that was asked for is there and shown."""

    def plan_failed(self, problem: Problem) -> None:
        """There is no plan of what was asked."""

    def question_changed(self) -> None:
        """Something else is typed now."""

    # Asking.

    @on(PlanForm.Changed)
    def _form_changed(self) -> None:
        if self._debounce is not None:
            self._debounce.stop()
        if self.is_as_typed:
            return
        self._then = None
        self.question_changed()
        self._debounce = self.set_timer(_DEBOUNCE_SECONDS, self.ask_for_plan)

    def ask_for_plan(self, then: Step | None = None) -> None:
        """Plan what stands in the fields; `then` may look at the plan first and ask for another one."""
        if self._debounce is not None:
            self._debounce.stop()
        values = self.form.values
        self.plan, self._asked, self._then = None, (values, None), then
        try:
            request = request_of(values, self.dag, self.now)
        except BadRequest as problem:
            self._refuse(problem)
            return
        self._asked = (values, request)
        self.totals.request = request
        self.totals.problem = None
        self.totals.planning = True

        def plan(asking: Asking) -> BackfillPlan:
            return self.program.gateway.plan(
                request, asking.unwanted, lambda so_far: asking.post(PlanAdvanced(so_far))
            )

        ask(self, "plan", plan, PlanMade, failure=PlanRefused)

    def _is_asked(self, plan: BackfillPlan) -> bool:
        """Whether a plan answers the newest question: an older answer may be on its way already."""
        return self._asked is not None and plan.request == self._asked[1]

    # Answers.

    @on(PlanAdvanced)
    def _plan_advanced(self, message: PlanAdvanced) -> None:
        if self.plan is None and self._is_asked(message.plan):
            self._show(message.plan)

    @on(PlanMade)
    def _plan_made(self, message: PlanMade) -> None:
        plan = message.plan
        if not self._is_asked(plan):
            return
        step, self._then = self._then, None
        # What is typed since is not overwritten.
        if step is not None and self.is_as_typed and step(plan):
            return
        self.plan = plan
        self.totals.planning = False
        self._show(plan)
        self.refresh_bindings()
        self.plan_came(plan)

    def _show(self, plan: BackfillPlan) -> None:
        self.totals.plan = plan
        self.table.set_class(not plan.complete, "-stale")
        self.table.show(plan)
        self.strip.remove_class("-stale")
        self.strip.show(plan)
        if self.table.place is not None:
            self.strip.go_to(self.table.place)
        self.warning_lines.warnings = plan.warnings

    @on(PlanRefused)
    def _plan_refused(self, message: PlanRefused) -> None:
        if isinstance(message.problem, Unreachable):
            self.app.post_message(ProblemArose(message.problem))
        self._refuse(message.problem)

    def _refuse(self, problem: Problem) -> None:
        self.workers.cancel_group(self, "plan")
        self.plan = self._then = None
        self.totals.planning = False
        self.totals.problem = problem
        self.warning_lines.warnings = ()
        self.strip.add_class("-stale")
        self.table.add_class("-stale")
        self.table.reload()
        self.refresh_bindings()
        self.plan_failed(problem)

    # The list and the calendar go together.

    @on(Input.Submitted)
    def _field_done(self) -> None:
        self.table.focus()

    @on(PlanTable.Moved)
    def _row_changed(self) -> None:
        if self.table.place is not None and not self.strip.has_focus:
            self.strip.go_to(self.table.place)

    @on(CalendarStrip.Moved)
    def _cell_changed(self, message: CalendarStrip.Moved) -> None:
        self.table.go_to(message.place)
