"""Planning: a range is typed or chosen, every date gets its verdict, and nothing starts unconfirmed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import ClassVar, Final

from textual import on
from textual.binding import BindingType

from backfill_tui.domain.dags import DagSummary
from backfill_tui.domain.holes import RUNS, outline
from backfill_tui.domain.launching import Launch, Launched
from backfill_tui.domain.planning import BackfillPlan, ReprocessBehavior
from backfill_tui.domain.presets import Preset
from backfill_tui.domain.problems import Interrupted, Problem, Unreachable
from backfill_tui.domain.text import one_line
from backfill_tui.ui.command import bindings
from backfill_tui.ui.holes import first_hole, life_of, no_hole_words, texts_around
from backfill_tui.ui.messages import DagPauseChanged, ProblemArose
from backfill_tui.ui.plan_commands import PLAN
from backfill_tui.ui.plan_values import context_of
from backfill_tui.ui.screens.plan_preview import PlanPreviewScreen
from backfill_tui.ui.widgets.calendar_strip import CalendarStrip

_UNEASY_SECONDS: Final = 1.0
"""A launch that waits longer than this for its plan says so."""
_REMEMBERED: Final = 20
_WHAT_RUNS: Final = "what runs"


class PlanScreen(PlanPreviewScreen):
    """Plans a backfill of one Dag and launches it; `holes` begins with all that is missing or failed."""

    PLACE = "plan"
    HELP = (
        "What a backfill would do, date by date, before anything starts. Of the warnings ✗ forbids the "
        "launch, ! wants a yes and i is good to know. Which ranges can be written is told by the help while "
        "From has the focus."
    )
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(PLAN)]

    def __init__(self, dag: DagSummary, *, holes: bool = False) -> None:
        super().__init__(dag)
        self._begins_with_holes = holes
        self._ranges: list[tuple[str, str, ReprocessBehavior, str]] = []
        self._launch_is_wanted = False

    def on_mount(self) -> None:
        """Plan the first range at once."""
        if self._begins_with_holes:
            self.table.focus()
            self.action_holes()
        else:
            self.form.from_field.focus()
            self.ask_for_plan(self._begin_at_first_hole)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """A launch needs the right to write, other things need a plan."""
        if action == "launch":
            return None if self.program.read_only else True
        if action == "unpause":
            return self.dag.is_paused and not self.program.read_only
        if action in {"notes", "copy"}:
            return None if self.plan is None else True
        return bool(self._ranges) if action == "undo" else True

    def plan_came(self, plan: BackfillPlan) -> None:
        """A launch that waited for it is confirmed now."""
        if self._launch_is_wanted:
            self._launch_is_wanted = False
            self._confirm(plan)

    def plan_failed(self, problem: Problem) -> None:
        """A launch that waited for it says why it is off."""
        if self._launch_is_wanted and not isinstance(problem, Unreachable):
            self.notify(one_line(problem.message), severity="error", markup=False)
        self._launch_is_wanted = False

    def question_changed(self) -> None:
        """What is typed now is not what was to be launched."""
        self._launch_is_wanted = False

    # The range, by other ways than typing.

    def action_presets(self) -> None:
        """Choose a range by its name."""
        from backfill_tui.ui.screens.presets import PresetsDialog

        self.app.push_screen(PresetsDialog(context_of(self.dag, self.now), self.dag.timezone), self._chosen)

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
            self._say(
                f'"{self.dag.dag_id}" has no start date and no run to look for holes since: type a range'
            )
            if not self.is_current:
                self.ask_for_plan()
            return
        if self.dag.start_date is None:
            self._say("This Dag has no start date: looking for holes since the earliest run in the list")
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
            self._say(no_hole_words(plan))
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

    def _begin_at_first_hole(self, plan: BackfillPlan) -> bool:
        """The range that is offered first begins there; whether that gives another range."""
        field, hole = self.form.from_field, first_hole(plan)
        if hole is None or hole == field.value:
            return False
        field.value = hole
        self.ask_for_plan()
        return True

    # What the other keys do.

    def action_back(self) -> None:
        """Back to the Dags; a launch that waits for its plan is given up first."""
        if self._launch_is_wanted:
            self._launch_is_wanted = False
            self._say("The launch was given up before its plan was there")
            return
        self.dismiss(None)

    def action_refresh_plan(self) -> None:
        """Plan again."""
        self.ask_for_plan()

    def action_unpause(self) -> None:
        """Unpause the Dag."""
        self.program.change_pause(self, self.dag.dag_id, is_paused=False)

    @on(DagPauseChanged)
    def _pause_changed(self) -> None:
        self.program.read_dags()
        self.ask_for_plan()

    def action_notes(self) -> None:
        """Read all warnings, and how long it takes."""
        from backfill_tui.ui.screens.plan_notes import PlanNotesDialog

        if self.plan is not None:
            self.app.push_screen(PlanNotesDialog(self.plan))

    def action_copy(self) -> None:
        """Show the plan as commands."""
        from backfill_tui.ui.screens.copy_command import open_copy_dialog

        if self.plan is not None:
            open_copy_dialog(self.program, self.plan)

    def action_launch(self) -> None:
        """Launch what the list shows, as soon as it shows what is typed."""
        # The key comes before letters that the field has not taken up yet.
        (self.focused or self).call_later(self.call_later, self._launch)

    def _launch(self) -> None:
        if self.plan is not None and self.is_current:
            self._confirm(self.plan)
            return
        self._launch_is_wanted = True
        self.set_timer(_UNEASY_SECONDS, self._tell_of_planning)
        if not self.totals.planning or not self.is_current:
            self.ask_for_plan()

    def _tell_of_planning(self) -> None:
        if self._launch_is_wanted:
            self._say("Still planning: the launch is confirmed once the plan is there, esc gives it up")

    def _say(self, words: str) -> None:
        self.notify(one_line(words), markup=False)

    def _confirm(self, plan: BackfillPlan) -> None:
        from backfill_tui.ui.screens.confirm import ConfirmDialog, launch_question, why_not

        problem = why_not(plan)
        if problem is not None:
            self.program.show_problem(problem)
        else:
            self.app.push_screen(ConfirmDialog(launch_question(plan)), partial(self._confirmed, plan))

    def _confirmed(self, plan: BackfillPlan, yes: bool | None) -> None:
        if yes:
            from backfill_tui.ui.screens.creation import CreationDialog

            launch = Launch(request=plan.request, fingerprint=plan.fingerprint)
            self.app.push_screen(CreationDialog(launch), self._launched)

    def _launched(self, outcome: Launched | Problem | None) -> None:
        if isinstance(outcome, Launched):
            self.program.launched(outcome)
            return
        if isinstance(outcome, Interrupted):
            self._say("The launch was taken back, nothing of it is left")
        elif isinstance(outcome, Unreachable):
            self.app.post_message(ProblemArose(outcome))
            return
        elif outcome is not None:
            self.program.show_problem(outcome)
        self.ask_for_plan()
