"""The Dag list as the screen keeps it: Dags and broken files in one order, active backfills counted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import PurePath
from typing import Final

from backfill_tui.domain.dags import DagFile, DagList, DagSummary, ImportProblem
from backfill_tui.domain.fuzzy import folded, ranked
from backfill_tui.domain.ids import BackfillId, DagId
from backfill_tui.domain.instants import SECOND, clock
from backfill_tui.domain.progress import BackfillStatus, Standing, standing
from backfill_tui.domain.watching import BackfillSummary, RunCounts
from backfill_tui.gateway.port import Gateway

_MINUTE: Final = 60 * SECOND


@dataclass(frozen=True, kw_only=True)
class Listing:
    """What was read at one time: the Dags, and of each Dag that has one its newest active backfill."""

    dags: DagList
    active: Mapping[DagId, BackfillSummary] = field(default_factory=dict)

    @cached_property
    def rows(self) -> list[Row]:
        """One row a Dag and a row a broken file, in alphabetical order."""
        return rows_of(self)

    def says_the_same(self, before: Listing | None) -> bool:
        """Whether nothing on the screen would change but times that are told to the minute.

        A list whose Dags are not in detail never does: what is seen of it is read anew with each.
        """
        if before is None or not self.dags.detailed or self.active.keys() != before.active.keys():
            return False
        then = before.dags.read_at
        if self.dags.read_at // _MINUTE != then // _MINUTE or replace(self.dags, read_at=then) != before.dags:
            return False
        return all(_stands_the_same(now, before.active[dag_id]) for dag_id, now in self.active.items())

    def with_details(self, detailed: Iterable[DagSummary]) -> Listing:
        """The same with these Dags in detail."""
        known = {dag.dag_id: dag for dag in detailed}
        dags = tuple(known.get(dag.dag_id, dag) for dag in self.dags.dags)
        return replace(self, dags=replace(self.dags, dags=dags))

    def with_details_of(self, before: Listing | None) -> Listing:
        """The same with what the list before knew in detail, so that nothing goes away to be read again."""
        if self.dags.detailed or before is None:
            return self
        known = {dag.dag_id: dag for dag in before.dags.dags if dag.detailed}
        fresh = {dag.dag_id: dag for dag in self.dags.dags if dag.dag_id in known}
        return self.with_details(
            replace(
                known[dag_id],
                tags=dag.tags, owners=dag.owners, description=dag.description, is_paused=dag.is_paused,
                is_stale=dag.is_stale, next_run=dag.next_run, max_active_runs=dag.max_active_runs,
                active_backfills=dag.active_backfills,
            )
            for dag_id, dag in fresh.items()
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of the list: a Dag, or a file that does not import."""

    key: str
    name: str
    dag: DagSummary | None = None
    problem: ImportProblem | None = None
    active: BackfillSummary | None = None

    @property
    def dag_file(self) -> DagFile | None:
        """The file it is about."""
        about = self.dag or self.problem
        return None if about is None else about.dag_file

    @cached_property
    def searched(self) -> str:
        """The name as a filter looks at it."""
        return folded(self.name)

    @cached_property
    def searched_beside(self) -> str:
        """All else that a filter looks at."""
        if self.dag is None:
            return ""
        dag = self.dag
        return folded(" ".join([dag.display_name, dag.dag_file.words, *dag.tags, *dag.owners]))


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillRow:
    """One row of the list of backfills.

    `rivals` are the active backfills of its Dag, itself among them, where there is more than one: Airflow
    means there to be one at a time.
    """

    summary: BackfillSummary
    rivals: tuple[BackfillId, ...] = ()

    @property
    def ended(self) -> bool:
        """Whether nothing of it runs any more."""
        return standing_of(self.summary).status.finished


