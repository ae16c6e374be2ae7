"""Running again what failed: Airflow's clear, in parts of some runs each, with what it lacks for backfills.

The preview and the rerun take the same way; the rerun locks what it reads and commits after each part, so
that it holds no lock for long, can be stopped in between, and always tells truly what is done.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from backfill_tui.bridge.clearing import StrayClearError
from backfill_tui.bridge.journal import Detail
from backfill_tui.bridge.rerun_choice import Choice
from backfill_tui.bridge.rerun_versions import Versions
from backfill_tui.bridge.run_notes import check_note
from backfill_tui.bridge.runs_before import runs_before
from backfill_tui.bridge.write_session import write
from backfill_tui.domain.ids import RunId
from backfill_tui.domain.instants import Instant
from backfill_tui.domain.problems import BadRequest
from backfill_tui.domain.repairing import RUNS_AT_ONCE, RerunOutcome, RerunProgress, RerunRequest, together
from backfill_tui.wire.methods import PREVIEW_RERUN, RERUN, Nothing

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from backfill_tui.bridge.environment import AirflowEnvironment
from backfill_tui.bridge.server import Call, Server

_STRAY = (
    "Airflow would have changed other task instances of it than were chosen: rerun the whole run, or without "
    "the latest version of the Dag"
)


def register(server: Server, airflow: AirflowEnvironment) -> None:
    """Let the server answer `preview_rerun` and `rerun`."""

    def preview(request: RerunRequest, call: Call[Nothing]) -> RerunOutcome:
        _check(request)
        versions = Versions(request.dag_id, to_latest=request.run_on_latest_version)
        parts = []
        for run_ids in _parts(request):
            call.check()
            with airflow.session() as session:
                parts.append(Choice(session, request, run_ids, versions).outcome)
        return together(parts)

    def rerun(request: RerunRequest, call: Call[RerunProgress]) -> RerunOutcome:
        airflow.require_writable("a rerun")
        _check(request)
        return _Rerun(airflow, request, call).run()

    server.handle(PREVIEW_RERUN, preview)
    server.handle(RERUN, rerun)


class _Rerun:
    """A rerun under way."""

    def __init__(self, airflow: AirflowEnvironment, request: RerunRequest, call: Call[RerunProgress]) -> None:
        self._airflow = airflow
        self._request = request
        self._call = call
        self._versions = Versions(request.dag_id, to_latest=request.run_on_latest_version)

    def run(self) -> RerunOutcome:
        """Carry out one part after the other; raises Interrupted between two when it is cancelled."""
        parts = list(_parts(self._request))
        total = sum(map(len, parts))
        # On the clock of Airflow's clear, which is this process's.
        began_at = Instant(time.time_ns() // 1000)
        self._call.emit(RerunProgress(done=0, total=total, began_at=began_at))
        done, outcomes = 0, []
        for number, run_ids in enumerate(parts, 1):
            self._call.check()
            outcomes.append(self._carry_out(run_ids, f"{number} of {len(parts)}"))
            done += len(run_ids)
            self._call.tell_done(RerunProgress(done=done, total=total, began_at=began_at, part=outcomes[-1]))
        return together(outcomes)

    def _carry_out(self, run_ids: tuple[RunId, ...], place: str) -> RerunOutcome:
        """Clear one part; a run of which Airflow would change other things is left alone instead."""
        refused: dict[RunId, str] = {}

        def in_session(session: Session) -> RerunOutcome:
            return self._in_session(session, run_ids, place, refused)

        while True:
            try:
                return write(self._airflow, "rerun", in_session)
            except StrayClearError as stray:  # noqa: PERF203  # as many rounds as there are odd runs, at most
                sys.stderr.write(f"rerun of {self._request.dag_id}: {stray}\n")
                refused |= dict.fromkeys(stray.strays, _STRAY)

    def _in_session(
        self, session: Session, run_ids: tuple[RunId, ...], place: str, refused: dict[RunId, str]
    ) -> RerunOutcome:
        request = self._request
        choice = Choice(session, request, run_ids, self._versions, refused=refused, lock=True)
        outcome = choice.outcome
        if not choice.chosen:
            return outcome
        details: dict[str, Detail] = {
            "scope": str(request.scope),
            "task": request.task_id or "",
            "latest_version": request.run_on_latest_version,
            "task_instances": len(outcome.affected),
            "part": place,
        }
        if request.attempt:
            details["attempt"] = request.attempt
        runs = runs_before(session, request.dag_id, choice.chosen)
        journal = self._airflow.journal
        with journal.deed("rerun", request.dag_id, note=request.note, runs=runs, details=details) as opened:
            choice.carry_out()
            session.commit()
        return replace(outcome, remarks=opened.remarks)


def _parts(request: RerunRequest) -> Iterator[tuple[RunId, ...]]:
    """The runs asked for, each once, in the order asked for, so many at once; one part at least."""
    run_ids = tuple(dict.fromkeys(request.run_ids))
    for start in range(0, max(1, len(run_ids)), RUNS_AT_ONCE):
        yield run_ids[start : start + RUNS_AT_ONCE]


def _check(request: RerunRequest) -> None:
    check_note(request.note)
    if request.scope.of_a_task and not request.task_id:
        raise BadRequest("A rerun of one task needs the task", remedy="name it")
