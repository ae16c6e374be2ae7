"""All backfills, newest first, each with the status that its runs give it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from rich.style import Style
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.getters import query_one
from textual.message import Message
from textual.widgets import Static

from backfill_tui.domain.instants import minute, zone_named
from backfill_tui.domain.problems import Problem
from backfill_tui.domain.states import RunState
from backfill_tui.domain.text import one_line
from backfill_tui.domain.watching import BackfillFacts, BackfillSummary
from backfill_tui.ui.command import bindings
from backfill_tui.ui.glyphs import RUN_MARKS, STATUS_MARKS, Look
from backfill_tui.ui.listing import percent_done, standing_of
from backfill_tui.ui.screens.base import PlaceScreen
from backfill_tui.ui.text import Part, fit
from backfill_tui.ui.watch_commands import BACKFILLS
from backfill_tui.ui.widgets.environment_line import EnvironmentLine
from backfill_tui.ui.widgets.key_line import KeyLine
from backfill_tui.ui.widgets.line_list import LineList
from backfill_tui.ui.workers import ask, is_busy

_READ_SECONDS: Final = 2.0
_RANGE: Final = 22
_STATUS: Final = 25
_WHO: Final = 16
_WIDE: Final = 110
_PLAIN: Final = Style()


class BackfillsRead(Message):
    """The backfills as they are now, newest first."""

    def __init__(self, backfills: tuple[BackfillSummary, ...]) -> None:
        super().__init__()
        self.backfills = backfills


class BackfillsNotRead(Message):
    """The backfills could not be read."""

    def __init__(self, problem: Problem) -> None:
        super().__init__()
        self.problem = problem


@dataclass(frozen=True, slots=True, kw_only=True)
class _Widths:
    """The columns whose width depends on the screen and on what is in them."""

    number: int
    dag: int
    runs: int
    who: int


class BackfillTable(LineList):
    """One line a backfill; the cursor stays on its backfill while the list changes."""

    def __init__(self) -> None:
        super().__init__(id="backfills")
        self._backfills: tuple[BackfillSummary, ...] = ()

    @property
    def row_count(self) -> int:
        """How many backfills there are."""
        return len(self._backfills)

    @property
    def current(self) -> BackfillSummary | None:
        """The backfill under the cursor."""
        return self._backfills[self.cursor] if self._backfills else None

    def show(self, backfills: tuple[BackfillSummary, ...]) -> None:
        """Take over what was read; only lines that changed are drawn again."""
        before, self._backfills = self._backfills, backfills
        numbers = [one.facts.backfill_id for one in backfills]
        if numbers == [one.facts.backfill_id for one in before]:
            for at, (was, now) in enumerate(zip(before, backfills, strict=True)):
                if (was.facts, was.counts) != (now.facts, now.counts):
                    self.refresh_row(at)
            return
        under = before[self.cursor].facts.backfill_id if before else None
        self.reload()
        if under in numbers:
            self.cursor = numbers.index(under)

    def draw_header(self, width: int) -> str:
        """The names of the columns."""
        at = self._widths(width)
        words = f"{'#':>{at.number}}  {fit('Dag', at.dag)}  {fit('Range', _RANGE)}  {fit('Status', _STATUS)}"
        return words + f"  {'Runs':>{at.runs}}" + (f"  {fit('Who', at.who)}" if at.who else "")

    def draw_row(self, row: int, width: int, look: Look) -> list[Part]:
        """One backfill."""
        summary = self._backfills[row]
        facts = summary.facts
        at = self._widths(width)
        parts: list[Part] = [
            (f"{facts.backfill_id:>{at.number}}  ", look.muted),
            (f"{fit(facts.dag_id, at.dag)}  ", _PLAIN),
            (f"{fit(range_words(facts), _RANGE)}  ", look.muted),
            *_status_parts(summary, look),
            (f"  {_runs_words(summary):>{at.runs}}", _PLAIN),
        ]
        if at.who:
            parts.append((f"  {fit(facts.triggering_user or '', at.who)}", look.muted))
        return parts

    def _widths(self, width: int) -> _Widths:
        number = max((len(str(one.facts.backfill_id)) for one in self._backfills), default=1)
        runs = max((len(_runs_words(one)) for one in self._backfills), default=0)
        number, runs = max(2, number), max(len("Runs"), runs)
        who = _WHO if width >= _WIDE else 0
        taken = number + 2 + 2 + _RANGE + 2 + _STATUS + 2 + runs + (who + 2 if who else 0) + 1
        return _Widths(number=number, dag=max(8, width - taken), runs=runs, who=who)


class BackfillsScreen(PlaceScreen[None]):
    """Lists the backfills of all Dags; enter watches one."""

    PLACE = "backfills"
    HELP = (
        "All backfills, newest first. The status is read off their runs: Airflow's own mark of completion "
        "can come before the last run has ended."
    )
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(BACKFILLS)]
    DEFAULT_CSS = """
    BackfillsScreen #backfills-notice { height: auto; padding: 1 2; color: $muted; }
    BackfillsScreen #backfills-notice.-bad { color: $error; }
    BackfillsScreen #backfills-notice.-hidden { display: none; }
    """

    table = query_one(BackfillTable)
    notice = query_one("#backfills-notice", Static)

    def compose(self) -> ComposeResult:
        """The list under the environment."""
        yield EnvironmentLine("Backfills")
        yield Static("Reading the backfills…", id="backfills-notice", markup=False)
        yield BackfillTable()
        yield KeyLine(self.PLACE)

    def on_mount(self) -> None:
        """Read now, and again while the list is shown."""
        self.table.focus()
        self.set_interval(_READ_SECONDS, self._read_again)

    def on_screen_resume(self) -> None:
        """It is seen (again)."""
        self.action_refresh_list()

    def _read_again(self) -> None:
        if self.is_current and not is_busy(self, "backfills"):
            self.action_refresh_list()

    def action_refresh_list(self) -> None:
        """Read the list again."""
        program = self.program
        ask(
            self,
            "backfills",
            lambda _: program.gateway.backfills(),
            BackfillsRead,
            failure=BackfillsNotRead,
        )

    @on(BackfillsRead)
    def _read(self, message: BackfillsRead) -> None:
        self.table.show(message.backfills)
        self.notice.set_class(bool(message.backfills), "-hidden")
        self.notice.remove_class("-bad")
        self.notice.update(
            Content("No Dag has had a backfill yet: choose one in the list of Dags and plan it")
        )
        self.refresh_bindings()

    @on(BackfillsNotRead)
    def _not_read(self, message: BackfillsNotRead) -> None:
        self.notice.remove_class("-hidden")
        self.notice.add_class("-bad")
        self.notice.update(Content(one_line(str(message.problem))))

    @on(LineList.Chosen)
    def _chosen(self) -> None:
        self.action_watch()

    def action_watch(self) -> None:
        """Watch the backfill under the cursor."""
        current = self.table.current
        if current is not None:
            self.program.watch_backfill(current.facts.backfill_id)

    def action_back(self) -> None:
        """Go back."""
        self.dismiss()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """There must be a backfill to watch."""
        if action == "watch":
            return self.is_mounted and self.table.current is not None
        return True


def range_words(facts: BackfillFacts) -> str:
    """`2024-01-01..2024-03-31` in the Dag's timezone; days only, the plan has the rest."""
    zone = zone_named(facts.timezone)
    first, last = (minute(bound, zone)[:10] for bound in (facts.from_date, facts.to_date))
    return first if first == last else f"{first}..{last}"


def _runs_words(summary: BackfillSummary) -> str:
    return f"{summary.counts.finished:,}/{summary.counts.included:,}"


def _status_parts(summary: BackfillSummary, look: Look) -> list[Part]:
    standing = standing_of(summary)
    mark = STATUS_MARKS[standing.status]
    words = f"{look.sign(mark)} {mark.word}"
    if not standing.status.finished:
        words += f" {percent_done(summary)} %"
    counts = summary.counts
    bad = [f"{counts.failed:,} failed"] if counts.failed else []
    bad += [f"{counts.cancelled:,} never ran"] if counts.cancelled else []
    words = fit(words, min(len(words), _STATUS - 2))
    style = look.style(RUN_MARKS[RunState.FAILED]) if counts.failed else look.muted
    rest = fit(", ".join(bad), _STATUS - len(words) - 2)
    return [(f"{words}  ", look.style(mark) + Style(bold=True)), (rest, style)]
