"""Every call of a bridge, attached to an Airflow older than the one this program comes with."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path

import pytest
from tests.support.other_airflows import PYTHONS, OtherAirflow, other_airflow, pythons

from backfill_tui.domain.control import ControlRequest, Deed
from backfill_tui.domain.dag_range import DagRange
from backfill_tui.domain.environment import Environment
from backfill_tui.domain.failures import FailuresFound, FailuresQuery
from backfill_tui.domain.ids import BackfillId, DagId, RunId, TaskId
from backfill_tui.domain.instants import Instant, from_datetime
from backfill_tui.domain.launching import Launch
from backfill_tui.domain.marking import MarkAs, MarkRequest, MarkScope
from backfill_tui.domain.planning import BackfillRequest, ReprocessBehavior
from backfill_tui.domain.problems import Problem, Refused
from backfill_tui.domain.repairing import RerunRequest, RerunScope, TaskInstanceKey
from backfill_tui.domain.states import RunState, TaskState
from backfill_tui.domain.tasks import CellQuery, LogQuery
from backfill_tui.domain.ticks import DAY
from backfill_tui.domain.undoing import UndoRequest
from backfill_tui.gateway.bridge import BridgeGateway

pytestmark = [
    pytest.mark.airflow,
    pytest.mark.skipif(
        not pythons(), reason=f"{PYTHONS} names no Python of another Airflow: make test-airflow-versions"
    ),
]

DAGS = """
    from datetime import timedelta

    import pendulum
    from airflow.providers.standard.operators.empty import EmptyOperator
    from airflow.sdk import DAG, Param, task

    PARAMS = {"n": Param(1, type="integer")}
    START = pendulum.datetime(2024, 1, 1)
    NAMES = (
        "planned", "launched", "again", "taken", "with_conf", "watched", "rerun", "downstream", "mark_run",
        "mark_task", "controlled", "let_go", "logged", "paused", "waits",
    )
    for name in NAMES:
        with DAG(name, schedule="0 2 * * *", start_date=START, catchup=False, params=PARAMS):
            first = EmptyOperator(task_id="a", depends_on_past=name == "waits")
            second = EmptyOperator(task_id="b", pool="default_pool")

            @task
            def numbers():
                return [1, 2]

            @task
            def shown(n):
                print(n)

            first >> second >> numbers() >> EmptyOperator(task_id="end").as_teardown()
            shown.partial().expand(n=[1, 2])
    with DAG("hours", schedule=timedelta(hours=6), start_date=START, catchup=False):
        EmptyOperator(task_id="a")
    with DAG("never", schedule=None, start_date=START):
        EmptyOperator(task_id="a")
"""
PARTITIONS = """
    try:
        from airflow.sdk import CronPartitionTimetable
    except ImportError:
        CronPartitionTimetable = None
    if CronPartitionTimetable is not None:
        daily = CronPartitionTimetable("0 2 * * *", timezone="UTC")
        with DAG("partitions", schedule=daily, start_date=START):
            EmptyOperator(task_id="a")
