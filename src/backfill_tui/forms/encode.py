"""The JSON of every command, as docs/json.md documents it: instants in ISO 8601 with offset +00:00."""

from __future__ import annotations

from collections.abc import Iterable

from backfill_tui.domain.causes import Cause
from backfill_tui.domain.control import ControlOutcome, Deed, possible_deeds
from backfill_tui.domain.dag_range import RangeFacts
from backfill_tui.domain.dags import DagList, DagSummary, ImportProblem
from backfill_tui.domain.environment import EngineStatus
from backfill_tui.domain.instants import SECOND, Instant, Microseconds, iso
from backfill_tui.domain.journal import JournalEntry
from backfill_tui.domain.marking import MarkOutcome
from backfill_tui.domain.progress import Standing, standing
from backfill_tui.domain.repairing import LeftAlone, RerunOutcome, TaskInstanceKey
from backfill_tui.domain.states import TaskState
from backfill_tui.domain.undoing import UndoOutcome
from backfill_tui.domain.watching import BackfillSummary, RunCounts

JsonObject = dict[str, object]

_COUNTS = ("queued", "running", "success", "failed", "cancelled", "skipped", "deleted", "taken_over")


def when(instant: Instant | None) -> str | None:
    """An instant in ISO 8601, null where there is none."""
    return None if instant is None else iso(instant)


def dags(listed: DagList) -> JsonObject:
    """The object of `dags`."""
    return {
        "read_at": when(listed.read_at),
        "dags": [_dag(dag) for dag in listed.dags],
        "import_problems": [_import_problem(problem) for problem in listed.import_problems],
    }


def _dag(dag: DagSummary) -> JsonObject:
    return {
        "dag_id": dag.dag_id,
        "display_name": dag.display_name,
        "file": dag.file,
        "schedule": dag.schedule,
        "timetable": dag.timetable,
        "timezone": dag.timezone,
        "backfillable": dag.backfillable,
        "not_backfillable_because": dag.not_backfillable_because,
        "partitioned": dag.partitioned,
        "tags": list(dag.tags),
        "owners": list(dag.owners),
        "description": dag.description,
        "is_paused": dag.is_paused,
        "is_stale": dag.is_stale,
        "catchup": dag.catchup,
        "depends_on_past": dag.depends_on_past,
        "start_date": when(dag.start_date),
        "end_date": when(dag.end_date),
        "next_run": when(dag.next_run),
        "max_active_runs": dag.max_active_runs,
        "task_ids": list(dag.task_ids),
        "recent_runs": [
            {"run_id": run.run_id, "logical_date": when(run.logical_date), "state": str(run.state)}
            for run in dag.recent_runs
        ],
        "active_backfills": list(dag.active_backfills),
        "partition_zone": dag.partition_zone,
        "bundle": dag.bundle,
    }


def _import_problem(problem: ImportProblem) -> JsonObject:
    return {
        "file": problem.file,
        "sentence": problem.sentence,
        "advice": problem.advice,
        "traceback": problem.traceback,
        "bundle": problem.bundle,
    }


def backfill(summary: BackfillSummary, stands: Standing) -> JsonObject:
    """A backfill with its truthful status: an entry of `list`, a line of `watch`, an `outcome`."""
    facts, counts, took = summary.facts, summary.counts, took_of(summary)
    deeds = possible_deeds(facts, counts, summary.read_at)
    return {
        "backfill_id": facts.backfill_id,
        "dag_id": facts.dag_id,
        "timezone": facts.timezone,
        "from_date": iso(facts.from_date),
        "to_date": iso(facts.to_date),
        "reprocess_behavior": str(facts.reprocess_behavior),
        "max_active_runs": facts.max_active_runs,
        "created_at": iso(facts.created_at),
        "completed_at": when(facts.completed_at),
        "triggering_user": facts.triggering_user,
        "status": str(stands.status),
        "sentence": stands.sentence,
        "remedy": stands.remedy,
        "counts": {name: getattr(counts, name) for name in _COUNTS},
        "note": facts.note,
        "stop_after_failures": facts.stop_after_failures,
        "ended_at": when(summary.ended_at),
        "duration_seconds": None if took is None else took / SECOND,
        "deeds": [str(deed) for deed in Deed if deed in deeds],
    }


def dag_range(facts: RangeFacts, counts: RunCounts, stands: Standing) -> JsonObject:
    """The dates of a Dag in a range: a line of `watch` with `--from`."""
    return {
        "dag_id": facts.dag_id,
        "timezone": facts.timezone,
        "from_date": iso(facts.from_date),
        "to_date": iso(facts.to_date),
        "status": str(stands.status),
        "sentence": stands.sentence,
        "remedy": stands.remedy,
        "counts": {name: getattr(counts, name) for name in _COUNTS},
    }


