"""The commands `dags` and `list`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from backfill_tui.domain.dag_range import range_words
from backfill_tui.domain.dags import DagList, DagSummary
from backfill_tui.domain.ids import BackfillId, DagId
from backfill_tui.domain.instants import clock, to_datetime
from backfill_tui.domain.progress import BackfillStatus, standing, with_causes
from backfill_tui.domain.states import RunState
from backfill_tui.domain.text import one_line
from backfill_tui.domain.watching import BackfillSummary
from backfill_tui.forms import encode
from backfill_tui.headless.remedies import causes_in_commands, standing_in_commands
from backfill_tui.headless.session import Session, dag_named
from backfill_tui.headless.tables import Cell, Column, Table, Tone

_AT_ONCE: Final = 200
"""Dags that are read in detail by one call."""

STATUS_TONES = {
    BackfillStatus.DONE: Tone.GOOD,
    BackfillStatus.DONE_WITH_FAILURES: Tone.BAD,
    BackfillStatus.BLOCKED: Tone.ODD,
    BackfillStatus.ORPHANED: Tone.ODD,
    BackfillStatus.ABANDONED: Tone.ODD,
    BackfillStatus.RUNNING: Tone.BUSY,
}


def show_dags(session: Session) -> int:
    """List the Dags; files that do not import are told on stderr, and are data with `--json`."""
    environment = session.open()
    listed = _in_detail(session, session.gateway.dags())
    if not listed.dags:
        session.voice.say(f"There is no Dag in {one_line(environment.where)}")
    if session.as_json:
        session.paper.json(encode.dags(listed))
        return 0
    columns = (
        Column(heading="Dag"),
        Column(heading="Schedule", least=18),
        Column(heading="Last runs"),
        Column(heading="Backfill"),
        Column(heading="Tasks", number=True),
    )
    if listed.dags:
        session.paper.table(Table(columns=columns, rows=[_dag_row(dag) for dag in listed.dags]))
    for problem in listed.import_problems:
        advice = f": {problem.advice}" if problem.advice else ""
        session.voice.say(one_line(f"{problem.dag_file.words} does not import: {problem.sentence}{advice}"))
    return 0


def _in_detail(session: Session, listed: DagList) -> DagList:
    """The list with every Dag in detail; of very many the gateway gives that only where it is asked for."""
    rest = [dag.dag_id for dag in listed.dags if not dag.detailed]
    detailed: dict[DagId, DagSummary] = {}
    for start in range(0, len(rest), _AT_ONCE):
        session.voice.activity("Reading the Dags", start, len(rest))
        part = session.gateway.dags(tuple(rest[start : start + _AT_ONCE]))
        detailed |= {dag.dag_id: dag for dag in part.dags}
    session.voice.settle()
    return replace(listed, dags=tuple(detailed.get(dag.dag_id, dag) for dag in listed.dags))


def _dag_row(dag: DagSummary) -> tuple[Cell, ...]:
    faint = Tone.FAINT if dag.is_paused or not dag.backfillable else Tone.PLAIN
    failed = sum(run.state is RunState.FAILED for run in dag.recent_runs)
    latest = f"{failed} of {len(dag.recent_runs)} failed" if failed else "none failed"
    active = ", ".join(f"{number} active" for number in dag.active_backfills)
    return (
        Cell(f"{dag.dag_id} (paused)" if dag.is_paused else dag.dag_id, faint),
        Cell(dag.schedule, faint),
        Cell(latest if dag.recent_runs else "", Tone.BAD if failed else Tone.PLAIN),
        Cell(active, Tone.BUSY),
        Cell(str(len(dag.task_ids))),
    )


def show_backfills(session: Session, dag_id: str | None) -> int:
    """List the backfills of one Dag or of all, newest first, each with its truthful status."""
    environment = session.open()
    wanted = None if dag_id is None else DagId(dag_id)
    summaries = session.gateway.backfills(wanted)
    if dag_id is not None and not summaries:
        # A Dag that is gone may still have backfills; one that never was is a slip of the keyboard.
        dag_named(session, dag_id, environment.where)
    active = active_by_dag(summaries)
    if session.as_json:
        session.paper.json(encode.backfills(_entry(session, each, active) for each in summaries))
    elif summaries:
        rows = [_backfill_row(summary) for summary in summaries]
        session.paper.table(Table(columns=_BACKFILL_COLUMNS, rows=rows))
    else:
        of_dag = "There is" if dag_id is None else f"{one_line(dag_id)} has"
        session.voice.say(f"{of_dag} no backfill yet")
    for dag, numbers in active.items():
        if len(numbers) > 1:
            named = ", ".join(map(str, numbers))
            session.voice.say(
                f"{one_line(dag)} has {len(numbers)} active backfills ({named}): "
                "Airflow means there to be one at a time, and their runs go on side by side"
            )
    return 0


_BACKFILL_COLUMNS: Final = (
    Column(heading="Backfill", number=True),
    Column(heading="Dag"),
    Column(heading="Range"),
    Column(heading="Status", folds=True, least=20),
    Column(heading="Runs", number=True),
    Column(heading="Who"),
    Column(heading="When (UTC)"),
    Column(heading="Took"),
)


def active_by_dag(summaries: Iterable[BackfillSummary]) -> dict[DagId, list[BackfillId]]:
    """The backfills of each Dag that take up runs, in the order given.

    One that was cancelled lets its last runs end and starts none; one that was marked complete too early goes
    on as if it were active.
    """
    active: dict[DagId, list[BackfillId]] = {}
    for one in summaries:
        status = standing(one.facts, one.counts, one.read_at).status
        forgotten = status is BackfillStatus.ORPHANED
        if not status.finished and (one.facts.completed_at is None or forgotten):
            active.setdefault(one.facts.dag_id, []).append(one.facts.backfill_id)
    return active


def _entry(
    session: Session, summary: BackfillSummary, active: Mapping[DagId, list[BackfillId]]
) -> encode.JsonObject:
    stands = with_causes(standing(summary.facts, summary.counts, summary.read_at), summary.causes)
    stands = standing_in_commands(stands, summary.facts, session)
    return {
        **encode.backfill(summary, stands),
        "active_of_this_dag": active.get(summary.facts.dag_id, []),
        "causes": encode.causes(causes_in_commands(summary.causes, summary.facts, session)),
    }


def _backfill_row(summary: BackfillSummary) -> tuple[Cell, ...]:
    facts, counts = summary.facts, summary.counts
    stands = standing(facts, counts, summary.read_at)
    words = str(stands.status).replace("_", " ")
    took = encode.took_of(summary)
    so_far = "" if stands.status.finished else " so far"
    return (
        Cell(str(facts.backfill_id)),
        Cell(facts.dag_id),
        Cell(range_words(facts)),
        Cell(f"{words}: {stands.sentence}", STATUS_TONES.get(stands.status, Tone.PLAIN)),
        Cell(f"{counts.finished}/{counts.included}"),
        Cell(facts.triggering_user or ""),
        Cell(to_datetime(facts.created_at).strftime("%Y-%m-%d %H:%M")),
        Cell("" if took is None else f"{clock(took)}{so_far}"),
    )