"""
FROM = from_datetime(datetime(2024, 3, 1, tzinfo=timezone.utc))
AT = "2024-03-09 00:00:00+00:00"
TO = from_datetime(datetime(2024, 3, 4, 23, 59, tzinfo=timezone.utc))


@dataclass(frozen=True, kw_only=True)
class Site:
    """One of them with a bridge that is open, and what is done to it behind the bridge's back."""

    airflow: OtherAirflow
    gateway: BridgeGateway
    environment: Environment

    def request(
        self, dag_id: str, behavior: ReprocessBehavior = ReprocessBehavior.NONE, conf: str = ""
    ) -> BackfillRequest:
        return BackfillRequest(
            dag_id=DagId(dag_id), from_date=FROM, to_date=TO, reprocess_behavior=behavior, conf=conf
        )

    def launch(self, dag_id: str) -> BackfillId:
        return self.gateway.launch(Launch(request=self.request(dag_id), note="why")).backfill_id

    def end(self, dag_id: str, state: str = "success", tasks: str = "success") -> list[RunId]:
        """Let every run of a Dag have ended, and its backfills too; the runs."""
        sql = self.airflow.sql
        sql(
            "UPDATE task_instance SET state = ?, try_number = 1, start_date = ?, end_date = ? "
            "WHERE dag_id = ?",
            tasks, AT, AT, dag_id,
        )  # fmt: skip
        sql(
            "UPDATE dag_run SET state = ?, start_date = ?, end_date = ? WHERE dag_id = ?",
            state,
            AT,
            AT,
            dag_id,
        )
        sql("UPDATE backfill SET completed_at = ? WHERE dag_id = ?", AT, dag_id)
        return self.runs(dag_id)

    def runs(self, dag_id: str) -> list[RunId]:
        """In the order of their dates."""
        found = self.airflow.sql("SELECT run_id FROM dag_run WHERE dag_id = ? ORDER BY logical_date", dag_id)
        return [RunId(row[0]) for row in found]

    def states(self, dag_id: str) -> list[str | None]:
        """Of the runs of a Dag, in the order of their dates."""
        found = self.airflow.sql("SELECT state FROM dag_run WHERE dag_id = ? ORDER BY logical_date", dag_id)
        return [row[0] for row in found]

    def of_task(self, dag_id: str, task_id: str, run_id: str) -> str | None:
        """The state of a task instance."""
        [(state,)] = self.airflow.sql(
            "SELECT state FROM task_instance WHERE dag_id = ? AND task_id = ? AND run_id = ?",
            dag_id, task_id, run_id,
        )  # fmt: skip
        return None if state is None else str(state)

    def waits(self, run_id: str, task_id: str) -> list[str]:
        """What a task of the Dag `waits` waits for."""
        query = CellQuery(dag_id=DagId("waits"), run_id=RunId(run_id), task_id=TaskId(task_id))
        return [cause.sentence for one in self.gateway.cell(query).instances for cause in one.waits]

    def bring(self, dag_id: str, run_id: str, **states: str | None) -> None:
        """Bring task instances of a run to states."""
        for task_id, state in states.items():
            self.airflow.sql(
                "UPDATE task_instance SET state = ? WHERE dag_id = ? AND run_id = ? AND task_id = ?",
                state, dag_id, run_id, task_id,
            )  # fmt: skip


@pytest.fixture(
    scope="module", params=[(python, kind) for python in pythons() for kind in ("sqlite", "postgresql")]
)
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    python, kind = request.param
    folder: Path = tmp_path_factory.mktemp("other")
    with (
        other_airflow(python, folder / "home", kind, DAGS + PARTITIONS) as airflow,
        airflow.attached() as (gateway, environment),
    ):
        yield Site(airflow=airflow, gateway=gateway, environment=environment)


def test_it_says_which_version_it_is_and_may_be_written(site: Site) -> None:
    assert site.environment.version == site.airflow.version
    assert not site.environment.read_only
    assert site.environment.database == site.airflow.database.kind


def test_its_dags_are_listed_with_schedules_in_words(site: Site) -> None:
    dags = {dag.dag_id: dag for dag in site.gateway.dags().dags}
    assert dags[DagId("planned")].schedule == "every day at 02:00"
    assert dags[DagId("hours")].schedule == "every 6 hours"
    assert not dags[DagId("never")].backfillable
    assert dags[DagId("planned")].backfillable


@pytest.mark.parametrize("dag_id", ["planned", "hours"])
def test_its_dates_are_planned(site: Site, dag_id: str) -> None:
    plan = site.gateway.plan(site.request(dag_id))
    assert plan.run_count == (4 if dag_id == "planned" else 16)
    assert {warning.code for warning in plan.warnings} == {"no_scheduler"}


def test_partitions_are_left_to_airflows_own_command(site: Site) -> None:
    if site.environment.version.startswith("3.1"):
        pytest.skip("Airflow 3.1 has no partitions")
    with pytest.raises(Refused, match=r"are of partitions, which this program plans for Airflow 3\.3 only"):
        site.gateway.plan(site.request("partitions"))


def test_what_has_no_periods_is_refused(site: Site) -> None:
    with pytest.raises(Problem, match="only when triggered"):
        site.gateway.plan(site.request("never"))


