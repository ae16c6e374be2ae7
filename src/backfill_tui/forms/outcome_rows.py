"""The outcome of a backfill as JSON, and as the rows of a CSV file."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from backfill_tui.domain.ids import RunId, TaskId
from backfill_tui.domain.instances import InstanceLine, RunInstances
from backfill_tui.domain.instants import SECOND, Microseconds
from backfill_tui.domain.progress import kinds_of
from backfill_tui.domain.states import TaskState
from backfill_tui.domain.watching import BackfillFacts, RunRow
from backfill_tui.forms import encode, encode_failures
from backfill_tui.forms.csv_cells import safe_cell
from backfill_tui.forms.encode import JsonObject, when
from backfill_tui.forms.outcome import Errors, Outcome, Pair, taken
from backfill_tui.forms.text_parts import csv_parts, json_parts

_RUN_COLUMNS: Final = (
    "ordinal",
    "logical_date",
    "partition_key",
    "outcome",
    "membership",
    "run_id",
    "run_type",
    "triggering_user",
    "note",
    "run_started_at",
    "run_ended_at",
    "run_duration_seconds",
)
TASK_HEADER: Final = (
    *_RUN_COLUMNS,
    "task_id",
    "map_index",
    "state",
    "try_number",
    "started_at",
    "ended_at",
    "duration_seconds",
    "error",
)
_COUNTED: Final = (
    TaskState.SUCCESS,
    TaskState.FAILED,
    TaskState.UPSTREAM_FAILED,
    TaskState.SKIPPED,
)
DATE_HEADER: Final = (
    *_RUN_COLUMNS,
    "task_instances",
    *(f"tasks_{state}" for state in _COUNTED),
    "tries",
    "tasks_duration_seconds",
    "error",
)
_RUNS_AT_ONCE: Final = 20


def outcome_json(outcome: Outcome, conf: str, pairs: Iterable[Pair]) -> Iterator[str]:
    """One object with everything, as docs/export.md has it."""
    errors = outcome.errors()
    counts: Counter[str] = Counter()
    tail: JsonObject = {"task_counts": counts}

    def entries() -> Iterator[JsonObject]:
        for row, run in pairs:
            if run is not None:
                counts.update(str(line.state) for line in run.instances)
            yield _run(row, run, errors)

    return json_parts(_before(outcome, conf), "runs", entries(), tail, at_a_time=_RUNS_AT_ONCE)


def _before(outcome: Outcome, conf: str) -> JsonObject:
    whole, environment = outcome.whole, outcome.environment
    summary = outcome.backfill
    facts, counts = whole.facts, whole.store.counts()
    about: JsonObject
    if summary is not None:
        about = {**encode.backfill(summary, outcome.stands), "causes": encode.causes(whole.causes)}
    elif not isinstance(facts, BackfillFacts):
        about = encode.dag_range(facts, counts, outcome.stands)
    return {
        "read_at": when(whole.read_at),
        "backfill_tui": outcome.version,
        "airflow": {
            "version": environment.version,
            "executor": environment.executor,
            "database": environment.database,
        },
        "about": about,
        "conf": json.loads(conf) if conf else None,
        "tasks": [
            {
                "task_id": column.task_id,
                "mapped": column.mapped,
                "operator": column.operator,
                "groups": list(column.groups),
            }
            for column in whole.store.columns
        ],
        "failures": {
            "total": outcome.failed_in_all,
            "read": len(outcome.failures),
            "groups": [encode_failures.group(group) for group in outcome.groups],
        },
    }


def _run(row: RunRow, run: RunInstances | None, errors: Errors) -> JsonObject:
    return {
        "ordinal": row.ordinal,
        "logical_date": when(row.logical_date),
        "partition_key": row.partition_key,
        "outcome": kinds_of(row)[0],
        "membership": str(row.membership),
        "run_id": row.run_id,
        "state": None if row.state is None else str(row.state),
        "run_type": None if run is None else run.run_type or None,
        "triggering_user": None if run is None else run.triggering_user,
        "note": "" if run is None else run.note,
        "data_interval_start": None if run is None else when(run.data_interval_start),
        "data_interval_end": None if run is None else when(run.data_interval_end),
        "started_at": when(row.started_at),
        "ended_at": when(row.ended_at),
        "duration_seconds": _seconds(taken(row.started_at, row.ended_at)),
        "task_instances": [] if run is None else [_task(run.run_id, line, errors) for line in run.instances],
    }


def _task(run_id: RunId, line: InstanceLine, errors: Errors) -> JsonObject:
    return {
        "task_id": line.task_id,
        "map_index": line.map_index,
        "state": str(line.state),
        "try_number": line.try_number,
        "started_at": when(line.started_at),
        "ended_at": when(line.ended_at),
        "duration_seconds": _seconds(taken(line.started_at, line.ended_at)),
        "error": errors.get((run_id, line.task_id, line.map_index)),
    }


def outcome_csv(outcome: Outcome, pairs: Iterable[Pair], *, dates_only: bool) -> Iterator[str]:
    """A row for each task instance, or for each date; a date without a run has a row all the same."""
    errors = outcome.errors()
    if dates_only:
        return csv_parts(DATE_HEADER, (_date_row(row, run, errors) for row, run in pairs))
    return csv_parts(TASK_HEADER, (cells for row, run in pairs for cells in _task_rows(row, run, errors)))


def _task_rows(row: RunRow, run: RunInstances | None, errors: Errors) -> Iterator[tuple[object, ...]]:
    head = _run_cells(row, run)
    if run is None or not run.instances:
        yield (*head, *[None] * (len(TASK_HEADER) - len(head)))
        return
    for line in run.instances:
        yield (
            *head,
            safe_cell(line.task_id),
            line.map_index,
            str(line.state),
            line.try_number,
            when(line.started_at),
            when(line.ended_at),
            _seconds(taken(line.started_at, line.ended_at)),
            safe_cell(errors.get((run.run_id, line.task_id, line.map_index))),
        )


def _date_row(row: RunRow, run: RunInstances | None, errors: Errors) -> tuple[object, ...]:
    head = _run_cells(row, run)
    if run is None:
        return (*head, *[None] * (len(DATE_HEADER) - len(head)))
    states = Counter(line.state for line in run.instances)
    times = (taken(line.started_at, line.ended_at) for line in run.instances)
    said = (errors.get((run.run_id, line.task_id, line.map_index)) for line in run.instances)
    return (
        *head,
        len(run.instances),
        *(states[state] for state in _COUNTED),
        sum(line.try_number for line in run.instances),
        sum(time or 0 for time in times) / SECOND,
        safe_cell(next(filter(None, said), errors.get((run.run_id, TaskId(""), -1)))),
    )


def _run_cells(row: RunRow, run: RunInstances | None) -> tuple[object, ...]:
    return (
        row.ordinal,
        when(row.logical_date),
        safe_cell(row.partition_key),
        kinds_of(row)[0],
        str(row.membership),
        safe_cell(row.run_id),
        None if run is None else safe_cell(run.run_type),
        None if run is None else safe_cell(run.triggering_user),
        None if run is None else safe_cell(run.note),
        when(row.started_at),
        when(row.ended_at),
        _seconds(taken(row.started_at, row.ended_at)),
    )


def _seconds(time: Microseconds | None) -> float | None:
    return None if time is None else time / SECOND
