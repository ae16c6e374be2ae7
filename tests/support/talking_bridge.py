"""A bridge process without Airflow: the real server, with handlers that do one thing each.

Run as a child by the tests of the gateway's client; which handler does what stands beside it.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from functools import partial

from backfill_tui.bridge.server import Call, Server
from backfill_tui.domain.dags import DagList
from backfill_tui.domain.environment import Environment, Mode, StartupPhase, StartupStep
from backfill_tui.domain.ids import BackfillId
from backfill_tui.domain.instants import Instant
from backfill_tui.domain.launching import CreationProgress, Launch, Launched
from backfill_tui.domain.planning import BackfillPlan, BackfillRequest
from backfill_tui.domain.problems import Refused
from backfill_tui.domain.tasks import LogQuery, TaskLog
from backfill_tui.domain.watching import BackfillSummary, GridUpdate, RunCounts
from backfill_tui.wire import methods
from backfill_tui.wire.frames import FrameReader
from backfill_tui.wire.messages import PROTOCOL_VERSION, Hello
from tests.support.grids import FACTS, an_update

_ENVIRONMENT = Environment(
    mode=Mode.EMBEDDED,
    where="dags/",
    version="3.3.2",
    executor="LocalExecutor",
    database="sqlite",
    read_only=False,
    scheduler_heartbeat=None,
    read_at=Instant(0),
)


def main() -> None:
    if "--login-banner" in sys.argv:
        sys.stdout.buffer.write(b"Welcome to this host\n")
        sys.stdout.buffer.flush()
    protocol = PROTOCOL_VERSION + 1 if "--other-protocol" in sys.argv else PROTOCOL_VERSION
    server = Server(FrameReader(sys.stdin.buffer), sys.stdout.buffer)
    server.greet(Hello(protocol=protocol, program="0", python="3", pid=os.getpid()))
    server.handle(methods.OPEN, answers_after_two_steps)
    server.handle(methods.ENVIRONMENT, answers_at_once)
    server.handle(methods.DAGS, never_answers)
    server.handle(methods.PARSE, refuses)
    server.handle(methods.PLAN, has_a_bug)
    server.handle(methods.LAUNCH, counts_until_cancelled)
    server.handle(methods.LOG, writes_past_the_frames)
    server.handle(methods.PAUSE_DAG, dies)
    told: list[int] = []
    server.handle(methods.WATCH, partial(tells_as_much_as_it_may, told))
    server.handle(methods.BACKFILLS, partial(says_how_much_it_told, told))
    server.serve()


def answers_at_once(_: methods.Nothing, __: Call[methods.Nothing]) -> Environment:
    return _ENVIRONMENT


def answers_after_two_steps(_: methods.Nothing, call: Call[StartupStep]) -> Environment:
    call.emit(StartupStep(phase=StartupPhase.PARSING, sentence="Parsing", done=1, total=2))
    call.emit(StartupStep(phase=StartupPhase.READY, sentence="Ready"))
    return _ENVIRONMENT


def never_answers(_: methods.Dags, call: Call[methods.Nothing]) -> DagList:
    while not call.wait(0.05):
        pass
    return DagList(dags=(), import_problems=(), read_at=Instant(0))


def refuses(_: methods.Parse, __: Call[StartupStep]) -> DagList:
    raise Refused("Not today", remedy="come tomorrow", detail="[/red]")


def has_a_bug(_: BackfillRequest, __: Call[BackfillPlan]) -> BackfillPlan:
    raise ZeroDivisionError("a bug [/red]")


def counts_until_cancelled(launch: Launch, call: Call[CreationProgress]) -> Launched:
    total = launch.request.max_active_runs
    for done in range(1, total + 1):
        call.check()
        call.emit(CreationProgress(done=done, total=total))
        call.wait(0.002)
    return Launched(backfill_id=BackfillId(7), created=total, reprocessed=0, skipped=0)


def tells_as_much_as_it_may(told: list[int], _: methods.Watch, call: Call[GridUpdate]) -> methods.Nothing:
    while call.wait_for_caller():
        call.emit(replace(an_update([]), total_rows=len(told)))
        told.append(len(told))
    return methods.Nothing()


def says_how_much_it_told(told: list[int], _: methods.ForDag, __: Call[methods.Nothing]) -> methods.Backfills:
    counts = RunCounts(queued=len(told))
    return methods.Backfills(backfills=(BackfillSummary(facts=FACTS, counts=counts, read_at=Instant(0)),))


def writes_past_the_frames(_: LogQuery, __: Call[methods.Nothing]) -> TaskLog:
    sys.stdout.buffer.write(b"print() from a Dag file\n")
    sys.stdout.buffer.flush()
    return TaskLog(lines=())


def dies(_: methods.PauseDag, __: Call[methods.Nothing]) -> methods.Remarks:
    sys.stderr.write("Segmentation fault, as it were\n")
    sys.stderr.flush()
    os._exit(3)


if __name__ == "__main__":
    main()
