"""Planning: a range is typed, every date gets its verdict, and nothing starts before a confirmation."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.getters import query_one
from textual.timer import Timer
from textual.widgets import Input

from backfill_tui.domain.dags import DagSummary
from backfill_tui.domain.instants import SECOND, Instant
from backfill_tui.domain.launching import Launch, Launched
from backfill_tui.domain.planning import BackfillPlan, BackfillRequest
from backfill_tui.domain.problems import BadRequest, Interrupted, Problem, Unreachable
from backfill_tui.domain.text import one_line
from backfill_tui.ui.command import bindings
from backfill_tui.ui.commands import PLAN
from backfill_tui.ui.messages import DagPauseChanged, PlanMade, PlanRefused, ProblemArose
from backfill_tui.ui.plan_values import first_hole, first_range, request_of
from backfill_tui.ui.screens.base import PlaceScreen
from backfill_tui.ui.screens.confirm import ConfirmDialog, launch_question
from backfill_tui.ui.widgets.environment_line import EnvironmentLine
from backfill_tui.ui.widgets.key_line import KeyLine
from backfill_tui.ui.widgets.plan_form import PlanForm
from backfill_tui.ui.widgets.plan_summary import PlanTotals, PlanWarnings
from backfill_tui.ui.widgets.plan_table import PlanTable
from backfill_tui.ui.workers import ask

_DEBOUNCE_SECONDS = 0.06
_UNEASY_SECONDS = 1.0
"""A launch that waits longer than this for its plan says so."""


class PlanScreen(PlaceScreen[None]):
    """Plans a backfill of one Dag and launches it."""

    PLACE = "plan"
    HELP = (
        "What a backfill would do, date by date, before anything starts. A bare date is that whole day in "
        "the Dag's timezone; an instant such as 2024-03-01T06:00Z is taken as it is; both bounds count."
    )
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(PLAN)]

    form = query_one(PlanForm)
    totals = query_one(PlanTotals)
    warning_lines = query_one(PlanWarnings)
    table = query_one(PlanTable)

    def __init__(self, dag: DagSummary) -> None:
        super().__init__()
        self._dag = dag
        self._plan: BackfillPlan | None = None
        self._debounce: Timer | None = None
        self._range_is_ours = True
        self._launch_is_wanted = False

    def compose(self) -> ComposeResult:
        """Form, totals, dates, warnings."""
        read = self.program.environment
        now = read.read_at if read else Instant(int(self.program.clock()) * SECOND)
        yield EnvironmentLine("Plan", self._dag.dag_id, self._dag.schedule)
        yield PlanForm(*first_range(self._dag, now))
        yield PlanTotals(self._dag.timezone)
        yield PlanTable()
        yield PlanWarnings()
        yield KeyLine(self.PLACE)

    def on_mount(self) -> None:
        """Plan the first range at once."""
        self.form.from_field.focus()
        self._ask_for_plan()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """A launch needs a plan and the right to write."""
        if action == "launch":
            return None if self.program.read_only else True
        if action == "unpause":
            return self._is_paused and not self.program.read_only
        return True

    @property
    def _is_paused(self) -> bool:
        listing = self.program.listing
        dags = listing.dags.dags if listing else (self._dag,)
        return any(dag.dag_id == self._dag.dag_id and dag.is_paused for dag in dags)

    # The preview.

    @on(PlanForm.Changed)
    def _form_changed(self) -> None:
        if self._debounce is not None:
            self._debounce.stop()
        self._debounce = self.set_timer(_DEBOUNCE_SECONDS, self._ask_for_plan)

    def _ask_for_plan(self) -> None:
        if self._debounce is not None:
            self._debounce.stop()
        try:
            request = request_of(self.form.values, self._dag)
        except BadRequest as problem:
            self._refuse(problem)
            return
        self.totals.request = request
        self.totals.problem = None
        self.totals.planning = True
        self._plan = None
        ask(
            self,
            "plan",
            lambda asking: self.program.gateway.plan(request, asking.unwanted),
            PlanMade,
            failure=PlanRefused,
        )

    @on(PlanMade)
    def _plan_made(self, message: PlanMade) -> None:
        if self._narrowed(message.plan):
            return
        self._plan = message.plan
        self.totals.plan = message.plan
        self.totals.planning = False
        self.table.remove_class("-stale")
        self.table.show(message.plan)
        self.warning_lines.warnings = message.plan.warnings
        self.refresh_bindings()
        if self._launch_is_wanted:
            self._launch_is_wanted = False
            self._confirm(message.plan)

    def _narrowed(self, plan: BackfillPlan) -> bool:
        """The range that is offered first begins at the first hole; whether that gives another range."""
        if not self._range_is_ours:
            return False
        self._range_is_ours = False
        field = self.form.from_field
        hole = first_hole(plan)
        if hole is None or hole == field.value or plan.request != self._typed():
            return False
        field.value = hole
        return True

    @on(PlanRefused)
    def _plan_refused(self, message: PlanRefused) -> None:
        if isinstance(message.problem, Unreachable):
            self.app.post_message(ProblemArose(message.problem))
        self._refuse(message.problem)

    def _refuse(self, problem: Problem) -> None:
        self.workers.cancel_group(self, "plan")
        self._plan = None
        if self._launch_is_wanted and not isinstance(problem, Unreachable):
            self.notify(one_line(problem.message), severity="error", markup=False)
        self._launch_is_wanted = False
        self.totals.planning = False
        self.totals.problem = problem
        self.warning_lines.warnings = ()
        self.table.add_class("-stale")
        self.table.reload()

    @on(Input.Submitted)
    def _field_done(self) -> None:
        self.table.focus()

    # What the keys do.

    def action_back(self) -> None:
        """Back to the Dags."""
        self.dismiss(None)

    def action_refresh_plan(self) -> None:
        """Plan again."""
        self._ask_for_plan()

    def action_unpause(self) -> None:
        """Unpause the Dag."""
        self.program.change_pause(self, self._dag.dag_id, is_paused=False)

    @on(DagPauseChanged)
    def _pause_changed(self) -> None:
        self.program.read_dags()
        self._ask_for_plan()

    def action_launch(self) -> None:
        """Launch what the list shows, as soon as it shows what is typed."""
        if self._plan is not None and self._plan.request == self._typed():
            self._confirm(self._plan)
            return
        self._launch_is_wanted = True
        self.set_timer(_UNEASY_SECONDS, self._tell_of_planning)
        if not self.totals.planning or self.totals.request != self._typed():
            self._ask_for_plan()

    def _tell_of_planning(self) -> None:
        if self._launch_is_wanted:
            self.notify("Still planning: the launch is confirmed once the plan is there", markup=False)

    def _typed(self) -> BackfillRequest | None:
        """The request the fields mean, None while they mean none."""
        try:
            return request_of(self.form.values, self._dag)
        except BadRequest:
            return None

    def _confirm(self, plan: BackfillPlan) -> None:
        if plan.blocking:
            first = plan.blocking[0]
            self.program.show_problem(Problem(first.message, remedy=first.remedy))
        elif not plan.run_count:
            self.program.show_problem(
                Problem(
                    "Nothing would run: every date is skipped or not due yet",
                    remedy="choose another range, or another reprocess behavior",
                )
            )
        else:
            self.app.push_screen(ConfirmDialog(launch_question(plan)), self._confirmed)

    def _confirmed(self, yes: bool | None) -> None:
        if yes and self._plan is not None:
            from backfill_tui.ui.screens.creation import CreationDialog

            launch = Launch(request=self._plan.request, fingerprint=self._plan.fingerprint)
            self.app.push_screen(CreationDialog(launch), self._launched)

    def _launched(self, outcome: Launched | Problem | None) -> None:
        if isinstance(outcome, Launched):
            self.program.launched(outcome)
            return
        if isinstance(outcome, Interrupted):
            self.notify("The launch was taken back, nothing of it is left", markup=False)
        elif isinstance(outcome, Unreachable):
            self.app.post_message(ProblemArose(outcome))
            return
        elif outcome is not None:
            self.program.show_problem(outcome)
        self._ask_for_plan()
