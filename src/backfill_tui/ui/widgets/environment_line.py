"""The top line of every screen: where one is, which Airflow it is, and how that is doing."""

from __future__ import annotations

from typing import NamedTuple

from rich.cells import cell_len
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from backfill_tui.domain.environment import EngineStatus, Environment, Mode
from backfill_tui.domain.instants import SECOND, clock
from backfill_tui.domain.text import one_line
from backfill_tui.ui.connection import Connection
from backfill_tui.ui.keymap import shown_key
from backfill_tui.ui.program import program_of
from backfill_tui.ui.text import end_of, fit
from backfill_tui.ui.widgets.profile_mark import profile_mark

_GAP = "  "
_LEAST = 12
"""Fewer cells of a subject or a note say nothing."""
_READ_ONLY = "read-only"
_MINUTE = 60
_SILENCE = 8
"""Seconds without an answer of the bridge after which the line no longer passes for the truth."""


class Fact(NamedTuple):
    """Something about the environment, and the style it is shown in."""

    words: str
    style: str = "$muted"


class EnvironmentLine(Widget):
    """What the screen is about, then the environment, which comes from the program.

    `title` names the screen, `subject` the thing it shows, `note` says a little about that.
    """

    DEFAULT_CSS = """
    EnvironmentLine { height: 1; padding: 0 1; background: $surface; color: $muted; }
    """

    subject: reactive[str] = reactive("")

    def __init__(self, title: str = "backfill-tui", subject: str = "", note: str = "") -> None:
        super().__init__()
        self._title = title
        self._note = note
        self._says: object = None
        self.set_reactive(EnvironmentLine.subject, subject)

    def on_mount(self) -> None:
        """Follow what the program reads."""
        self._says = self._what_is_read()
        for name in ("environment", "engine_status", "connection", "silent_seconds"):
            self.watch(self.app, name, self._changed, init=False)

    def render(self) -> Content:
        """Title and subject left, health right, and between them as much of the environment as fits."""
        (words, style), facts = self._what_is_read()
        width = self.content_size.width
        right = Content.styled(fit(words, min(width // 2, cell_len(one_line(words)))), style)
        room = width - right.cell_length - len(_GAP)
        profile = program_of(self).profile
        mark = Content("") if profile is None else Content.assemble(profile_mark(profile), _GAP)
        room -= mark.cell_length
        line = _left(self._title, one_line(self.subject), one_line(self._note), facts, room)
        gap = width - mark.cell_length - line.cell_length - right.cell_length
        return Content.assemble(mark, line, " " * max(1, gap), right)

    def _what_is_read(self) -> tuple[tuple[str, str], list[Fact]]:
        """How Airflow is, in words and their style, and which one it is."""
        program = program_of(self)
        says = health(
            program.connection, program.environment, program.engine_status, program.reconnecting.words
        )
        if program.connection is Connection.READY and program.silent_seconds >= _SILENCE:
            says = f"no answer for {program.silent_seconds} s", "$warning"
        return says, _facts(program.environment, program.where, program.read_only)

    def _changed(self) -> None:
        before, self._says = self._says, self._what_is_read()
        if self._says != before:
            self.refresh()


def _facts(environment: Environment | None, where: str, read_only: bool) -> list[Fact]:
    marked = [Fact(_READ_ONLY, "$warning")] if read_only or (environment and environment.read_only) else []
    if environment is None:
        return [*marked, Fact(one_line(where))] if where else marked
    attached = environment.mode is Mode.ATTACHED
    triggerer = [_triggerer(environment)] if attached else []
    # Where it is why something does not move, it comes before what is always the same.
    first, last = (triggerer, []) if environment.waits_for_triggerer else ([], triggerer)
    return [
        *marked,
        Fact(f"{environment.mode} {one_line(environment.where)}"),
        *first,
        Fact(f"Airflow {environment.version}"),
        Fact(", ".join(one_line(name) for name in environment.executor.split(","))),
        Fact(environment.database),
        *last,
        *([_dag_processor(environment)] if attached else []),
    ]


def _triggerer(environment: Environment) -> Fact:
    """How it is: an engine of our own starts one when it is needed."""
    beats = environment.triggerers
    words = _beat_words("triggerer", beats.alive, beats.age_seconds(environment.read_at))
    if environment.waits_for_triggerer:
        return Fact(f"tasks are deferred, {words}", "$warning")
    return Fact(words)


def _dag_processor(environment: Environment) -> Fact:
    beats = environment.dag_processors
    return Fact(_beat_words("dag processor", beats.alive, beats.age_seconds(environment.read_at)))


def _beat_words(name: str, alive: int, age: float | None) -> str:
    """`scheduler 3 s`, `2 triggerers 1 s`, `no triggerer for 0:05:00`, `no triggerer`."""
    seen = "" if age is None else f"{age:.0f} s" if age < _MINUTE else clock(round(age) * SECOND)
    if not alive:
        return f"no {name} for {seen}" if seen else f"no {name}"
    return f"{alive} {name}s {seen}" if alive > 1 else f"{name} {seen}"


def _left(title: str, subject: str, note: str, facts: list[Fact], room: int) -> Content:
    """Title, subject, note and facts in `room` cells.

    Which Airflow it is, and whether it can be changed, is never left out: the note gives way first, then the
    beginning of a long path, then the subject.
    """
    kept = 1 + any(fact.words == _READ_ONLY for fact in facts)
    must, others = facts[:kept], facts[kept:]
    if must:
        before = (fact.words for fact in must[:-1])
        taken = sum(cell_len(part) + len(_GAP) for part in (title, subject, *before) if part)
        shortened = _with_the_end_of_its_path(must[-1].words, room - taken)
        must = [*must[:-1], Fact(shortened, must[-1].style)]
    room -= cell_len(title) + sum(cell_len(fact.words) + len(_GAP) for fact in must)
    parts = [Content.styled(title, "bold $accent")]
    if subject:
        shown = fit(subject, min(cell_len(subject), max(_LEAST, room - len(_GAP))))
        parts.append(Content.styled(shown, "bold $foreground"))
        room -= cell_len(shown) + len(_GAP)
    if note and room - len(_GAP) >= min(_LEAST, cell_len(note)):
        shown = fit(note, min(cell_len(note), room - len(_GAP)))
        parts.append(Content.styled(shown, "$muted"))
        room -= cell_len(shown) + len(_GAP)
    parts += [Content.styled(*fact) for fact in must]
    for fact in others:
        room -= cell_len(fact.words) + len(_GAP)
        if room < 0:
            break
        parts.append(Content.styled(*fact))
    return Content(_GAP).join(parts)


def _with_the_end_of_its_path(fact: str, room: int) -> str:
    """`embedded …/sales/dags/`: of a folder that is too long, its end is what tells it from others."""
    mode, gap, where = fact.partition(" ")
    left = max(_LEAST, room - cell_len(mode) - 1)
    return fact if cell_len(where) <= left else f"{mode}{gap}…{end_of(where, left - 1)}"


def health(
    connection: Connection, environment: Environment | None, engine: EngineStatus | None, trying: str = ""
) -> tuple[str, str]:
    """How Airflow is, in words, and the style they are shown in."""
    if connection is Connection.LOST and trying:
        return trying, "bold $warning"
    if connection is Connection.LOST:
        return f"no bridge: {shown_key('app.reconnect')} restarts it", "bold $error"
    if connection is Connection.FAILED:
        return "Airflow did not come up", "bold $error"
    if environment is None or connection is Connection.STARTING:
        return "starting", "$muted"
    if engine is not None and engine.problem:
        return f"engine stopped: {engine.problem}", "bold $error"
    return _scheduler(environment, engine)


def _scheduler(environment: Environment, engine: EngineStatus | None) -> tuple[str, str]:
    age = environment.heartbeat_age_seconds
    if engine is not None and not engine.running:
        # Its last heartbeat may still look fresh.
        return f"engine stopped: {shown_key('app.engine')} starts it", "$warning"
    if environment.scheduler_alive:
        return _beat_words("scheduler", max(1, environment.schedulers), age), "$muted"
    if engine is not None:
        return "engine starting", "$state-up-for-retry"
    return _beat_words("scheduler", 0, age), "$warning"
