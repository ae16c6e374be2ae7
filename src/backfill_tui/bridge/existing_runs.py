"""The runs that stand where a backfill would make its own: a few range queries, however many dates."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from backfill_tui.bridge.sql_instants import as_instant
from backfill_tui.domain.ids import BackfillId, DagId
from backfill_tui.domain.instants import Instant, iso, to_datetime
from backfill_tui.domain.outcomes import ExistingRun, ExistingRuns
from backfill_tui.domain.plan_dates import ABSENT, DateColumns
from backfill_tui.domain.planning import ReprocessBehavior
from backfill_tui.domain.states import CODES, RunState, TaskState, task_code

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

TaskCounts = Mapping[int, tuple[tuple[TaskState, int], ...]]
_Kind = tuple[str, str, "str | None", "int | None", "tuple[tuple[TaskState, int], ...]"]
"""State, type, triggering user, owning backfill and task counts: what tells runs of a plan apart."""

_TAKES: Final = {
    ReprocessBehavior.NONE: (),
    ReprocessBehavior.FAILED: (RunState.FAILED,),
    ReprocessBehavior.COMPLETED: (RunState.FAILED, RunState.SUCCESS),
}
"""The states of the runs that each behavior takes again."""

_ID_PREFIX: Final = "backfill__"


def existing_runs(
    session: Session, dag_id: DagId, dates: DateColumns, behavior: ReprocessBehavior
) -> ExistingRuns:
    """The run Airflow would find for each date.

    Of several runs of a partition it is the latest by start date, those not started last (Airflow 3.3
    models/backfill.py, `_get_latest_dag_run_row_query`). Task counts are read of runs that are taken again.
    """
    known = list(dates.dates) if dates.ascending else [date for date in dates.dates if date != ABSENT]
    if not known:
        return ExistingRuns(kind_at={})
    bounds = (known[0], known[-1]) if dates.ascending else (min(known), max(known))
    reader = _Reader(session, dag_id, dates, (Instant(bounds[0]), Instant(bounds[1])))
    counts = reader.task_counts(_TAKES[behavior])
    places = dict(zip(known if dates.ascending else dates.dates, range(len(dates)), strict=True))
    numbers: dict[_Kind, int] = {}
    kind_at: dict[int, int] = {}
    # By hand and in one loop: 17,500 runs in a plan of ten years of hours are nothing special.
    for date, run, state, run_type, user, owner in reader.rows():
        place = places.get(date)
        if place is not None and place not in kind_at:
            kind = (state, run_type, user, owner, counts.get(run, ()))
            kind_at[place] = numbers.setdefault(kind, len(numbers))
    if not dates.ascending:
        # A date that comes twice finds the same run twice; `places` knows the last of them only.
        kind_at = {
            place: kind_at[places[date]] for place, date in enumerate(dates.dates) if places[date] in kind_at
        }
    return ExistingRuns(
        kinds=_existing(session, numbers), kind_at=kind_at, ids_taken=reader.ids_taken(places)
    )


def _existing(session: Session, kinds: Iterable[_Kind]) -> tuple[ExistingRun, ...]:
    found = list(kinds)
    cancelled = _cancelled(session, {owner for _, _, _, owner, _ in found if owner is not None})
    return tuple(
        ExistingRun(
            state=RunState(state),
            run_type=str(run_type),
            triggering_user=user,
            backfill_id=None if owner is None else BackfillId(owner),
            backfill_cancelled=owner in cancelled,
            task_counts=counts,
        )
        for state, run_type, user, owner, counts in found
    )


def _cancelled(session: Session, owners: set[int]) -> frozenset[int]:
    """Of some backfills those that were cancelled (facts T6)."""
    from airflow.models.backfill import Backfill
    from sqlalchemy import select

    if not owners:
        return frozenset()
    query = select(Backfill.id).where(
        Backfill.id.in_(owners), Backfill.is_paused.is_(True), Backfill.completed_at.is_not(None)
    )
    return frozenset(session.scalars(query))


class _Reader:
    """The queries about one range of dates, by columns of tables: the mapper would cost as much again."""

    def __init__(
        self, session: Session, dag_id: DagId, dates: DateColumns, bounds: tuple[Instant, Instant]
    ) -> None:
        from airflow.models.dagrun import DagRun

        self._session = session
        self._dates = dates
        self._runs: Any = DagRun.__table__.c
        self._date = self._runs.partition_date if dates.partitioned else self._runs.logical_date
        self._of_the_dag = self._runs.dag_id == dag_id
        self._in_range = self._date.between(*(to_datetime(bound) for bound in bounds))

    def rows(self) -> Iterable[tuple[int, int, str, str, str | None, int | None]]:
        """Date, id, state, type, user and owner of the runs; of a partition the one that counts first."""
        from sqlalchemy import select

        runs = self._runs
        query = select(
            as_instant(self._session, self._date),
            runs.id,
            runs.state,
            runs.run_type,
            runs.triggering_user_name,
            runs.backfill_id,
        ).where(self._of_the_dag, self._in_range)
        if self._dates.partitioned:
            query = query.order_by(runs.start_date.is_(None), runs.start_date.desc(), runs.id)
        found: Sequence[Any] = self._session.execute(query).all()
        return found

    def task_counts(self, states: Iterable[RunState]) -> TaskCounts:
        """By the ids of runs in those states: how many task instances are in which state."""
        from airflow.models.taskinstance import TaskInstance
        from sqlalchemy import and_, func, select

        wanted = [str(state) for state in states]
        if not wanted:
            return {}
        runs, tasks = self._runs, TaskInstance.__table__.c
        query = (
            # A column that is in no index but never null: else SQLite goes, for each run, through all task
            # instances of the Dag in an index that covers the question.
            select(runs.id, tasks.state, func.count(tasks.pool_slots))
            .join(TaskInstance.__table__, and_(runs.dag_id == tasks.dag_id, runs.run_id == tasks.run_id))
            .where(self._of_the_dag, self._in_range, runs.state.in_(wanted))
            .group_by(runs.id, tasks.state)
        )
        found: dict[int, list[tuple[TaskState, int]]] = defaultdict(list)
        for run, state, count in self._session.execute(query):
            found[run].append((CODES[task_code(state)], count))
        return {run: tuple(sorted(counts)) for run, counts in found.items()}

    def ids_taken(self, places: Mapping[int, int]) -> frozenset[int]:
        """The places of dates whose run id, which comes from run after alone, another date's run has."""
        if self._dates.partitioned:
            # The id of such a run ends in something random.
            return frozenset()
        strangers = self._strangers(places)
        if not strangers:
            return frozenset()
        place_of = {after: place for place, after in enumerate(self._dates.afters)}
        named = [(place_of.get(after), after, run_id) for after, run_id in strangers]
        return frozenset(
            place
            for place, after, run_id in named
            if place is not None and run_id == f"{_ID_PREFIX}{iso(Instant(after))}"
        )

    def _strangers(self, places: Mapping[int, int]) -> list[tuple[int, str]]:
        """Run after and id of runs that are named like a backfill's, but are not of the date so named."""
        from sqlalchemy import or_, select

        runs, afters = self._runs, self._dates.afters
        first, last = (afters[0], afters[-1]) if self._dates.ascending else (min(afters), max(afters))
        after = as_instant(self._session, runs.run_after)
        date = as_instant(self._session, self._date)
        query = select(after, date, runs.run_id).where(
            self._of_the_dag,
            runs.run_id.like(rf"{_ID_PREFIX.replace('_', '/_')}%", escape="/"),
            runs.run_after.between(to_datetime(Instant(first)), to_datetime(Instant(last))),
        )
        if not self._dates.run_afters and not self._dates.interval_ends:
            # Every date is its own run after: the database can leave out what is as it should be.
            query = query.where(or_(self._date.is_(None), self._date != runs.run_after))
        found = []
        for at, found_date, run_id in self._session.execute(query):
            place = None if found_date is None else places.get(found_date)
            # Dates out of order may share a time to run after, so that one's run has the id of the others.
            if not self._dates.ascending or place is None or afters[place] != at:
                found.append((at, run_id))
        return found