def backfill_rows(backfills: Iterable[BackfillSummary]) -> tuple[BackfillRow, ...]:
    """A row a backfill, in the order given."""
    backfills = tuple(backfills)
    active: dict[DagId, list[BackfillId]] = {}
    for one in backfills:
        status = standing_of(one).status
        # One that was cancelled lets its last runs end, and starts none.
        forgotten = status is BackfillStatus.ORPHANED
        if not status.finished and (one.facts.completed_at is None or forgotten):
            active.setdefault(one.facts.dag_id, []).append(one.facts.backfill_id)
    rows = []
    for one in backfills:
        rivals = active.get(one.facts.dag_id, [])
        several = len(rivals) > 1 and one.facts.backfill_id in rivals
        rows.append(BackfillRow(summary=one, rivals=tuple(rivals) if several else ()))
    return tuple(rows)


def _stands_the_same(now: BackfillSummary, then: BackfillSummary) -> bool:
    return replace(now, read_at=then.read_at) == then and standing_of(now) == standing_of(then)


def took_words(summary: BackfillSummary) -> str:
    """How long it took from its creation to the end of its last run, so far while it goes on.

    Empty where that is not known: when none of its runs ever began, or the last was deleted.
    """
    end, status = summary.ended_at, standing_of(summary).status
    if end is None and not status.finished and status is not BackfillStatus.ABANDONED:
        end = summary.read_at
    return "" if end is None else clock(end - summary.facts.created_at)


def read_listing(gateway: Gateway, dags: DagList | None = None) -> Listing:
    """The Dags (read now unless given) and the counts of their active backfills.

    A backfill is active while its runs are: Airflow marks it as completed up to half a minute late, and
    leaves that mark when runs of it are cleared again.
    """
    if dags is None:
        dags = gateway.dags()
    active: dict[DagId, BackfillSummary] = {}
    for summary in read_active(gateway):
        active.setdefault(summary.facts.dag_id, summary)
    return Listing(dags=dags, active=active)


def read_active(gateway: Gateway) -> list[BackfillSummary]:
    """The backfills that are not at their end, newest first."""
    return [summary for summary in gateway.backfills() if not standing_of(summary).status.finished]


def rows_of(listing: Listing) -> list[Row]:
    """One row a Dag and a row a broken file, in alphabetical order."""
    rows = [
        Row(key=f"dag {dag.dag_id}", name=dag.dag_id, dag=dag, active=listing.active.get(dag.dag_id))
        for dag in listing.dags.dags
    ]
    rows += [
        Row(key=f"file {problem.bundle}:{problem.file}", name=PurePath(problem.file).name, problem=problem)
        for problem in listing.dags.import_problems
    ]
    return sorted(rows, key=lambda row: (row.name.casefold(), row.key))


def matching(rows: list[Row], wanted: str) -> list[Row]:
    """The rows that every word of `wanted` fits, the best first: by name, tag, owner or file."""
    if not wanted.strip():
        return rows
    places = ranked(wanted, [row.searched for row in rows], [row.searched_beside for row in rows])
    return [rows[place] for place in places]


def matching_backfills(rows: tuple[BackfillRow, ...], wanted: str) -> tuple[BackfillRow, ...]:
    """The backfills that every word of `wanted` fits, the best first: by number, Dag, status or user."""
    if not wanted.strip():
        return rows
    facts = [row.summary.facts for row in rows]
    names = [folded(f"{one.backfill_id} {one.dag_id}") for one in facts]
    statuses = [str(standing_of(row.summary).status).replace("_", " ") for row in rows]
    beside = [
        folded(f"{status} {one.triggering_user or ''}") for one, status in zip(facts, statuses, strict=True)
    ]
    return tuple(rows[place] for place in ranked(wanted, names, beside))


def standing_of(summary: BackfillSummary) -> Standing:
    """Where an active backfill stands."""
    return standing(summary.facts, summary.counts, summary.read_at)


def percent_done(summary: BackfillSummary) -> int:
    """Finished runs of those that run; 100 when none has to, 0 while there is no date at all."""
    return percent_of(summary.counts)


def percent_of(counts: RunCounts) -> int:
    """Finished runs of those that run; 100 when none has to, 0 while there is no date at all."""
    if counts.included:
        return counts.finished * 100 // counts.included
    return 100 if counts.total else 0
