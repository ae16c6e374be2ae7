"""What Airflow is doing while it comes up: the steps, how far, how long; or why it did not."""

from __future__ import annotations

import math
from collections.abc import Iterator

from rich.cells import cell_len, set_cell_size
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from backfill_tui.domain.environment import StartupPhase, StartupStep
from backfill_tui.domain.problems import Problem
from backfill_tui.domain.text import harmless, one_line
from backfill_tui.ui.keymap import shown_key
from backfill_tui.ui.program import program_of

_STEPS = (
    (StartupPhase.STARTING, "Starting the bridge", 0.05, 0.3),
    (StartupPhase.IMPORTING, "Importing Airflow", 0.50, 3.5),
    (StartupPhase.CREATING_DATABASE, "Looking after the database", 0.80, 12.0),
    (StartupPhase.PARSING, "Parsing Dag files", 1.0, 2.0),
)
"""Each step with its words, how full the bar is at its end, and the seconds it is likely to take."""

_SAME = {
    StartupPhase.CHECKING_DATABASE: StartupPhase.CREATING_DATABASE,
    StartupPhase.READY: StartupPhase.PARSING,
}
_TICK_SECONDS = 0.2
_DETAIL_LINES = 8


class StartupPanel(Widget):
    """Follows `step` of the program; draws the elapsed seconds by itself."""

    DEFAULT_CSS = """
    StartupPanel { width: 64; height: auto; padding: 1 3; background: $surface; color: $foreground; }
    """

    step: reactive[StartupStep | None] = reactive[StartupStep | None](None, layout=True)
    problem: reactive[Problem | None] = reactive[Problem | None](None, layout=True)

    def __init__(self) -> None:
        super().__init__()
        self._began: float | None = None
        self._step_began = 0.0

    def on_mount(self) -> None:
        """Follow the program's start, and the clock."""
        self._began = self._step_began = program_of(self).clock()
        self.set_interval(_TICK_SECONDS, self.refresh)
        self.watch(self.app, "step", self._advance)
        self.watch(self.app, "startup_problem", self._fail)

    def render(self) -> Content:
        """The panel's lines."""
        if self.problem is not None:
            return Content("\n").join(list(_failure(self.problem)))
        return Content("\n").join(list(self._lines(self.content_size.width)))

    def _advance(self, step: StartupStep | None) -> None:
        if step is None or self.step is None or step.phase is not self.step.phase:
            self._step_began = program_of(self).clock()
        self.step = step

    def _fail(self, problem: Problem | None) -> None:
        self.problem = problem
        if problem is None:
            self._began = self._step_began = program_of(self).clock()

    def _lines(self, width: int) -> Iterator[Content]:
        now = program_of(self).clock()
        elapsed = f"{max(0, int(now - (self._began or now)))} s"
        yield _spread("Bringing up Airflow", "bold", elapsed, "$muted", width)
        yield Content("")
        current = _place(self.step)
        for place, (_, words, _, _) in enumerate(_STEPS):
            if place < current:
                yield _spread(f"█  {words}", "$muted", "", "", width)
            elif place > current:
                yield _spread(f"·  {words}", "$muted", "", "", width)
            else:
                said = one_line(self.step.sentence) if self.step else words
                total = self.step.total if self.step else 0
                done = f"{self.step.done:,} of {total:,}" if self.step and total else ""
                yield _spread(f"▶  {said}", "$accent", done, "$foreground", width)
        yield Content("")
        yield _bar(self._fraction(now, current), width)
        yield Content("")
        yield Content.styled(_patience(self.step), "$muted")

    def _fraction(self, now: float, current: int) -> float:
        before = _STEPS[current - 1][2] if current else 0.0
        _, _, after, seconds = _STEPS[current]
        if self.step is not None and self.step.total:
            part = self.step.done / self.step.total
        else:
            part = 1 - math.exp(-(now - self._step_began) / seconds)
        return before + (after - before) * min(part, 1.0)


def _place(step: StartupStep | None) -> int:
    phase = step.phase if step else StartupPhase.STARTING
    phase = _SAME.get(phase, phase)
    return next(place for place, (known, *_) in enumerate(_STEPS) if known is phase)


def _patience(step: StartupStep | None) -> str:
    if step is not None and step.phase is StartupPhase.CREATING_DATABASE:
        return "Only the first start creates it"
    return "Help and quit work already"


def _spread(left: str, left_style: str, right: str, right_style: str, width: int) -> Content:
    room = max(0, width - cell_len(right) - 1)
    if cell_len(left) > room:
        left = set_cell_size(left, max(0, room - 1)) + "…"
    gap = max(1, width - cell_len(left) - cell_len(right))
    return Content.assemble((left, left_style), " " * gap, (right, right_style) if right else "")


def _bar(fraction: float, width: int) -> Content:
    full = round(fraction * width)
    return Content.assemble(("━" * full, "$accent"), ("─" * (width - full), "$hairline"))


def _failure(problem: Problem) -> Iterator[Content]:
    yield Content.styled("Airflow did not come up", "bold $error")
    yield Content("")
    yield Content.styled(one_line(problem.message), "$foreground")
    if problem.remedy:
        yield Content.styled(one_line(problem.remedy), "$muted")
    if problem.detail:
        yield Content("")
        for text in harmless(problem.detail).strip().splitlines()[-_DETAIL_LINES:]:
            yield Content.styled(text.replace("\t", "    "), "$muted")
    yield Content("")
    yield Content.assemble((shown_key("app.reconnect"), "$accent"), " starts it again")