def causes(found: Iterable[Cause]) -> list[JsonObject]:
    """Why something of a backfill waits, the main cause first."""
    return [
        {
            "code": str(cause.code),
            "sentence": cause.sentence,
            "remedy": cause.remedy,
            "ordinal": cause.ordinal,
        }
        for cause in found
    ]


def took_of(summary: BackfillSummary) -> Microseconds | None:
    """From the creation of a backfill to the end of its last run, or until now while it goes on.

    None where that is not known: when none of its runs ever began.
    """
    end = summary.ended_at
    if end is None and not standing(summary.facts, summary.counts, summary.read_at).status.finished:
        end = summary.read_at
    return None if end is None else Microseconds(max(0, end - summary.facts.created_at))


def control(outcome: ControlOutcome) -> JsonObject:
    """The object of `pause`, `resume`, `cancel`, `reopen` and `remove`."""
    return {
        "backfill_id": outcome.backfill_id,
        "dag_id": outcome.dag_id,
        "deed": str(outcome.deed),
        "changed": outcome.changed,
        "stopped_queued": outcome.stopped_queued,
        "stopped_running": outcome.stopped_running,
        "ended_tasks": outcome.ended_tasks,
        "skipped_tasks": outcome.skipped_tasks,
        "left_running": outcome.left_running,
        "teardowns": outcome.teardowns,
        "starting": outcome.starting,
        "remarks": list(outcome.remarks),
    }


def journal_entry(entry: JournalEntry) -> JsonObject:
    """A line of `journal`."""
    return {
        "at": iso(entry.at),
        "number": entry.number,
        "phase": str(entry.phase),
        "deed": entry.deed,
        "user": entry.user,
        "where": entry.where,
        "dag_id": entry.dag_id,
        "backfill_id": entry.backfill_id,
        "note": entry.note,
        "runs": [
            {
                "run_id": run.run_id,
                "state": run.state,
                "logical_date": when(run.logical_date),
                "partition_key": run.partition_key,
                "backfill_id": run.backfill_id,
                "tasks": run.tasks,
            }
            for run in entry.runs
        ],
        "details": entry.details,
        "problem": entry.problem,
    }


def rerun(outcome: RerunOutcome) -> JsonObject:
    """What a rerun touches, of the object of `rerun`."""
    return {
        "task_instances": [_instance(task.key, task.state) for task in outcome.affected],
        "let_go": list(outcome.let_go),
        "untouched": outcome.untouched,
        "left_alone": _left_alone(outcome.left_alone),
        "unblocked": list(outcome.unblocked),
        "completed": list(outcome.completed),
        "unversioned": outcome.unversioned,
        "stopped": outcome.stopped,
        "not_done": list(outcome.not_done),
        "unsure": list(outcome.unsure),
        "remarks": list(outcome.remarks),
    }


def mark(outcome: MarkOutcome) -> JsonObject:
    """What a mark changes, of the object of `mark`."""
    return {
        "task_instances": [
            {**_instance(task.key, task.state), "becomes": str(task.becomes)} for task in outcome.affected
        ],
        "again": [_instance(task.key, task.state) for task in outcome.again],
        "runs": [
            {"run_id": run.run_id, "state": str(run.state), "becomes": str(run.becomes)}
            for run in outcome.runs
        ],
        "untouched": outcome.untouched,
        "failed_left": outcome.failed_left,
        "left_alone": _left_alone(outcome.left_alone),
        "teardowns": outcome.teardowns,
        "remarks": list(outcome.remarks),
    }


def undo(outcome: UndoOutcome) -> JsonObject:
    """What an undoing puts back, of the object of `undo`."""
    return {
        "number": outcome.number,
        "deed": outcome.deed,
        "at": iso(outcome.at),
        "user": outcome.user,
        "dag_id": outcome.dag_id,
        "backfill_id": outcome.backfill_id,
        "task_instances": outcome.tasks,
        "run_ids": list(outcome.run_ids),
        "starting": outcome.starting,
        "left_alone": _left_alone(outcome.left_alone),
        "remarks": list(outcome.remarks),
    }


def engine(status: EngineStatus) -> JsonObject:
    """The object of `engine status` and `engine stop`."""
    return {
        "running": status.running,
        "ready": status.ready,
        "pid": status.pid,
        "sentence": status.sentence,
        "problem": status.problem,
        "log_path": status.log_path,
    }


def backfills(entries: Iterable[JsonObject]) -> JsonObject:
    """The object of `list`."""
    return {"backfills": list(entries)}


def _instance(key: TaskInstanceKey, state: TaskState) -> JsonObject:
    """A task instance that a deed touches, in the state it had before."""
    return {
        "run_id": key.run_id,
        "task_id": key.task_id,
        "map_index": key.map_index,
        "state": str(state),
    }


def _left_alone(runs: Iterable[LeftAlone]) -> list[JsonObject]:
    """The runs that a deed leaves alone, each with the reason."""
    return [{"run_id": run.run_id, "reason": run.reason} for run in runs]
