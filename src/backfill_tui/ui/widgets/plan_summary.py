"""The plan in a few lines: its range, the counts of its verdicts, how long it takes, or why there is none."""

from __future__ import annotations

from datetime import timezone
from typing import Final

from textual.content import Content
from textual.geometry import Size
from textual.reactive import reactive
from textual.widget import Widget

from backfill_tui.domain.estimates import Estimate, sentence
from backfill_tui.domain.instants import zone_named
from backfill_tui.domain.outcomes import Verdict
from backfill_tui.domain.planning import BackfillPlan, BackfillRequest
from backfill_tui.domain.problems import Problem
from backfill_tui.domain.ranges import RangeWords
from backfill_tui.domain.time_ranges import in_words
from backfill_tui.ui.glyphs import VERDICT_MARKS
from backfill_tui.ui.plan_values import range_words, without_weekdays
from backfill_tui.ui.text import count, fit, wrapped

_PROBLEM_LINES: Final = 3
_ROOMY: Final = 96
"""From this width on both clocks stand on one line, and the estimate has one of its own."""
_GAP: Final = "   "
_SHOWN: Final = (
    (Verdict.CREATE,),
    (Verdict.REPROCESS,),
    (Verdict.SKIP_EXISTS, Verdict.SKIP_IN_FLIGHT),
    (Verdict.NOT_YET,),
)
_UTC_NAMES: Final = frozenset({"Etc/UTC", "Etc/UCT", "Zulu", "Universal", "Etc/Universal", "UCT"})


class PlanTotals(Widget):
    """What the typed range means, and what would become of its dates.

    The number of lines depends on the width and the Dag's timezone alone, so that the dates below stay where
    they are while one types; only a long problem takes one more.
    """

    DEFAULT_CSS = """
    PlanTotals { height: auto; padding: 0 2; border-top: solid $hairline; text-wrap: nowrap; }
    """

    plan: reactive[BackfillPlan | None] = reactive[BackfillPlan | None](None)
    request: reactive[BackfillRequest | None] = reactive[BackfillRequest | None](None)
    problem: reactive[Problem | None] = reactive[Problem | None](None, layout=True)
    planning: reactive[bool] = reactive(False)  # noqa: FBT003  # its first value

    def __init__(self, timezone_name: str) -> None:
        super().__init__()
        self._timezone = timezone_name
        self._in_utc = is_utc(timezone_name)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        """As many lines as are drawn."""
        lines = self._height(width)
        return lines if self.problem is None else max(lines, len(_problem_lines(self.problem, width)))

    def render(self) -> Content:
        """The lines, or the problem in their place."""
        width = self.content_size.width
        if self.problem is not None:
            return Content("\n").join(_problem_lines(self.problem, width))
        if self.request is None:
            return Content("")
        lines = _range_lines(range_words(self.request, self._timezone), width, in_utc=self._in_utc)
        plan = self.plan
        if plan is None:
            return Content("\n").join([*lines, Content.styled("Planning", "$muted")])
        lines.append(counts(plan, planning=self.planning))
        known = None if self.planning or not plan.complete else plan.estimate
        if width >= _ROOMY:
            lines.append(Content.styled(sentence(known) if known else "", "$muted"))
        else:
            _set_right(lines, Content.styled(short_estimate(known), "$muted"), width)
        return Content("\n").join(lines)

    def _height(self, width: int) -> int:
        return 3 if width >= _ROOMY or not self._in_utc else 2


def is_utc(timezone_name: str) -> bool:
    """Whether a Dag's clock is that of UTC, whatever it calls it."""
    return timezone_name in _UTC_NAMES or zone_named(timezone_name) is timezone.utc


def counts(plan: BackfillPlan, *, planning: bool = False) -> Content:
    """`91 dates   + 80 create   ↻ 3 reprocess`; of an incomplete plan how many dates there are so far."""
    number = count(len(plan.judged), "date")
    if not plan.complete:
        return Content.assemble((f"{number} so far", "$muted"), _GAP, ("planning", "$accent"))
    parts = [Content.styled(number, "bold")]
    for verdicts in _SHOWN:
        mark, of_it = VERDICT_MARKS[verdicts[0]], plan.count(*verdicts)
        if of_it:
            parts.append(Content.styled(f"{mark.sign} {of_it:,} {mark.word}", f"${mark.variable}"))
    if planning:
        parts.append(Content.styled("planning", "$accent"))
    return Content(_GAP).join(parts)


def short_estimate(estimate: Estimate | None) -> str:
    """How long the runs take with the chosen max active runs, in a few words; empty when none would start."""
    if estimate is None or not estimate.runs:
        return ""
    if estimate.stuck_in:
        return "would wait for ever"
    time = estimate.at[0].time if estimate.at else None
    return in_words(time) if time else "time unknown"


def _set_right(lines: list[Content], words: Content, width: int) -> None:
    """Put some words at the right end of the lowest line that has room for them."""
    for place in range(len(lines) - 1, -1, -1):
        gap = width - lines[place].cell_length - words.cell_length
        if gap >= len(_GAP):
            lines[place] = Content.assemble(lines[place], " " * gap, words)
            return


def _range_lines(words: RangeWords, width: int, *, in_utc: bool) -> list[Content]:
    local = _local_line(words, width)
    length = Content.styled(words.length, "$muted")
    if in_utc:
        return [_if_it_fits(local, length, width)]
    utc = Content.styled(words.utc, "$muted")
    if width >= _ROOMY:
        return [_if_it_fits(_if_it_fits(local, utc, width), length, width)]
    return [_if_it_fits(local, length, width), utc]


def _local_line(words: RangeWords, width: int) -> Content:
    """The range on the Dag's clock; on few columns without weekdays, then without the zone's region."""
    city = words.timezone.rpartition("/")[2]
    tries = [
        Content.assemble((local, "$foreground"), (f"  {zone}", "$muted"))
        for local, zone in (
            (words.local, words.timezone),
            (without_weekdays(words.local), words.timezone),
            (without_weekdays(words.local), city),
        )
    ]
    fitting = (line for line in tries if line.cell_length <= width)
    return next(fitting, tries[-1].truncate(width, ellipsis=True))


def _if_it_fits(first: Content, more: Content, width: int) -> Content:
    longer = Content(_GAP).join([first, more])
    return longer if longer.cell_length <= width else first


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
        *(Content.styled("  " + fit(words, room), "$foreground") for words in remedy),
    ]