def test_a_launch_makes_the_runs_of_the_plan(site: Site) -> None:
    plan = site.gateway.plan(site.request("launched"))
    launched = site.gateway.launch(
        Launch(request=plan.request, fingerprint=plan.fingerprint, note="because", paused=True)
    )
    assert (launched.created, launched.reprocessed, launched.skipped) == (4, 0, 0)
    assert launched.remarks == ()
    assert site.states("launched") == ["queued"] * 4
    (listed,) = site.gateway.backfills(DagId("launched"))
    assert (listed.facts.backfill_id, listed.facts.is_paused) == (launched.backfill_id, True)
    with pytest.raises(Refused, match="is active"):
        site.launch("launched")


def test_runs_are_taken_again(site: Site) -> None:
    site.launch("again")
    site.end("again", "failed", "failed")
    plan = site.gateway.plan(site.request("again", ReprocessBehavior.FAILED))
    launched = site.gateway.launch(Launch(request=plan.request, fingerprint=plan.fingerprint))
    assert (launched.created, launched.reprocessed) == (0, 4)
    assert launched.remarks == ()
    assert site.states("again") == ["queued"] * 4


def test_a_date_whose_run_id_is_taken_is_noted_and_the_others_get_their_runs(site: Site) -> None:
    site.launch("taken")
    third = site.end("taken")[2]
    elsewhere = "2023-03-03 02:00:00+00:00"
    site.airflow.sql(
        "UPDATE dag_run SET logical_date = ? WHERE dag_id = ? AND run_id = ?", elsewhere, "taken", third
    )
    later = replace(site.request("taken"), to_date=Instant(TO + DAY))
    launched = site.gateway.launch(Launch(request=later))
    assert (launched.created, launched.skipped) == (1, 4)
    noted = site.airflow.sql(
        "SELECT exception_reason FROM backfill_dag_run WHERE backfill_id = ? ORDER BY sort_ordinal",
        launched.backfill_id,
    )
    assert [row[0] for row in noted] == [*["already exists"] * 2, "in flight", "already exists", None]


def test_a_conf_that_would_not_reach_all_runs_is_refused(site: Site) -> None:
    site.launch("with_conf")
    site.end("with_conf", "failed", "failed")
    plan = site.gateway.plan(site.request("with_conf", ReprocessBehavior.FAILED, '{"n": 2}'))
    codes = {warning.code for warning in plan.blocking}
    _, minor, patch = map(int, site.environment.version.split("."))
    assert codes == (set() if (minor, patch) >= (2, 2) else {"conf_not_for_all"})


def test_a_conf_that_does_not_fit_the_params_is_said(site: Site) -> None:
    plan = site.gateway.plan(site.request("planned", conf='{"n": "many"}'))
    assert [warning.code for warning in plan.blocking] == ["conf_invalid"]


def test_a_backfill_and_a_range_are_watched(site: Site) -> None:
    backfill_id = site.launch("watched")
    with site.gateway.watch(backfill_id) as updates:
        update = next(iter(updates))
    assert [row.state for row in update.rows] == [RunState.QUEUED] * 4
    assert update.facts.note == "why"
    with site.gateway.watch_range(DagRange(dag_id=DagId("watched"), from_date=FROM, to_date=TO)) as ranged:
        assert len(next(iter(ranged)).rows) == 4


def test_what_failed_is_run_again(site: Site) -> None:
    site.launch("rerun")
    run_ids = site.end("rerun", "failed", "success")
    for run_id in run_ids:
        site.bring("rerun", run_id, b="failed")
    wanted = RerunRequest(dag_id=DagId("rerun"), run_ids=tuple(run_ids[:2]), note="again")
    assert len(site.gateway.preview_rerun(wanted).affected) == 2
    assert len(site.gateway.rerun(wanted).affected) == 2
    assert [site.of_task("rerun", "b", run_id) for run_id in run_ids] == [None, None, "failed", "failed"]
    assert site.of_task("rerun", "a", run_ids[0]) == "success"


