"""The list of Dags as the metadata database has them, parsing them anew, and pausing one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from backfill_tui.bridge.audit import write_audit_line
from backfill_tui.bridge.dag_facts import DagFacts, FactsCache, instant_or_none
from backfill_tui.bridge.dag_queries import (
    active_backfills,
    are_very_many,
    last_partitions,
    lean_dags,
    learn_facts,
    listed_dags,
    recent_runs,
    tags_of_dags,
)
from backfill_tui.bridge.environment import AirflowEnvironment
from backfill_tui.bridge.import_problems import explain
from backfill_tui.bridge.journal import Detail
from backfill_tui.bridge.kept_readings import KeptReadings
from backfill_tui.bridge.opening import folder_and_parser, parse_and_sync
from backfill_tui.bridge.reparsing import ask_for_parsing
from backfill_tui.bridge.schedules import without_periods
from backfill_tui.bridge.server import Call, Server
from backfill_tui.bridge.write_session import write_session
from backfill_tui.domain.dags import DagList, DagSummary, ImportProblem
from backfill_tui.domain.environment import StartupPhase, StartupStep
from backfill_tui.domain.ids import DagId
from backfill_tui.domain.problems import NotThere
from backfill_tui.domain.text import one_line
from backfill_tui.wire import methods

_BACKFILL_RUNS = "backfill"


def register(server: Server, airflow: AirflowEnvironment, readings: KeptReadings) -> None:
    """Answer `dags`, `parse` and `pause_dag`."""
    cache = FactsCache()

    def dags(asked: methods.Dags, _: Call[methods.Nothing]) -> DagList:
        if asked.only is not None:
            return read_dags(airflow, cache, asked.only)
        listed, now = readings.get("Dags", lambda session: _read(airflow, session, cache))
        return replace(listed, read_at=now)

    def parse(asked: methods.Parse, call: Call[StartupStep]) -> DagList:
        parsing = folder_and_parser(airflow)
        if parsing is None:
            ask_for_parsing(airflow, asked.file)
            return read_dags(airflow, cache)
        parse_and_sync(airflow, parsing[0], parsing[1], call)
        call.emit(StartupStep(phase=StartupPhase.READY, sentence="Ready"))
        return read_dags(airflow, cache)

    def pause(asked: methods.PauseDag, _: Call[methods.Nothing]) -> methods.Remarks:
        return methods.Remarks(pause_dag(airflow, asked.dag_id, is_paused=asked.is_paused))

    server.handle(methods.DAGS, dags)
    server.handle(methods.PARSE, parse)
    server.handle(methods.PAUSE_DAG, pause)


def read_dags(
    airflow: AirflowEnvironment, cache: FactsCache, only: tuple[DagId, ...] | None = None
) -> DagList:
    """The Dags and the files that do not import, as the database has them now; `only` some, in detail."""
    with airflow.session() as session:
        return _read(airflow, session, cache, only)


def _read(
    airflow: AirflowEnvironment, session: Session, cache: FactsCache, only: tuple[DagId, ...] | None = None
) -> DagList:
    lean = only is None and are_very_many(session)
    return DagList(
        dags=tuple(_lean(session) if lean else _in_detail(session, cache, only)),
        import_problems=tuple(_import_problems(session)),
        read_at=airflow.now(session),
        detailed=not lean,
    )


def _in_detail(session: Session, cache: FactsCache, only: tuple[DagId, ...] | None) -> list[DagSummary]:
    active = active_backfills(session)
    rows = listed_dags(session, active, only)
    learn_facts(session, cache, only)
    tags, runs = tags_of_dags(session, only), recent_runs(session, only)
    facts = {row.dag_id: cache.of(row.dag_id) or _no_facts(row) for row in rows}
    partitions = last_partitions(session, [name for name, known in facts.items() if known.partitioned])
    return [
        _summary(
            row,
            facts[row.dag_id],
            last_success=instant_or_none(
                partitions.get(row.dag_id) if facts[row.dag_id].partitioned else row.last_success
            ),
            tags=tuple(tags.get(row.dag_id, ())),
            recent_runs=tuple(runs.get(row.dag_id, ())),
            active_backfills=tuple(active.get(row.dag_id, ())),
        )
        for row in rows
    ]


def _lean(session: Session) -> list[DagSummary]:
    """Very many Dags: of each what its row tells, its tags and its active backfills."""
    active, tags = active_backfills(session), tags_of_dags(session, None)
    return [
        DagSummary(
            dag_id=DagId(dag_id),
            display_name=display_name or dag_id,
            file=file or "",
            schedule=schedule or "",
            timetable=schedule or "",
            timezone="UTC",
            backfillable=True,
            tags=tuple(tags.get(dag_id, ())),
            owners=_owners(owners or ""),
            description=description or "",
            is_paused=bool(is_paused),
            is_stale=bool(is_stale),
            max_active_runs=max_active_runs,
            active_backfills=tuple(active.get(dag_id, ())),
            bundle=bundle or "",
            detailed=False,
        )
        # By place: a column by its name takes as long as all the rest.
        for (
            dag_id, display_name, file, schedule, owners, description, is_paused, is_stale, max_active_runs,
            bundle,
        ) in lean_dags(session, active)
    ]  # fmt: skip


@lru_cache(maxsize=1024)
def _owners(text: str) -> tuple[str, ...]:
    return tuple(owner.strip() for owner in text.split(",") if owner.strip())


def _summary(row: Any, facts: DagFacts, **read: Any) -> DagSummary:
    because = _not_backfillable(row, facts)
    return DagSummary(
        dag_id=DagId(row.dag_id),
        display_name=row.display_name or row.dag_id,
        file=row.relative_fileloc or row.fileloc or "",
        schedule=facts.schedule,
        timetable=facts.timetable,
        timezone=facts.timezone,
        backfillable=not because,
        not_backfillable_because=because,
        partitioned=facts.partitioned,
        owners=_owners(row.owners or ""),
        description=row.description or "",
        is_paused=bool(row.is_paused),
        is_stale=bool(row.is_stale),
        catchup=facts.catchup,
        depends_on_past=facts.depends_on_past,
        start_date=facts.start_date,
        end_date=facts.end_date,
        next_run=instant_or_none(row.next_dagrun_create_after),
        max_active_runs=row.max_active_runs,
        task_ids=facts.task_ids,
        partition_zone=facts.partition_zone,
        bundle=row.bundle_name or "",
        **read,
    )


def _not_backfillable(row: Any, facts: DagFacts) -> str:
    """Why Airflow would not backfill the Dag (Airflow 3.3 models/backfill.py, `_create_backfill`)."""
    if facts.unreadable:
        return facts.unreadable
    if row.allowed_run_types and _BACKFILL_RUNS not in row.allowed_run_types:
        return "its allowed_run_types leave out backfill runs"
    if not facts.periodic:
        return without_periods(facts.schedule)
    return ""


def _no_facts(row: Any) -> DagFacts:
    return DagFacts(
        schedule=row.timetable_summary or "unknown",
        timetable=row.timetable_summary or "",
        timezone="UTC",
        periodic=False,
        unreadable="Airflow has not stored its serialized form yet",
    )


def _import_problems(session: Session) -> list[ImportProblem]:
    from airflow.models.errors import ParseImportError

    rows = session.execute(
        select(ParseImportError.filename, ParseImportError.stacktrace, ParseImportError.bundle_name).order_by(
            ParseImportError.filename, ParseImportError.bundle_name
        )
    )
    return [
        replace(explain(filename or "", stacktrace or ""), bundle=bundle or "")
        for filename, stacktrace, bundle in rows
    ]


def pause_dag(
    airflow: AirflowEnvironment,
    dag_id: DagId,
    *,
    is_paused: bool,
    more: Mapping[str, Detail] = MappingProxyType({}),
) -> tuple[str, ...]:
    """Pause or unpause a Dag, with the line in Airflow's audit log that its own API writes.

    `more` are details for the journal. Gives back sentences on what else is to be known.

    (Airflow 3.3 api_fastapi/core_api/routes/public/dags.py, `patch_dag`.)
    """
    airflow.require_writable("pausing a Dag" if is_paused else "unpausing a Dag")
    from airflow.models.dag import DagModel

    with write_session(airflow, "try") as session:
        dag = session.get(DagModel, dag_id)
        if dag is None:
            raise NotThere(
                f'There is no Dag "{one_line(dag_id)}" in {airflow.where}', remedy="refresh the list of Dags"
            )
        details: dict[str, Detail] = {"was_paused": bool(dag.is_paused), **more}
        deed = "pause_dag" if is_paused else "unpause_dag"
        with airflow.journal.deed(deed, dag_id, details=details) as opened:
            dag.is_paused = is_paused
            write_audit_line(session, "patch_dag", dag_id, is_paused=is_paused)
            session.commit()
    return opened.remarks
