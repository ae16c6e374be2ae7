"""The Dag list as the screen keeps it: Dags and broken files in one order, active backfills counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePath

from backfill_tui.domain.dags import DagList, DagSummary, ImportProblem
from backfill_tui.domain.ids import DagId
from backfill_tui.domain.progress import Standing, standing
from backfill_tui.domain.watching import BackfillSummary
from backfill_tui.gateway.port import Gateway


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What was read at one time: the Dags, and of each Dag that has one its newest active backfill."""

    dags: DagList
    active: Mapping[DagId, BackfillSummary] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of the list: a Dag, or a file that does not import."""

    key: str
    name: str
    dag: DagSummary | None = None
    problem: ImportProblem | None = None
    active: BackfillSummary | None = None


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
        Row(key=f"file {problem.file}", name=PurePath(problem.file).name, problem=problem)
        for problem in listing.dags.import_problems
    ]
    return sorted(rows, key=lambda row: (row.name.casefold(), row.key))


def matching(rows: list[Row], wanted: str) -> list[Row]:
    """The rows that have every word of `wanted` in their name, tags, owners or file."""
    words = wanted.casefold().split()
    return [row for row in rows if all(word in _searched(row) for word in words)]


def standing_of(summary: BackfillSummary) -> Standing:
    """Where an active backfill stands."""
    return standing(summary.facts, summary.counts, summary.read_at)


def percent_done(summary: BackfillSummary) -> int:
    """Finished runs of those that run, 100 when none has to."""
    counts = summary.counts
    return counts.finished * 100 // counts.included if counts.included else 100


def _searched(row: Row) -> str:
    if row.dag is None:
        return row.name.casefold()
    return " ".join([row.name, row.dag.display_name, row.dag.file, *row.dag.tags, *row.dag.owners]).casefold()
