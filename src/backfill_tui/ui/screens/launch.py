"""The question before a launch: what it does, in words, and the ways to do it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from textual.binding import BindingType

from backfill_tui.domain.estimates import sentence
from backfill_tui.domain.holes import RUNS
from backfill_tui.domain.outcomes import Verdict
from backfill_tui.domain.plan_dates import Occurrence
from backfill_tui.domain.planning import BackfillPlan
from backfill_tui.domain.problems import Problem
from backfill_tui.domain.states import TaskState
from backfill_tui.domain.text import one_line
from backfill_tui.ui.command import bindings
from backfill_tui.ui.keymap import shown_key
from backfill_tui.ui.plan_commands import LAUNCH
from backfill_tui.ui.plan_values import DAG_PAUSED, Wishes, date_words, warning_of
from backfill_tui.ui.screens.confirm import Question, QuestionDialog
from backfill_tui.ui.text import count, in_words
from backfill_tui.ui.widget_commands import SCROLL

LaunchAnswer = Literal["launch", "unpause", "paused"]


class LaunchDialog(QuestionDialog[LaunchAnswer | None]):
    """Gives `launch`, `unpause` to unpause the Dag with it, or `paused` to create the backfill paused."""

    PLACE = "launch"
    HELP = (
        "{launch.accept} launches. A paused Dag stays paused then, so that no run starts; {launch.unpause} "
        "unpauses it with the launch, both or neither. With {launch.paused} the backfill itself is paused: "
        "none of its runs starts before it is resumed."
    )
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(LAUNCH), *bindings(SCROLL)]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Only a paused Dag can be unpaused."""
        paused = any(warning.code == DAG_PAUSED for warning in self.question.warnings)
        return paused if action == "unpause" else True

    def action_accept(self) -> None:
        """Launch."""
        self.dismiss("launch")

    def action_unpause(self) -> None:
        """Launch and unpause the Dag."""
        self.dismiss("unpause")

    def action_paused(self) -> None:
        """Launch it paused."""
        self.dismiss("paused")

    def action_cancel(self) -> None:
        """Launch nothing."""
        self.dismiss(None)


def why_not(plan: BackfillPlan, news: str = "") -> Problem | None:
    """What forbids the launch of a plan, None when nothing does; `news` is what changed before that."""
    if plan.blocking:
        first, *others = plan.blocking
        more = [f"{other.message}: {other.remedy}" for other in others]
        return Problem(first.message, remedy=first.remedy, detail="\n".join([*filter(None, [news]), *more]))
    if not plan.run_count:
        return Problem(
            "Nothing would run: every date is skipped or not due yet",
            remedy="choose another range, or another reprocess behavior",
            detail=news,
        )
    return None


def launch_question(
    plan: BackfillPlan, wishes: Wishes | None = None, news: str = "", *, seen: Sequence[int] | None = None
) -> Question:
    """What launching the plan does, in words; `news` is why it is asked again.

    `seen` are the places of the dates that the list shows, where it does not show all: those that it hides
    are launched with them.
    """
    wishes = wishes or Wishes()
    request = plan.request
    order = "newest first" if request.run_backwards else "oldest first"
    notes = [_range_words(plan), _hidden_words(plan, seen)]
    if plan.run_count > 1:
        notes.append(f"At most {count(request.max_active_runs, 'run')} at a time, {order}")
    skipped = plan.count(Verdict.SKIP_EXISTS, Verdict.SKIP_IN_FLIGHT)
    if skipped:
        stay = "stays as it is" if skipped == 1 else "stay as they are"
        notes.append(f"{count(skipped, 'date')} {stay}")
    waiting = plan.count(Verdict.NOT_YET)
    if waiting:
        notes.append(
            f"{count(waiting, 'date')} can not run yet and {'is' if waiting == 1 else 'are'} left out"
        )
    if plan.estimate is not None:
        notes.append(sentence(plan.estimate))
    limit = wishes.stop_after_failures
    if limit is not None:
        failed = f"{count(limit, 'run')} {'has' if limit == 1 else 'have'} failed"
        notes.append(f"Pauses once {failed}, as long as somebody watches it")
    if wishes.note:
        notes.append(f"Note on each run: {wishes.note}")
    return Question(
        title=f"Launch a backfill of {request.dag_id}?",
        verb="launch",
        sentence=launch_sentence(plan),
        notes=tuple(filter(None, notes)),
        warnings=plan.warnings,
        news=one_line(news),
        ways=tuple(_ways(plan)),
    )


def _ways(plan: BackfillPlan) -> list[tuple[str, str]]:
    """What the keys of the dialog do beyond what their labels say."""
    late = (shown_key("launch.paused"), "launch paused: no run starts before the backfill is resumed")
    if warning_of(plan, DAG_PAUSED) is None:
        return [late]
    return [
        (shown_key("launch.accept"), "launch: the Dag stays paused, and no run starts"),
        (shown_key("launch.unpause"), "launch and unpause the Dag, both or neither"),
        late,
    ]


def _hidden_words(plan: BackfillPlan, seen: Sequence[int] | None) -> str:
    """How many of the runs a filter of the list hides; empty where it hides none."""
    hidden = 0 if seen is None else len(set(plan.judged.where(*RUNS)).difference(seen))
    if not hidden:
        return ""
    them = "one of them, which is" if hidden == 1 else f"{hidden:,} of them, which are"
    return f"The filter of the list hides {them} launched too"


def _range_words(plan: BackfillPlan) -> str:
    """The first and the last date that run, on the Dag's clock; partitions by their keys."""
    ends = _ends(plan)
    if not ends:
        return ""
    first, last = (date_words(one, plan.timezone) for one in ends)
    words = f"From {first} to {last}" if plan.run_count > 1 else f"For {first}"
    return words if plan.judged.dates.partitioned else f"{words} ({plan.timezone})"


def _ends(plan: BackfillPlan) -> tuple[Occurrence, Occurrence] | None:
    judged = plan.judged
    places = judged.where(*RUNS)
    if not places:
        return None
    return judged.dates.occurrence(places[0]), judged.dates.occurrence(places[-1])


def launch_sentence(plan: BackfillPlan) -> str:
    """`Create 80 runs and run 3 again (15 task instances, 6 of them had succeeded)`."""
    created, again = plan.count(Verdict.CREATE), plan.count(Verdict.REPROCESS)
    doing = []
    if created:
        doing.append(f"create {count(created, 'run')}")
    if again:
        pairs = zip(plan.judged.outcomes, plan.judged.tally, strict=True)
        taken = [
            (one.existing, dates) for one, dates in pairs if one.verdict is Verdict.REPROCESS and one.existing
        ]
        tasks = sum(run.task_total * dates for run, dates in taken)
        good = sum(run.count_of(TaskState.SUCCESS) * dates for run, dates in taken)
        lost = f", {good:,} of them had succeeded" if good else ""
        doing.append(f"run {again:,} again ({count(tasks, 'task instance')}{lost})")
    words = in_words(doing) or "create a backfill without any run"
    return words[0].upper() + words[1:]
