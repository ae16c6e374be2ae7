"""One cell of the grid in words: task, date, state, try, duration, operator, and its map indexes."""

from __future__ import annotations

from dataclasses import dataclass, replace

from textual.content import Content
from textual.geometry import Size
from textual.reactive import reactive
from textual.widget import Widget

from backfill_tui.domain.ids import RunId, TaskId
from backfill_tui.domain.instants import SECOND, Instant, clock
from backfill_tui.domain.states import TaskState
from backfill_tui.domain.tasks import TaskInstanceDetails, TaskTry, most_urgent
from backfill_tui.domain.text import one_line
from backfill_tui.ui.glyphs import TASK_MARKS

_GAP = "  "
_MAP_INDEXES_SHOWN = 8
_TRIES_SHOWN = 6
_CAUSES_SHOWN = 2
_DEFAULT_POOL = "default_pool"
_DEFAULT_QUEUE = "default"
_NOT_STARTED = frozenset({TaskState.NONE, TaskState.SCHEDULED, TaskState.QUEUED, TaskState.UPSTREAM_FAILED})


@dataclass(frozen=True, slots=True, kw_only=True)
class CellInView:
    """What is known of the cell under the cursor.

    `instances` are its task instances, most urgent first, empty until they are read, without those that are
    `left_out` because they are very many; `chosen` is the one whose try and log are shown, `try_number` the
    try (0 before the first). `now` is the database's clock.
    `map_index` is that of the column of an unfolded task, with `rest` the first of those that share it.
    `keeps_try` says that the try stays when there is a later one, `stands_for` so where the cell is that of
    several tasks. `date` and `row_says` are the row's own words; `run_id` is None where a row has no run.
    """

    task_id: TaskId
    run_id: RunId | None
    date: str
    state: TaskState
    mapped: bool
    operator: str
    row_says: str = ""
    map_index: int | None = None
    rest: bool = False
    stands_for: str = ""
    instances: tuple[TaskInstanceDetails, ...] = ()
    left_out: int = 0
    chosen: int = 0
    try_number: int = 0
    keeps_try: bool = False
    exception: str = ""
    now: Instant

    @property
    def instance(self) -> TaskInstanceDetails | None:
        """The task instance that is shown."""
        return self.instances[self.chosen] if self.instances else None

    @property
    def is_mapped(self) -> bool:
        """Whether there are map indexes to choose from; the column of one has nothing to choose."""
        if self.map_index is not None and not self.rest:
            return False
        return len(self.instances) > 1 or any(one.key.map_index >= 0 for one in self.instances)

    def ticks(self, now: Instant) -> bool:
        """Whether a running duration reads differently at `now`."""
        instance = self.instance
        runs = instance is not None and instance.started_at is not None and instance.ended_at is None
        return runs and now // SECOND != self.now // SECOND

    @property
    def indexes(self) -> tuple[int, int | None]:
        """The first and the last map index of its column."""
        first = self.map_index or 0
        return first, None if self.map_index is None or self.rest else first

    def with_instances(self, instances: tuple[TaskInstanceDetails, ...], left_out: int = 0) -> CellInView:
        """The same cell with what was read of it; the chosen map index stays, and so does an older try."""
        before = self.instance
        found = most_urgent(filter(self._has, instances))
        keys = [one.key for one in found]
        chosen = keys.index(before.key) if before is not None and before.key in keys else 0
        latest = found[chosen].try_number if found else 0
        looks_back = self.keeps_try or (before is not None and 0 < self.try_number < before.try_number)
        shown = min(self.try_number, latest) if looks_back else latest
        return replace(self, instances=found, left_out=left_out, chosen=chosen, try_number=shown)

    def _has(self, instance: TaskInstanceDetails) -> bool:
        """Whether a task instance is one of its column; one that is not expanded is the first."""
        if self.map_index is None:
            return True
        index = max(0, instance.key.map_index)
        return index >= self.map_index if self.rest else index == self.map_index

    def with_map_index(self, step: int) -> CellInView:
        """The next map index, around the end."""
        if not self.instances:
            return self
        chosen = (self.chosen + step) % len(self.instances)
        return replace(self, chosen=chosen, try_number=self.instances[chosen].try_number, exception="")

    def with_try_before(self) -> CellInView:
        """The try before; the latest one after the first."""
        if self.instance is None:
            return self
        before = self.try_number - 1
        return replace(self, try_number=before if before >= 1 else self.instance.try_number, exception="")


class TaskDetails(Widget):
    """The lines about the cell under the cursor; CSS decides how much room they get."""

    DEFAULT_CSS = """
    TaskDetails {
        height: auto; padding: 0 1; background: $surface;
    }
    """

    cell: reactive[CellInView | None] = reactive[CellInView | None](None, layout=True)

    def __init__(self) -> None:
        super().__init__()
        self._width = 0

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many lines as there are in that width, which is not the widget's own yet."""
        self._width = width
        return super().get_content_height(container, viewport, width)

    def render(self) -> Content:
        """One line in words, the exception, why it waits, the tries if there are several, the map indexes."""
        if self.cell is None:
            return Content("")
        lines = _folded(_headline(self.cell), self._width)
        if self.cell.stands_for:
            lines.append(Content.styled(f"{self.cell.stands_for}; above is the first of these", "$muted"))
        if self.cell.exception:
            lines.append(Content.styled(one_line(self.cell.exception), "bold $error"))
        lines += _waits(self.cell)
        if self.cell.instance is not None and self.cell.instance.past_tries:
            lines.append(_tries(self.cell, self.cell.instance))
        if self.cell.is_mapped:
            lines += _map_indexes(self.cell)
        return Content("\n").join(lines)


