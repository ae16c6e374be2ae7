"""Planning: a range is typed or chosen, every date gets its verdict, and nothing starts unconfirmed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

from textual import on
from textual.binding import BindingType

from backfill_tui.domain.dags import DagSummary
from backfill_tui.domain.launching import Launch, Launched
from backfill_tui.domain.planning import BackfillPlan
from backfill_tui.domain.problems import Interrupted, PlanChanged, Problem, Unreachable
from backfill_tui.domain.text import one_line
from backfill_tui.ui import opening, pausing, readings
from backfill_tui.ui.command import bindings
from backfill_tui.ui.hints import tell_hint
from backfill_tui.ui.keymap import shown_key
from backfill_tui.ui.messages import BackfillFound, DagPauseChanged, ProblemArose
from backfill_tui.ui.plan_commands import PLAN
from backfill_tui.ui.plan_values import (
    ACTIVE_BACKFILL,
    Wishes,
    released_words,
    warning_of,
)
from backfill_tui.ui.screens.plan_dates import PlanDatesScreen
from backfill_tui.ui.widgets.plan_form import RANGES_HELP

if TYPE_CHECKING:
    from backfill_tui.ui.screens.launch import LaunchAnswer

_UNEASY_SECONDS: Final = 1.0
"""A launch that waits longer than this for its plan says so."""


class PlanScreen(PlanDatesScreen):
    """Plans a backfill of one Dag and launches it; `holes` begins with all that is missing or failed."""

    PLACE = "plan"
    HELP = (
        "What a backfill would do, date by date, before anything starts. Of the warnings ✗ forbids the "
        f"launch, ! wants a yes and i is good to know.\n\n{RANGES_HELP}"
    )
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(PLAN)]

    def __init__(self, dag: DagSummary, *, holes: bool = False) -> None:
        super().__init__(dag)
        self._begins_with_holes = holes
        self._launch_is_wanted = False
        self._news = ""
        self._is_left_for_a_backfill = False

    def on_mount(self) -> None:
        """Plan the first range at once."""
        tell_hint(self)
        if self._begins_with_holes:
            self.table.focus()
            self.action_holes()
        else:
            self.form.from_field.focus()
            self.ask_for_plan(self.fit_first_range)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """What needs a plan, a paused Dag or an active backfill."""
        if action == "unpause":
            return self.dag.is_paused
        if action == "watch":
            return self.plan is not None and warning_of(self.plan, ACTIVE_BACKFILL) is not None
        if action == "jump":
            return self.has_dates
        if action in {"notes", "copy", "export"}:
            return None if self.plan is None else True
        return self.can_undo if action == "undo" else True

    def offers(self, command_id: str) -> bool:
        """A read-only session launches and unpauses nothing; these keys then say so."""
        return not (self.program.read_only and command_id in {"plan.launch", "plan.unpause"})

    def on_screen_resume(self) -> None:
        """Plan again after a backfill was watched: it may be done."""
        if self._is_left_for_a_backfill:
            self._is_left_for_a_backfill = False
            self.program.read_dags()
            self.ask_for_plan()

    def plan_came(self, plan: BackfillPlan) -> None:
        """A launch that waited for it is confirmed now."""
        wanted, self._launch_is_wanted = self._launch_is_wanted, False
        if wanted and self.is_active:
            self._confirm(plan, self._news)
        elif wanted:
            # Over another question it would take the answer that is meant for that one.
            self.say("The launch was given up, as its plan came while something else was open")

    def plan_failed(self, problem: Problem) -> None:
        """A launch that waited for it says why it is off."""
        if self._launch_is_wanted and not isinstance(problem, Unreachable):
            self.notify(one_line(problem.message), severity="error", markup=False)
        self._launch_is_wanted = False

    def question_changed(self) -> None:
        """What is typed now is not what was to be launched."""
        self._launch_is_wanted = False

    # What the other keys do.

    def action_back(self) -> None:
        """Back to the Dags; a launch that waits for its plan is given up first."""
        if self._launch_is_wanted:
            self._launch_is_wanted = False
            self.say("The launch was given up before its plan was there")
            return
        self.dismiss(None)

    def action_refresh_plan(self) -> None:
        """Plan again."""
        self.ask_for_plan()

    def action_unpause(self) -> None:
        """Unpause the Dag."""
        if self.program.read_only:
            self.say_read_only("no Dag is unpaused")
        else:
            released = released_words(self.plan) if self.plan is not None else ""
            pausing.ask_to_pause(self, self.dag.dag_id, is_paused=False, released=released)

    @on(DagPauseChanged)
    def _pause_changed(self) -> None:
        self.ask_for_plan()

    def action_watch(self) -> None:
        """Watch the active backfill of the Dag."""
        readings.find_backfill(self, self.program.link, self.dag.dag_id)

    @on(BackfillFound)
    def _backfill_found(self, message: BackfillFound) -> None:
        # Whoever has opened something else meanwhile is not to be taken away from it.
        if message.backfill_id is not None and self.is_active:
            self._is_left_for_a_backfill = True
            opening.watch(self.program, message.backfill_id)

    def action_backfills(self) -> None:
        """List the backfills."""
        self._is_left_for_a_backfill = True
        opening.show_backfills(self.program, self.dag.dag_id)

    def action_notes(self) -> None:
        """Read all warnings, and how long it takes."""
        from backfill_tui.ui.screens.plan_notes import PlanNotesDialog

        if self.plan is not None:
            self.app.push_screen(PlanNotesDialog(self.plan))

    def action_export(self) -> None:
        """Write the plan to a file."""
        from backfill_tui.ui.exporting import open_export, plan_job

        if self.plan is not None:
            open_export(self.program, plan_job(self.program, self.plan))

    def action_copy(self) -> None:
        """Show the plan as commands."""
        from backfill_tui.ui.screens.copy_command import open_copy_dialog

        if self.plan is not None:
            open_copy_dialog(self.program, self.plan, self.form.wishes)

    def action_launch(self) -> None:
        """Launch the plan, as soon as it is of what is typed."""
        if self.program.read_only:
            self.say_read_only("nothing is launched")
            return
        # The key comes before letters that the field has not taken up yet.
        (self.focused or self).call_later(self.call_later, self._launch)

    def _launch(self) -> None:
        if self.plan is not None and self.is_as_typed:
            self._confirm(self.plan)
            return
        self._want_launch()
        if not self.totals.planning or not self.is_as_typed:
            self.ask_for_plan()

    def _want_launch(self, news: str = "") -> None:
        """Confirm the launch once the plan is there; `news` is why it is asked again."""
        self._launch_is_wanted, self._news = True, news
        self.set_timer(_UNEASY_SECONDS, self._tell_of_planning)

    def _tell_of_planning(self) -> None:
        if self._launch_is_wanted:
            self.say(
                "Still planning: the launch is confirmed once the plan is there, "
                f"{shown_key('plan.back')} gives it up"
            )

    def _confirm(self, plan: BackfillPlan, news: str = "") -> None:
        from backfill_tui.ui.screens.launch import LaunchDialog, launch_question, why_not

        problem = why_not(plan, news)
        if problem is not None:
            opening.show_problem(self.program, problem)
            return
        wishes = self.form.wishes
        question = launch_question(plan, wishes, news, seen=self.table.shown_places)
        self.app.push_screen(LaunchDialog(question), partial(self._confirmed, plan, wishes))

    def _confirmed(self, plan: BackfillPlan, wishes: Wishes, answer: LaunchAnswer | None) -> None:
        from backfill_tui.ui.screens.creation import CreationDialog

        if answer is None:
            return
        launch = Launch(
            request=plan.request,
            fingerprint=plan.fingerprint,
            unpause=answer == "unpause",
            paused=answer == "paused",
            note=wishes.note,
            stop_after_failures=wishes.stop_after_failures,
        )
        self.app.push_screen(CreationDialog(launch), partial(self._launched, plan))

    def _launched(self, plan: BackfillPlan, outcome: Launched | Problem | None) -> None:
        if isinstance(outcome, Launched):
            opening.watch_launched(self.program, outcome, self.dag.dag_id)
            return
        if isinstance(outcome, PlanChanged) and self._is_asked(plan):
            # Asked again with what has changed: nothing is launched that was not seen.
            self._want_launch(outcome.message)
        elif isinstance(outcome, Interrupted):
            self.say("The launch was taken back, nothing of it is left")
        elif isinstance(outcome, Unreachable):
            self.app.post_message(ProblemArose(outcome))
            return
        elif outcome is not None:
            opening.show_problem(self.program, outcome)
        self.ask_for_plan()