@pytest.mark.parametrize(
    "scope", [RerunScope.WHOLE_RUN, RerunScope.TASK_AND_DOWNSTREAM, RerunScope.FAILED_AND_DOWNSTREAM]
)
def test_more_is_run_again(site: Site, scope: RerunScope) -> None:
    if not site.runs("downstream"):
        site.launch("downstream")
    run_ids = site.end("downstream", "failed", "success")
    site.bring("downstream", run_ids[0], b="failed")
    wanted = RerunRequest(
        dag_id=DagId("downstream"), run_ids=(run_ids[0],), scope=scope,
        task_id=TaskId("b") if scope.of_a_task else None,
    )  # fmt: skip
    expected = {"b", "numbers", "end"} | ({"a", "shown"} if scope is RerunScope.WHOLE_RUN else set())
    assert {task.key.task_id for task in site.gateway.preview_rerun(wanted).affected} == expected
    assert {task.key.task_id for task in site.gateway.rerun(wanted).affected} == expected
    assert site.of_task("downstream", "end", run_ids[0]) is None
    assert site.states("downstream") == ["queued", "failed", "failed", "failed"]


@pytest.mark.parametrize("mark_as", [MarkAs.SUCCESS, MarkAs.FAILED])
def test_a_whole_run_is_marked_as_shown_and_nothing_else_of_it(site: Site, mark_as: MarkAs) -> None:
    if not site.runs("mark_run"):
        site.launch("mark_run")
    run_ids = site.end("mark_run", "running", "failed")
    site.bring("mark_run", run_ids[0], b="running", numbers=None)
    wanted = MarkRequest(dag_id=DagId("mark_run"), run_ids=(run_ids[0],), mark_as=mark_as)
    shown = site.gateway.preview_mark(wanted)
    assert site.gateway.mark(wanted) == shown
    ended = [site.of_task("mark_run", task_id, run_ids[0]) for task_id in ("a", "b", "numbers", "end")]
    assert ended == ["failed", str(mark_as), "skipped", "failed"]
    assert site.states("mark_run") == [str(mark_as), "running", "running", "running"]


def test_a_run_with_an_unfinished_teardown_task_goes_on(site: Site) -> None:
    if not site.runs("mark_run"):
        site.launch("mark_run")
    run_ids = site.end("mark_run", "running", "success")
    site.bring("mark_run", run_ids[1], b=None, end=None)
    site.gateway.mark(MarkRequest(dag_id=DagId("mark_run"), run_ids=(run_ids[1],), mark_as=MarkAs.FAILED))
    assert site.of_task("mark_run", "b", run_ids[1]) == "skipped"
    assert site.of_task("mark_run", "end", run_ids[1]) is None
    assert site.states("mark_run") == ["running"] * 4


def test_a_task_is_marked_and_the_mark_undone(site: Site) -> None:
    site.launch("mark_task")
    run_ids = site.end("mark_task", "failed", "failed")
    wanted = MarkRequest(
        dag_id=DagId("mark_task"), run_ids=(run_ids[0],), mark_as=MarkAs.SUCCESS, scope=MarkScope.FAILED
    )
    site.gateway.mark(wanted)
    assert site.states("mark_task") == ["success", "failed", "failed", "failed"]
    undo = UndoRequest(dag_id=DagId("mark_task"))
    assert site.gateway.preview_undo(undo).tasks == site.gateway.undo(undo).tasks == 6
    assert site.of_task("mark_task", "b", run_ids[0]) == "failed"
    one = MarkRequest(
        dag_id=DagId("mark_task"), run_ids=(run_ids[1],), mark_as=MarkAs.SUCCESS, scope=MarkScope.TASK,
        task_id=TaskId("a"),
    )  # fmt: skip
    assert {task.key.task_id for task in site.gateway.mark(one).again} == {"b", "numbers", "end"}
    assert site.of_task("mark_task", "a", run_ids[1]) == "success"
    assert site.of_task("mark_task", "b", run_ids[1]) is None