def _folded(facts: list[Content], width: int) -> list[Content]:
    """The facts on lines of that width, on one for none, so that a duration is not parted from its unit.

    What is longer than a line, such as why a run waits, is parted anyway and begins where it can.
    """
    lines = [facts[0]]
    for fact in facts[1:]:
        longer = Content(_GAP).join([lines[-1], fact])
        if fact.cell_length <= width < longer.cell_length:
            lines.append(fact)
        else:
            lines[-1] = longer
    return lines


def _waits(cell: CellInView) -> list[Content]:
    """Why it does not begin or go on; what is left out is less grave."""
    instance = cell.instance
    if instance is None or (instance.state is not cell.state and not cell.is_mapped):
        # The grid knows better by now.
        return []
    lines = []
    for cause in instance.waits[:_CAUSES_SHOWN]:
        words = Content.styled(f"waits: {one_line(cause.sentence)}", "$warning")
        remedy = Content.styled(f": {one_line(cause.remedy)}", "$muted") if cause.remedy else Content("")
        lines.append(words + remedy)
    return lines


def _headline(cell: CellInView) -> list[Content]:
    instance = cell.instance
    state = instance.state if instance is not None else cell.state
    mark = TASK_MARKS[state]
    name = one_line(cell.task_id)
    map_index = cell.map_index if instance is None else instance.key.map_index
    if map_index is not None and map_index >= 0:
        name += f"[{map_index}]"
    parts = [Content.styled(name, "bold"), Content(cell.date)]
    if cell.row_says and not (instance is not None and instance.waits):
        parts.append(Content.styled(one_line(cell.row_says), "$muted"))
        return parts
    parts.append(Content.styled(f"{mark.sign.strip()} {mark.word}".strip(), f"bold ${mark.variable}"))
    if instance is not None:
        parts += [Content.styled(words, "$muted") for words in _facts(cell, instance)]
    operator = cell.operator or (instance.operator if instance is not None else "")
    if operator:
        parts.append(Content.styled(one_line(operator), "$muted"))
    if instance is not None:
        parts += [Content.styled(one_line(words), "$muted") for words in _where(instance)]
    return parts


def _facts(cell: CellInView, instance: TaskInstanceDetails) -> list[str]:
    facts = []
    if instance.try_number:
        shown = f"try {cell.try_number} of {max(instance.max_tries, instance.try_number)}"
        older = "" if cell.try_number == instance.try_number else f" (latest {instance.try_number})"
        facts.append(shown + older)
    shown_try = next((one for one in _all_tries(instance) if one.number == cell.try_number), None)
    if shown_try is not None and (took := _took(shown_try, cell.now)):
        facts.append(took)
    return facts


def _where(instance: TaskInstanceDetails) -> list[str]:
    """Pool and queue, unless they are Airflow's own defaults."""
    where = []
    if instance.pool and (instance.pool != _DEFAULT_POOL or instance.pool_slots > 1):
        slots = f" ({instance.pool_slots} slots)" if instance.pool_slots > 1 else ""
        where.append(f"pool {instance.pool}{slots}")
    if instance.queue not in {"", _DEFAULT_QUEUE}:
        where.append(f"queue {instance.queue}")
    return where


def _all_tries(instance: TaskInstanceDetails) -> list[TaskTry]:
    latest = TaskTry(
        number=instance.try_number,
        state=instance.state,
        started_at=instance.started_at,
        ended_at=instance.ended_at,
    )
    return [*instance.past_tries, latest]


def _tries(cell: CellInView, instance: TaskInstanceDetails) -> Content:
    """The last tries with their durations, the shown one in brackets."""
    parts = []
    for one in _all_tries(instance)[-_TRIES_SHOWN:]:
        mark = TASK_MARKS[one.state]
        took = _took(one, cell.now)
        words = f"{one.number} {mark.sign.strip()}{f' {took}' if took else ''}"
        shown = one.number == cell.try_number
        parts.append(Content.styled(f"[{words}]" if shown else f" {words} ", f"${mark.variable}"))
    return Content("").join([Content.styled("tries ", "$muted"), *parts])


def _took(one: TaskTry, now: Instant) -> str:
    """How long a try took, or takes; empty for one that had no process."""
    if one.started_at is None or not _has_run(one):
        return ""
    return clock((one.ended_at if one.ended_at is not None else now) - one.started_at)


def _has_run(instance: TaskTry) -> bool:
    """Whether its times are those of a process.

    Where a state is settled without a process, `TaskInstance.set_state` of Airflow 3.3 makes both the same.
    """
    return instance.state not in _NOT_STARTED and instance.started_at != instance.ended_at


def _map_indexes(cell: CellInView) -> list[Content]:
    """The map indexes in a line or two, the chosen one in brackets; the ones left out are counted."""
    first = min(max(0, cell.chosen - _MAP_INDEXES_SHOWN + 1), len(cell.instances))
    shown = cell.instances[first : first + _MAP_INDEXES_SHOWN]
    parts = []
    for at, one in enumerate(shown, first):
        mark = TASK_MARKS[one.state]
        words = f"{mark.sign}{one.key.map_index}"
        parts.append(Content.styled(f"[{words}]" if at == cell.chosen else f" {words} ", f"${mark.variable}"))
    left = len(cell.instances) - len(shown) + cell.left_out
    rest = Content.styled(f"  and {left:,} more", "$muted") if left else Content("")
    head = Content.styled("map index ", "$muted")
    return [Content("").join([head, *parts, rest])]
