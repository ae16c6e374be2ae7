"""What Airflow made of a plan, read back before anyone else can see it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from backfill_tui.bridge.planned_dag import instant_of
from backfill_tui.domain.ids import BackfillId
from backfill_tui.domain.instants import Instant
from backfill_tui.domain.launching import Launched
from backfill_tui.domain.outcomes import Verdict
from backfill_tui.domain.planning import BackfillPlan
from backfill_tui.domain.states import RunState

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """One entry of the backfill; `verdict` is what became of it, in the words of the plan."""

    ordinal: int
    verdict: Verdict
    state: RunState | None


def made_by(connection: Connection, backfill_id: BackfillId, new_run_ids: AbstractSet[int]) -> list[Made]:
    """The entries of a backfill in their order; a run not among `new_run_ids` was there before."""
    from airflow.models.backfill import BackfillDagRun, BackfillDagRunExceptionReason
    from airflow.models.dagrun import DagRun
    from sqlalchemy import select

    query = (
        select(
            BackfillDagRun.sort_ordinal,
            BackfillDagRun.dag_run_id,
            BackfillDagRun.exception_reason,
            DagRun.state,
        )
        .outerjoin(DagRun, DagRun.id == BackfillDagRun.dag_run_id)
        .where(BackfillDagRun.backfill_id == backfill_id)
        .order_by(BackfillDagRun.sort_ordinal)
    )
    made = []
    for ordinal, run_id, reason, state in connection.execute(query):
        if run_id is None:
            exists = reason == BackfillDagRunExceptionReason.ALREADY_EXISTS
            verdict = Verdict.SKIP_EXISTS if exists else Verdict.SKIP_IN_FLIGHT
        else:
            verdict = Verdict.CREATE if run_id in new_run_ids else Verdict.REPROCESS
        made.append(Made(ordinal=ordinal, verdict=verdict, state=None if state is None else RunState(state)))
    return made


def launched(backfill_id: BackfillId, made: Iterable[Made], plan: BackfillPlan) -> Launched:
    """What the backfill came to; a run beside the old one of its partition counts as reprocessed."""
    expected = _expected(plan)
    counts = Counter(_as_planned(entry, expected.get(entry.ordinal), plan) for entry in made)
    return Launched(
        backfill_id=backfill_id,
        created=counts[Verdict.CREATE],
        reprocessed=counts[Verdict.REPROCESS],
        skipped=counts[Verdict.SKIP_EXISTS] + counts[Verdict.SKIP_IN_FLIGHT],
    )


def created_at(connection: Connection, backfill_id: BackfillId) -> Instant:
    """When Airflow says that it has created the backfill."""
    from airflow.models.backfill import Backfill
    from sqlalchemy import select

    query = select(Backfill.created_at).where(Backfill.id == backfill_id)
    return instant_of(connection.execute(query).scalar_one())


def differences(made: Iterable[Made], plan: BackfillPlan) -> list[str]:
    """Where Airflow did something else than planned, in sentences; empty when it did not."""
    expected = _expected(plan)
    found: Counter[tuple[Verdict | None, Verdict | RunState | None]] = Counter()
    seen = set()
    for entry in made:
        seen.add(entry.ordinal)
        planned = expected.get(entry.ordinal)
        verdict = _as_planned(entry, planned, plan)
        if verdict is not planned:
            found[planned, verdict] += 1
        elif entry.state not in {None, RunState.QUEUED}:
            found[planned, entry.state] += 1
    if missing := len(expected.keys() - seen):
        found[None, None] = missing
    return sorted(_sentence(count, *what) for what, count in found.items())


def _sentence(count: int, planned: Verdict | None, now: Verdict | RunState | None) -> str:
    dates, have, were = ("1 date", "has", "was") if count == 1 else (f"{count:,} dates", "have", "were")
    if now is None:
        return f"{dates} of the plan {have} no entry"
    if isinstance(now, RunState):
        # Airflow clears the task instances, and queues the run only when there were any.
        return (
            f"{dates} {have} a run without task instances, which Airflow did not queue again: it stays {now}"
        )
    if planned is None:
        return f"{dates} that {were} not due when the plan was made {were} {_DONE[now]}"
    plan = _DONE[planned].partition(",")[0]
    return f"{dates} that {were} to be {plan} {were} {_DONE[now]}"


_DONE: Final = {
    Verdict.CREATE: "created",
    Verdict.REPROCESS: "reprocessed",
    Verdict.SKIP_EXISTS: "skipped, for a run exists",
    Verdict.SKIP_IN_FLIGHT: "skipped, for a run is in flight",
    Verdict.NOT_YET: "not yet due",
}


def is_whole(made: Iterable[Made], plan: BackfillPlan) -> bool:
    """Whether every date that was to be taken up has its entry, and none is missing in between.

    When the task instances of one run can not be inserted, Airflow rolls back all runs before it, logs that
    and goes on (Airflow 3.3 models/dagrun.py, `_create_task_instances`).
    """
    ordinals = [entry.ordinal for entry in made]
    return ordinals == list(range(1, len(ordinals) + 1)) and len(ordinals) >= plan.judged.due


def _expected(plan: BackfillPlan) -> dict[int, Verdict]:
    """The verdicts of the dates that were to be taken up, by their ordinals."""
    return {row + 1: plan.judged.outcome(plan.place(row)).verdict for row in range(plan.judged.due)}


def _as_planned(entry: Made, planned: Verdict | None, plan: BackfillPlan) -> Verdict:
    # Airflow reprocesses a partition by a new run beside the old one.
    if planned is Verdict.REPROCESS and plan.judged.dates.partitioned and entry.verdict.runs:
        return planned
    return entry.verdict