def test_a_backfill_is_paused_resumed_and_cancelled_with_what_runs(site: Site) -> None:
    backfill_id = site.launch("controlled")
    site.gateway.control(ControlRequest(backfill_id=backfill_id, deed=Deed.PAUSE))
    undo = UndoRequest(dag_id=DagId("controlled"))
    assert site.gateway.preview_undo(undo).backfill_id == site.gateway.undo(undo).backfill_id == backfill_id
    first = site.runs("controlled")[0]
    site.airflow.sql(
        "UPDATE dag_run SET state = ? WHERE dag_id = ? AND run_id = ?", "running", "controlled", first
    )
    site.bring("controlled", first, a="running", end="skipped")
    wanted = ControlRequest(backfill_id=backfill_id, deed=Deed.CANCEL_RUNNING)
    site.gateway.preview_control(wanted)
    site.gateway.control(wanted)
    assert site.states("controlled") == ["failed"] * 4
    assert site.of_task("controlled", "a", first) == "failed"
    assert site.of_task("controlled", "b", first) == "skipped"


def test_a_run_of_a_cancelled_backfill_is_let_go(site: Site) -> None:
    backfill_id = site.launch("let_go")
    site.gateway.control(ControlRequest(backfill_id=backfill_id, deed=Deed.CANCEL))
    wanted = RerunRequest(
        dag_id=DagId("let_go"), run_ids=tuple(site.runs("let_go")), scope=RerunScope.WHOLE_RUN
    )
    assert site.gateway.rerun(wanted).unblocked == (backfill_id,)
    assert site.states("let_go") == ["queued"] * 4


def test_a_cell_a_log_and_the_failures_are_read(site: Site) -> None:
    backfill_id = site.launch("logged")
    run_ids = site.end("logged", "failed", "success")
    site.bring("logged", run_ids[0], b="failed")
    folder = site.airflow.home / "logs" / "dag_id=logged" / f"run_id={run_ids[0]}" / "task_id=b"
    folder.mkdir(parents=True)
    (folder / "attempt=1.log").write_text(
        '{"timestamp":"2024-03-09T00:00:00Z","level":"error","event":"Task failed with exception",'
        '"error_detail":[{"exc_type":"ValueError","exc_value":"no such file","frames":[]}]}\n'
    )
    cell = site.gateway.cell(CellQuery(dag_id=DagId("logged"), run_id=run_ids[0], task_id=TaskId("b")))
    assert [instance.state for instance in cell.instances] == [TaskState.FAILED]
    key = TaskInstanceKey(run_id=run_ids[0], task_id=TaskId("b"))
    log = site.gateway.log(LogQuery(dag_id=DagId("logged"), key=key, try_number=1))
    assert any("Task failed with exception" in line for line in log.lines)
    found: list[FailuresFound] = []
    site.gateway.failures(FailuresQuery(about=backfill_id), found.append)
    failures = [failure for part in found for failure in part.failures]
    assert {failure.task_id for failure in failures} >= {"b"}
    assert "ValueError: no such file" in {failure.error for failure in failures}


def test_a_task_that_waits_says_for_what(site: Site) -> None:
    plan = site.gateway.plan(site.request("waits", ReprocessBehavior.FAILED))
    site.gateway.launch(Launch(request=plan.request))
    first, second, *_ = site.runs("waits")
    site.airflow.sql("UPDATE dag_run SET state = ? WHERE dag_id = ?", "running", "waits")
    alive = time.strftime("%Y-%m-%d %H:%M:%S+00:00", time.gmtime(time.time() + 60))
    site.airflow.sql(
        "INSERT INTO job (job_type, state, latest_heartbeat) VALUES ('SchedulerJob', 'running', ?)", alive
    )
    try:
        assert 'trigger rule all_success is not met: "a" (no status)' in site.waits(first, "b")
        assert any("depends on its past" in words for words in site.waits(second, "a"))
    finally:
        site.airflow.sql("DELETE FROM job")


def test_a_dag_is_paused_and_unpaused(site: Site) -> None:
    site.gateway.pause_dag(DagId("paused"), is_paused=True)
    with pytest.raises(Problem):
        site.gateway.pause_dag(DagId("no_such"), is_paused=True)
    assert site.gateway.undo(UndoRequest(dag_id=DagId("paused"))).dag_id == "paused"
    assert not site.airflow.database.ask("SELECT is_paused FROM dag WHERE dag_id = 'paused'")
