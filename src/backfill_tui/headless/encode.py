"""The JSON of every command, as docs/json.md documents it: instants in ISO 8601 with offset +00:00."""

from __future__ import annotations

from collections.abc import Iterable

from backfill_tui.domain.dags import DagList, DagSummary, ImportProblem
from backfill_tui.domain.environment import EngineStatus
from backfill_tui.domain.instants import Instant, iso
from backfill_tui.domain.progress import Standing
from backfill_tui.domain.repairing import RerunOutcome
from backfill_tui.domain.watching import BackfillFacts, RunCounts

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
    }


def _import_problem(problem: ImportProblem) -> JsonObject:
    return {
        "file": problem.file,
        "sentence": problem.sentence,
        "advice": problem.advice,
        "traceback": problem.traceback,
    }


def backfill(facts: BackfillFacts, counts: RunCounts, stands: Standing) -> JsonObject:
    """A backfill with its truthful status: an entry of `list`, a line of `watch`, an `outcome`."""
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
    }


def rerun(outcome: RerunOutcome) -> JsonObject:
    """What a rerun touches, of the object of `rerun`."""
    return {
        "task_instances": [
            {
                "run_id": task.key.run_id,
                "task_id": task.key.task_id,
                "map_index": task.key.map_index,
                "state": str(task.state),
            }
            for task in outcome.affected
        ],
        "untouched": outcome.untouched,
        "left_alone": [{"run_id": run.run_id, "reason": run.reason} for run in outcome.left_alone],
        "unblocked": list(outcome.unblocked),
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
