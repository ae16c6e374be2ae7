"""The plan in a few lines: its range, its totals, its warnings, or why there is none."""

from __future__ import annotations

from collections import Counter

from textual.content import Content
from textual.geometry import Size
from textual.reactive import reactive
from textual.widget import Widget

from backfill_tui.domain.planning import BackfillPlan, BackfillRequest, PlanWarning, Verdict
from backfill_tui.domain.problems import Problem
from backfill_tui.domain.text import one_line
from backfill_tui.ui.glyphs import VERDICT_MARKS
from backfill_tui.ui.plan_values import range_words
from backfill_tui.ui.text import count, wrapped

_WARNINGS = 4
_TOTALS_LINES = 2
_PROBLEM_LINES = 3


class PlanTotals(Widget):
    """What the typed range means, and how many dates have which verdict."""

    DEFAULT_CSS = """
    PlanTotals { height: auto; padding: 0 2; border-top: solid $hairline; }
    """

    plan: reactive[BackfillPlan | None] = reactive[BackfillPlan | None](None)
    request: reactive[BackfillRequest | None] = reactive[BackfillRequest | None](None)
    problem: reactive[Problem | None] = reactive[Problem | None](None, layout=True)
    planning: reactive[bool] = reactive(False)  # noqa: FBT003  # its first value

    def __init__(self, timezone: str) -> None:
        super().__init__()
        self._timezone = timezone
        self._counted: Counter[Verdict] = Counter()

    def watch_plan(self, plan: BackfillPlan | None) -> None:
        """Count once, not at every drawing."""
        self._counted = Counter(run.verdict for run in plan.runs) if plan else Counter()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        """As many lines as are drawn."""
        return _TOTALS_LINES if self.problem is None else len(_problem_lines(self.problem, width))

    def render(self) -> Content:
        """Two lines; a problem may take a third."""
        if self.problem is not None:
            return Content("\n").join(_problem_lines(self.problem, self.content_size.width))
        if self.request is None:
            return Content("")
        words = range_words(self.request, self._timezone)
        first = Content.assemble((words, "$foreground"), (f"  {self._timezone}", "$muted"))
        return Content("\n").join([first, self._totals()])

    def _totals(self) -> Content:
        if self.plan is None:
            return Content.styled("Planning", "$muted")
        plan = self.plan
        parts = [Content.styled(count(len(plan.runs), "date"), "bold")]
        for verdicts in (
            (Verdict.CREATE,), (Verdict.REPROCESS,), (Verdict.SKIP_EXISTS, Verdict.SKIP_IN_FLIGHT),
            (Verdict.NOT_YET,),
        ):  # fmt: skip
            mark, number = VERDICT_MARKS[verdicts[0]], sum(self._counted[verdict] for verdict in verdicts)
            if number:
                style = f"${mark.variable}"
                parts.append(Content.assemble((mark.sign, style), (f" {number:,} {mark.word}", style)))
        if self.planning:
            parts.append(Content.styled("planning", "$accent"))
        return Content("   ").join(parts)


def _problem_lines(problem: Problem, width: int) -> list[Content]:
    """What happened and its remedy: two lines at least, so that the dates below stay where they are."""
    room = width - 2
    remedy = wrapped(problem.remedy, room, _PROBLEM_LINES - 1) if problem.remedy else [""]
    message = wrapped(problem.message, room, _PROBLEM_LINES - 1)
    if len(message) + len(remedy) > _PROBLEM_LINES:
        remedy = wrapped(problem.remedy, room, 1)
    signs = ["✗ ", *["  "] * len(message)]
    return [
        *(Content.styled(sign + words, "$error") for sign, words in zip(signs, message, strict=False)),
        *(Content.styled("  " + words, "$foreground") for words in remedy),
    ]


class PlanWarnings(Widget):
    """What to know before a launch, each with its remedy."""

    DEFAULT_CSS = """
    PlanWarnings { height: auto; padding: 0 2; display: none; }
    PlanWarnings.-shown { display: block; border-top: solid $hairline; }
    """

    warnings: reactive[tuple[PlanWarning, ...]] = reactive[tuple[PlanWarning, ...]]((), layout=True)

    def watch_warnings(self, warnings: tuple[PlanWarning, ...]) -> None:
        """Take no room for nothing."""
        self.set_class(bool(warnings), "-shown")

    def render(self) -> Content:
        """A line each."""
        lines = [_warning(warning) for warning in self.warnings[:_WARNINGS]]
        more = len(self.warnings) - _WARNINGS
        if more > 0:
            lines.append(Content.styled(f"  and {more} more, shown again before the launch", "$muted"))
        return Content("\n").join(lines)


def _warning(warning: PlanWarning) -> Content:
    style = "$error" if warning.blocks else "$warning"
    remedy = f": {one_line(warning.remedy)}" if warning.remedy else ""
    return Content.assemble(
        ("✗ " if warning.blocks else "! ", style), one_line(warning.message), (remedy, "$muted")
    )
