"""Where a backfill or a range stands: its status in words, how far it is, and its runs counted by state."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Final

from textual import events, on
from textual.content import Content
from textual.reactive import reactive, var
from textual.widget import Widget

from backfill_tui.domain.causes import Cause
from backfill_tui.domain.dag_range import GridFacts
from backfill_tui.domain.environment import EngineStatus
from backfill_tui.domain.instants import Instant
from backfill_tui.domain.pace_words import left_words
from backfill_tui.domain.progress import Standing, TaskProgress, standing, with_causes, with_engine
from backfill_tui.domain.range_progress import range_standing
from backfill_tui.domain.text import one_line
from backfill_tui.domain.throughput import Pace
from backfill_tui.domain.watching import BackfillFacts, RunCounts
from backfill_tui.ui.glyphs import STATUS_MARKS
from backfill_tui.ui.listing import percent_of
from backfill_tui.ui.program import program_of
from backfill_tui.ui.widgets.progress_words import (
    bar,
    broken_at,
    count_words,
    done_words,
    fitting,
    pace_words,
)

_ABOUT_NOTHING: Final = "Runs of these dates appear here; plan some from the list of Dags"
_LEAST_LINES: Final = 3
STALE_AFTER_SECONDS: Final = 5.0
"""A reading comes every fifth of a second; after this long without one its age is shown."""

_LOOK_SECONDS = 1.0
_WIDE: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What the header shows: the facts, the runs counted, both as of `read_at` by the database's clock.

    `engine` is the embedded engine's last word, None where there is none; `tasks` are the cells, counted;
    `causes` are why something of it waits, the main one first.
    """

    facts: GridFacts
    counts: RunCounts
    total_rows: int
    read_at: Instant
    engine: EngineStatus | None = None
    tasks: TaskProgress = field(default_factory=TaskProgress)
    causes: tuple[Cause, ...] = ()

    @property
    def standing(self) -> Standing:
        """Where the backfill or the range stands."""
        facts = self.facts
        if isinstance(facts, BackfillFacts):
            stands = standing(facts, self.counts, self.read_at)
        else:
            stands = range_standing(facts, self.counts, self.read_at)
        stands = with_causes(stands, self.causes)
        return with_engine(stands, self.engine)

    @property
    def backfill(self) -> BackfillFacts | None:
        """The facts of the backfill, None where a range is watched."""
        return self.facts if isinstance(self.facts, BackfillFacts) else None

    def looks_like(self, other: Progress | None) -> bool:
        """Whether both say the same; they differ with every reading in when they were read."""
        return (
            other is not None
            and (self.tasks, self.counts, self.total_rows) == (other.tasks, other.counts, other.total_rows)
            and (self.standing, self.causes) == (other.standing, other.causes)
            and _control(self.facts) == _control(other.facts)
        )

    def offers_like(self, other: Progress | None) -> bool:
        """Whether the same can be done to both, however many runs it would be done to."""
        return other is not None and _offers(self) == _offers(other)

    @property
    def is_empty(self) -> bool:
        """Whether a range is watched in which there is nothing."""
        return self.backfill is None and not self.total_rows

    @property
    def percent(self) -> int:
        """Finished runs of those the backfill has."""
        return percent_of(self.counts)


