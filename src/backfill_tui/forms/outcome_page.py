"""The outcome of a backfill as a page: what became of it, the grid as a picture, what failed, how long."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from backfill_tui.domain.failures import Failure
from backfill_tui.domain.ids import RunId, TaskId
from backfill_tui.domain.instants import clock, minute, zone_named
from backfill_tui.domain.numbers import counted
from backfill_tui.domain.progress import BackfillStatus, kinds_of
from backfill_tui.domain.ranges import describe
from backfill_tui.domain.spans import Span
from backfill_tui.domain.states import FAILED_TASK_STATES, TaskState
from backfill_tui.domain.watching import BackfillFacts
from backfill_tui.forms import encode
from backfill_tui.forms.html import (
    Column,
    Markup,
    Text,
    block,
    facts,
    footer,
    heading,
    page,
    paragraph,
    plain,
    table,
)
from backfill_tui.forms.outcome import Errors, Outcome, Pair, second, taken
from backfill_tui.forms.outcome_sums import DateDetails, Sums, TaskTally
from backfill_tui.forms.pictures import Strip, grid, inline, legend, said, shapes, strip
from backfill_tui.forms.signs import DATE_SIGNS, TASK_SIGNS, Sign, date_sign, gravest, task_sign

MOST_GRID_CELLS: Final = 6_000
MOST_GRID_COLUMNS: Final = 60
"""A larger grid is folded into a strip: one cell a date."""
_MOST_GROUPS: Final = 200
_STATUS_SIGNS: Final = {
    BackfillStatus.DONE: TASK_SIGNS[TaskState.SUCCESS],
    BackfillStatus.DONE_WITH_FAILURES: TASK_SIGNS[TaskState.FAILED],
    BackfillStatus.RUNNING: TASK_SIGNS[TaskState.RUNNING],
    BackfillStatus.QUEUED: TASK_SIGNS[TaskState.QUEUED],
    BackfillStatus.CANCELLED: DATE_SIGNS["cancelled"],
}


def outcome_page(outcome: Outcome, conf: str, pairs: Iterable[Pair]) -> Iterator[str]:
    """The page; all task instances pass before its first word is written, and of them only sums are kept."""
    sums = Sums(outcome)
    sums.take(pairs)
    return page(f"{outcome.title}: {outcome.stands.sentence}", _body(outcome, conf, sums))


def _body(outcome: Outcome, conf: str, sums: Sums) -> Iterator[str]:
    signs = [*DATE_SIGNS.values(), *TASK_SIGNS.values()]
    yield shapes([*signs, *_STATUS_SIGNS.values()])
    yield heading(outcome.title, 1)
    yield paragraph(_status(outcome), "status")
    yield from facts(_facts(outcome, conf))
    yield from _counts(outcome, sums)
    yield from _picture(outcome)
    yield from _waits(outcome)
    yield from _failures(outcome)
    yield from _dates(outcome, sums)
    yield from _tasks(sums)
    yield footer(outcome.version)


def _status(outcome: Outcome) -> Markup:
    stands = outcome.stands
    sign = _STATUS_SIGNS.get(stands.status)
    word = str(stands.status).replace("_", " ")
    words = f"{word}: {stands.sentence}"
    return Markup(f"{inline(sign) if sign else ''}<strong><bdi>{plain(words)}</bdi></strong>")


def _facts(outcome: Outcome, conf: str) -> Iterator[tuple[str, Text]]:
    known, environment = outcome.whole.facts, outcome.environment
    zone = zone_named(known.timezone)
    span = describe(Span(known.from_date, known.to_date), zone, known.timezone)
    yield "Dag", known.dag_id
    yield "Range", f"{span.local} {span.timezone} ({span.length})"
    if known.timezone != "UTC":
        yield "Range in UTC", span.utc
    if isinstance(known, BackfillFacts):
        yield from _backfill_facts(outcome, known)
    if conf:
        yield "Dag run conf", block(conf)
    yield "Airflow", environment.words
    yield "Read at", f"{second(outcome.whole.read_at, 'UTC')} UTC"


def _backfill_facts(outcome: Outcome, known: BackfillFacts) -> Iterator[tuple[str, Text]]:
    summary = outcome.backfill
    took = None if summary is None else encode.took_of(summary)
    yield "Reprocess behavior", known.reprocess_behavior.label
    yield "Max active runs", f"{known.max_active_runs:,}"
    yield "Created", f"{second(known.created_at, known.timezone)} {known.timezone}"
    yield "By", known.triggering_user or ""
    if summary is not None and summary.ended_at is not None:
        yield "Last run ended", f"{second(summary.ended_at, known.timezone)} {known.timezone}"
    if took is not None:
        yield "Took", clock(took) if outcome.stands.status.finished else f"{clock(took)} so far"
    yield "Note", known.note
    if known.stop_after_failures is not None:
        yield "Stop after failures", f"{known.stop_after_failures:,}"


def _counts(outcome: Outcome, sums: Sums) -> Iterator[str]:
    yield heading("Counts")
    kinds = Counter(kinds_of(row)[0] for row in outcome.rows)
    dates = [(DATE_SIGNS[kind], kinds[kind]) for kind in DATE_SIGNS if kinds[kind]]
    yield from _count_line(counted(len(outcome.rows), "date"), dates)
    states: Counter[TaskState] = Counter()
    for tally in sums.tasks.values():
        states.update(tally.states)
    tasks = [(TASK_SIGNS[state], states[state]) for state in TASK_SIGNS if states[state]]
    yield from _count_line(counted(states.total(), "task instance"), tasks)


def _count_line(of: str, counts: list[tuple[Sign, int]]) -> Iterator[str]:
    yield paragraph(of, "note")
    items = "".join(f"<li>{said(sign, f'{number:,} {sign.word}').html}</li>" for sign, number in counts)
    yield f'<ul class="legend">{items}</ul>\n'


def _picture(outcome: Outcome) -> Iterator[str]:
    rows, store = outcome.rows, outcome.whole.store
    if not rows:
        return
    yield heading("Grid")
    columns = store.columns
    cells = len(rows) * (len(columns) + 1)
    if cells <= MOST_GRID_CELLS and len(columns) <= MOST_GRID_COLUMNS:
        seen = {
            *map(date_sign, rows),
            *(task_sign(code) for row in range(len(rows)) for code in store.row_cells(row)),
        }
        yield from grid(
            [outcome.date_of(row) for row in rows],
            [column.task_id for column in columns],
            lambda row: date_sign(store.rows[row]),
            lambda row: [task_sign(code) for code in store.row_cells(row)],
            "A line a date in the order of execution, a column a task; "
            "a mapped task shows the most urgent state of its task instances",
        )
        yield legend(sign for sign in [*DATE_SIGNS.values(), *TASK_SIGNS.values()] if sign in seen)
        return
    dates = Strip(
        len(rows),
        lambda place: date_sign(rows[place]),
        lambda place: outcome.date_of(rows[place]),
        lambda signs: gravest(signs, DATE_SIGNS.values()),
    )
    each = dates.dates_a_cell
    a_cell = "one cell a date" if each == 1 else f"one cell for {each} dates, with the gravest of them"
    yield from strip(
        dates,
        f"{counted(len(rows), 'date')} of {counted(len(columns), 'task')} are more than a grid can show: "
        f"{a_cell}, in the order of execution; the export as CSV or JSON has every task instance",
    )
    seen = set(map(date_sign, rows))
    yield legend(sign for sign in DATE_SIGNS.values() if sign in seen)


def _waits(outcome: Outcome) -> Iterator[str]:
    if outcome.stands.status.finished or not outcome.whole.causes:
        return
    yield heading("Why something waits")
    for cause in outcome.whole.causes:
        yield paragraph(f"{cause.sentence}: {cause.remedy}" if cause.remedy else cause.sentence)


def _failures(outcome: Outcome) -> Iterator[str]:
    if not outcome.groups:
        return
    yield heading("What failed")
    columns = (
        Column("Dates", number=True), Column("Failures", number=True), Column("Task"),
        Column("First", kind="tight"), Column("Last", kind="tight"), Column("What went wrong"),
    )  # fmt: skip
    rows = (
        (
            f"{len(group.ordinals):,}", f"{len(group.failures):,}", group.task_id or "-",
            _date_of(outcome, group.failures[0]), _date_of(outcome, group.failures[-1]), group.words,
        )
        for group in outcome.groups[:_MOST_GROUPS]
    )  # fmt: skip
    of = f"{counted(len(outcome.failures), 'failure')} in {counted(len(outcome.groups), 'group')}"
    yield from table(f"{of}, each of one task and one error, that of the most dates first", columns, rows)
    if len(outcome.groups) > _MOST_GROUPS:
        yield paragraph(f"{len(outcome.groups) - _MOST_GROUPS:,} smaller groups are left out here", "note")
    if outcome.failed_in_all > len(outcome.failures):
        yield paragraph(
            f"{outcome.failed_in_all:,} failed in all; the logs of {len(outcome.failures):,} were read",
            "note",
        )


def _date_of(outcome: Outcome, failure: Failure) -> str:
    if failure.logical_date is None:
        return failure.partition_key or ""
    return minute(failure.logical_date, zone_named(outcome.whole.facts.timezone))


def _dates(outcome: Outcome, sums: Sums) -> Iterator[str]:
    if not sums.dates:
        return
    yield heading("Dates" if sums.lists_all else "Failed dates")
    columns = (
        Column("#", number=True), Column("Logical date", kind="tight"), Column("Run", kind="tight"),
        Column("Started", kind="tight"), Column("Took", number=True, kind="tight"),
        Column("Tasks", number=True, kind="tight"), Column("Tries", number=True),
        Column("What failed, and notes"),
    )  # fmt: skip
    errors = outcome.errors()
    caption = f"Times are of {outcome.whole.facts.timezone}; tasks are those that succeeded, of all"
    yield from table(caption, columns, (_date_cells(outcome, each, errors) for each in sums.dates))
    left = (len(outcome.rows) if sums.lists_all else sums.failed_dates) - len(sums.dates)
    if left:
        yield paragraph(f"{left:,} more are left out here; the export as CSV has them all", "note")


def _date_cells(outcome: Outcome, details: DateDetails, errors: Errors) -> tuple[Text, ...]:
    row, known = details.row, outcome.whole.facts
    took = taken(row.started_at, row.ended_at)
    return (
        f"{row.ordinal:,}",
        outcome.date_of(row),
        said(date_sign(row)),
        "" if row.started_at is None else second(row.started_at, outcome.whole.facts.timezone),
        "" if took is None else clock(took),
        f"{details.succeeded}/{details.number}" if details.number else "",
        f"{details.tries:,}" if details.tries else "",
        _what_failed(details, errors, known.note if isinstance(known, BackfillFacts) else ""),
    )


def _what_failed(details: DateDetails, errors: Errors, of_all: str) -> Text:
    parts: list[str] = []
    run_id = details.row.run_id or RunId("")
    for line in details.failed:
        name = line.task_id if line.map_index < 0 else f"{line.task_id}[{line.map_index}]"
        error = errors.get((run_id, line.task_id, line.map_index), "failed")
        parts.append(f"{name}, try {line.try_number}: {error}")
    left = details.failed_in_all - len(details.failed)
    if left:
        parts.append(f"and {left:,} more")
    if not parts and details.row.failed:
        parts.append(errors.get((run_id, TaskId(""), -1), ""))
    if details.note and details.note != of_all:
        parts.append(f"note: {details.note}")
    return "; ".join(filter(None, parts))


def _tasks(sums: Sums) -> Iterator[str]:
    if not sums.tasks:
        return
    yield heading("Tasks")
    columns = (
        Column("Task"), Column("Instances", number=True), Column("Succeeded", number=True),
        Column("Failed", number=True), Column("Other", number=True), Column("Tries", number=True),
        Column("Mean", number=True, kind="tight"), Column("Longest", number=True, kind="tight"),
    )  # fmt: skip
    rows = (_task_cells(task_id, tally) for task_id, tally in sums.tasks.items())
    yield from table("How long the latest tries took, from start to end", columns, rows)


def _task_cells(task_id: TaskId, tally: TaskTally) -> tuple[Text, ...]:
    total, states = tally.states.total(), tally.states
    failed = sum(states[state] for state in FAILED_TASK_STATES)
    other = total - failed - states[TaskState.SUCCESS]
    return (
        task_id,
        f"{total:,}",
        f"{states[TaskState.SUCCESS]:,}",
        said(TASK_SIGNS[TaskState.FAILED], f"{failed:,}") if failed else "0",
        f"{other:,}",
        f"{tally.tries:,}",
        clock(tally.time // tally.timed) if tally.timed else "",
        clock(tally.longest) if tally.timed else "",
    )