class ProgressHeader(Widget):
    """Three lines over the grid, or more where words need them; `progress` is None until the first reading.

    `arrived_at` is when the last reading came, by the program's clock; `broken` says that none will come.
    `armed` says that a circuit breaker is on: it and the note of the launch have a line of their own. `shown`
    says which dates the grid shows, where these are not all; `pace` is how fast runs end, as far as it is
    known. `keys` carry out what is advised, and `waits` is a reason that no row of the grid gives.
    """

    HELP = (
        "The status is read off the runs themselves; Airflow's own mark of completion can be early or late."
    )
    DEFAULT_CSS = """
    ProgressHeader { height: 3; padding: 0 1; background: $background; text-wrap: nowrap; }
    """

    progress: reactive[Progress | None] = reactive[Progress | None](None)
    broken: reactive[bool] = reactive(default=False)
    age: reactive[int] = reactive(0)
    armed: reactive[str] = reactive("")
    shown: reactive[str] = reactive("")
    keys: reactive[str] = reactive("")
    waits: reactive[str] = reactive("")
    pace: var[Pace] = var(Pace())
    arrived_at: var[float] = var(0.0)

    def on_mount(self) -> None:
        """Keep an eye on the age of what is shown."""
        self.set_interval(_LOOK_SECONDS, self.look_at_clock)

    def watch_progress(self) -> None:
        """Its words may need more lines, or fewer."""
        self.fit()

    def watch_armed(self) -> None:
        """It is on, or off."""
        self.fit()

    def watch_keys(self) -> None:
        """The advice has other keys."""
        self.fit()

    def watch_waits(self) -> None:
        """Another reason is told."""
        self.fit()

    def watch_age(self) -> None:
        """More digits, or words that were not there."""
        self.fit()

    def watch_broken(self) -> None:
        """Other words."""
        self.fit()

    def watch_pace(self, before: Pace, now: Pace) -> None:
        """It changes with every reading, and reads the same for long."""
        if _paced(before) != _paced(now):
            self.refresh()

    @on(events.Resize)
    def fit(self) -> None:
        """As high as its words."""
        self.styles.height = max(_LEAST_LINES, len(self._lines()))

    def watch_arrived_at(self) -> None:
        """A reading came: nothing is stale."""
        self.look_at_clock()

    def look_at_clock(self) -> None:
        """Find the age of the last reading; it is 0 while readings come in time."""
        seconds = program_of(self).clock() - self.arrived_at if self.arrived_at else 0.0
        self.age = int(seconds) if self.broken or seconds >= STALE_AFTER_SECONDS else 0

    def render(self) -> Content:
        """Status, bar and counts."""
        return Content("\n").join(self._lines())

    def _lines(self) -> list[Content]:
        width = self.content_size.width
        if self.progress is None:
            return [Content.styled("" if self.broken else "Reading the dates ...", "$muted")]
        counted = count_words(self.progress.counts)
        if self.shown:
            counted.insert(0, Content.styled(self.shown, "bold $accent"))
        lines = [
            *self._status(self.progress, width),
            self._bar(self.progress, width),
            self._counted(counted, width),
        ]
        note = self.progress.backfill.note if self.progress.backfill is not None else ""
        if note or self.armed:
            lines.append(self._said(note, width))
        return lines

    def _counted(self, parts: list[Content], width: int) -> Content:
        """The counts, and how fast runs end as far as they leave room."""
        counted = fitting(parts, width)
        pace = pace_words(self.pace, width - counted.cell_length - 2)
        return _spread(counted, pace, width) if pace.plain else counted

    def _said(self, note: str, width: int) -> Content:
        """The circuit breaker and the note; where both have no room the breaker has fewer words."""
        said = [f"Note: {one_line(note)}"] if note else []
        armed = self.armed[:1].upper() + self.armed[1:]
        whole = Content("   ").join([armed, *said] if armed else said)
        if whole.cell_length > width and armed:
            whole = Content("   ").join([armed.partition(",")[0], *said])
        return Content.styled(whole.plain, "$muted").truncate(width, ellipsis=True)

    def _status(self, progress: Progress, width: int) -> list[Content]:
        """The state in words with what to do about it, on a second line as far as the first has no room."""
        now, is_old = progress.standing, self.broken or self.age > 0
        mark = STATUS_MARKS[now.status]
        colon = "" if now.status in {now.status.RUNNING, now.status.QUEUED} else ":"
        status = Content.styled(f"{mark.sign} {mark.word}{colon}", f"bold ${mark.variable}")
        said = [status, Content(one_line(_why(progress, now, self.waits)))]
        if is_old:
            stale = f"STALE {self.age} s" if self.age else "NOT READ"
            said = [Content.styled(f"! {stale},", "bold $warning"), Content("it was"), *said]
        # Only once the stream is broken are the keys those that read again.
        remedy = now.remedy if not is_old else "read again" if self.broken and self.keys else ""
        advice = _advice(self.keys, one_line(remedy)) if remedy else Content("")
        percent = Content.styled("" if progress.is_empty else f"{progress.percent} %", "bold")
        moves = now.status is now.status.RUNNING and not is_old
        remaining = left_words(self.pace) if moves else ""
        both = Content.assemble((remaining, "$muted"), "  ", percent)
        first, rest = broken_at(Content(" ").join(said), advice, width - percent.cell_length - 2)
        has_room = not rest.plain and first.cell_length + 2 + both.cell_length <= width
        lines = [_spread(first, both if remaining and has_room else percent, width)]
        return [*lines, Content("  ").append(rest).truncate(width, ellipsis=True)] if rest.plain else lines

    def _bar(self, progress: Progress, width: int) -> Content:
        if progress.is_empty:
            return Content.styled(_ABOUT_NOTHING, "$muted").truncate(width, ellipsis=True)
        counts = progress.counts
        done = f"  {done_words(counts, progress.tasks, width)}"
        if counts.total < progress.total_rows:
            done = f"  reading {counts.total:,}/{progress.total_rows:,}"
        parts = [
            Content.styled(mark.sign * cells, f"${mark.variable}")
            for mark, cells in bar(counts, max(1, width - len(done)))
        ]
        return Content("").join([*parts, Content.styled(done, "$muted")])


def _paced(pace: Pace) -> object:
    """All that is told of it, as it is told."""
    return left_words(pace), pace_words(pace, _WIDE)


def _why(progress: Progress, now: Standing, waits: str) -> str:
    """The sentence of the standing, with the main cause where it is that cause that the remedy is about.

    Else with what no row of the grid says. What blocks or pauses it says its sentence already: the cause
    would say it twice, and with an age of its own.
    """
    if now.status in {now.status.BLOCKED, now.status.PAUSED}:
        return now.sentence
    main = progress.causes[0] if progress.causes else None
    if main is not None and (main.of_all_at_rest or (main.remedy and main.remedy == now.remedy)):
        waits = main.sentence
    return f"{now.sentence}, waits: {waits}" if waits and waits not in now.sentence else now.sentence


def _advice(keys: str, remedy: str) -> Content:
    """`(u: unpause the Dag)`, without the key where there is none."""
    if not keys:
        return Content.styled(f"({remedy})", "$muted")
    return Content.assemble(("(", "$muted"), (keys, "bold $accent"), (f": {remedy})", "$muted"))


def _offers(progress: Progress) -> object:
    """What decides which keys apply: of the counts only whether there are any."""
    counts, facts = progress.counts, progress.facts
    there_are = tuple(bool(getattr(counts, one.name)) for one in fields(counts))
    has_others = counts.active > counts.rerunning
    status, failed_tasks = progress.standing.status, bool(progress.tasks.failed)
    return there_are, has_others, status, failed_tasks, facts.dag_is_paused, _control(facts)


def _control(facts: GridFacts) -> tuple[bool, bool]:
    """What decides, beside the runs, what can be done to it."""
    if not isinstance(facts, BackfillFacts):
        return False, False
    return facts.is_paused, facts.completed_at is None


def _spread(left: Content, right: Content, width: int) -> Content:
    room = width - right.cell_length - 2
    left = left.truncate(room, ellipsis=True) if left.cell_length > room else left
    return Content.assemble(left, " " * (width - left.cell_length - right.cell_length), right)
