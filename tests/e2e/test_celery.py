"""Past one machine: PostgreSQL, two schedulers, Celery with two workers, and the program attached to that.

The tests use the deployment one after the other, and the last one leaves it without some of its parts.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from tests.support.deployment import SCHEDULERS, Deployment, deployment
from tests.support.following import Following, following, shown
from tests.support.homes import wait_until
from tests.support.world import DAY, instant

from backfill_tui.domain.dags import DagFile
from backfill_tui.domain.grid import GridStore
from backfill_tui.domain.ids import BackfillId, DagId, RunId, TaskId
from backfill_tui.domain.instants import Instant
from backfill_tui.domain.launching import Launch
from backfill_tui.domain.planning import BackfillRequest
from backfill_tui.domain.problems import Refused
from backfill_tui.domain.repairing import RerunRequest, TaskInstanceKey
from backfill_tui.domain.tasks import LogQuery
from backfill_tui.domain.watching import RunCounts
from backfill_tui.gateway.bridge import BridgeGateway
from backfill_tui.gateway.child import BridgeChild, BridgeCommand

pytestmark = [
    pytest.mark.airflow,
    pytest.mark.engine,
    pytest.mark.xdist_group("celery"),
    pytest.mark.timeout(900),
]

_DAGS = {
    # The 1st of a month is deferred, a 13th fails until its cause is mended, one date waits for its gate.
    "short.py": """
        import time
        from datetime import datetime, timedelta, timezone
        from pathlib import Path
        from airflow.providers.standard.operators.empty import EmptyOperator
        from airflow.sdk import DAG, BaseOperator

        HERE = Path(__file__).parent

        class Extract(BaseOperator):
            def execute(self, context):
                date = context["logical_date"]
                while f"{date:%m-%d}" == "01-15" and not (HERE / f"{self.dag_id}.gate").exists():
                    time.sleep(0.1)
                if date.day == 13 and not (HERE / f"{self.dag_id}.mended").exists():
                    raise ValueError(f"the input of {date:%Y-%m-%d} is broken")
                if date.day == 1:
                    from airflow.providers.standard.triggers.temporal import TimeDeltaTrigger
                    self.defer(trigger=TimeDeltaTrigger(timedelta(seconds=1)), method_name="wake")

            def wake(self, context, event=None):
                pass

        for dag_id in ("short", "shared"):
            with DAG(dag_id, schedule="@daily", start_date=datetime(2024, 1, 1, tzinfo=timezone.utc),
                     end_date=datetime(2024, 12, 31, tzinfo=timezone.utc), catchup=False):
                Extract(task_id="extract") >> EmptyOperator(task_id="load")
    """
}
_TEAM_B = {
    # The same name as in the other bundle.
    "short.py": """
        from datetime import datetime, timezone
        from pathlib import Path
        from airflow.sdk import DAG, task

        with DAG("other_team", schedule="@daily", start_date=datetime(2024, 1, 1, tzinfo=timezone.utc),
                 end_date=datetime(2024, 12, 31, tzinfo=timezone.utc), catchup=False):
            @task
            def tell():
                print("this is", Path(__file__).parent.name)
            tell()
    """
}
_LAST_SECONDS = 400


@pytest.fixture(scope="module")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    folder = tmp_path_factory.mktemp("celery")
    with deployment(folder, _DAGS, bundles={"team_b": _TEAM_B}) as running:
        yield running


@contextmanager
def screen(airflow: Deployment, name: str) -> Iterator[BridgeGateway]:
    """What a screen has of Airflow: a bridge of its own."""
    words = [*airflow.words()[:1], "-m", "backfill_tui.bridge", "--mode", "attached"]
    environment = {**airflow.environment, "AIRFLOW_HOME": str(airflow.home)}
    command = BridgeCommand(words=words, environment=environment, log=airflow.home / f"bridge-{name}.log")
    gateway = BridgeGateway(BridgeChild(command))
    try:
        gateway.open()
        yield gateway
    finally:
        gateway.close()


def instances(airflow: Deployment, dag_id: str) -> dict[tuple[str, str], tuple[str | None, Any]]:
    """State and start of each task instance that there is, by day and task, as a stranger reads them."""
    with airflow.database.stranger() as connection, closing(connection.cursor()) as cursor:
        cursor.execute(
            "SELECT to_char(r.logical_date, 'YYYY-MM-DD'), t.task_id, t.state, t.start_date"
            " FROM task_instance t JOIN dag_run r ON r.dag_id = t.dag_id AND r.run_id = t.run_id"
            " WHERE t.dag_id = %s",
            [dag_id],
        )
        return {(day, task): (state, begun) for day, task, state, begun in cursor.fetchall()}


def both_show(true: Callable[[RunCounts], bool], *streams: Following) -> None:
    """Follow them until it is true of what each has counted."""
    for followed in streams:

        def shows(store: GridStore = followed.store) -> bool:
            return true(store.counts())

        followed.until(shows, "counted so", _LAST_SECONDS)


def test_the_dags_of_two_bundles_are_listed_and_launched_and_their_logs_read(airflow: Deployment) -> None:
    listed = {
        dag["dag_id"]: (dag["bundle"], dag["file"]) for dag in airflow.run("dags", "--json").json()["dags"]
    }
    own = ("dags-folder", "short.py")
    assert listed == {"short": own, "shared": own, "other_team": ("team_b", "short.py")}
    dates = ("other_team", "--from", "2024-01-01", "--to", "2024-01-03")
    assert airflow.run("plan", *dates, "--json").json()["totals"]["create"] == 3
    launched = airflow.run("launch", *dates, "--yes", "--wait", "--json", seconds=_LAST_SECONDS)
    assert launched.code == 0, f"{launched.err}\n{airflow.ends_of_logs()}"
    with (
        screen(airflow, "bundles") as gateway,
        gateway.watch(BackfillId(launched.json()["backfill_id"])) as updates,
    ):
        rows = next(updates).rows
        assert [row.state for row in rows] == ["success"] * 3
        key = TaskInstanceKey(run_id=RunId(str(rows[0].run_id)), task_id=TaskId("tell"), map_index=-1)
        query = LogQuery(dag_id=DagId("other_team"), key=key, try_number=1)
        assert "this is team_b" in "\n".join(gateway.log(query).lines)
        gateway.parse(file=DagFile(bundle="team_b", path="short.py"))
    taken = "SELECT count(*) = 0 FROM dag_priority_parsing_request"
    wait_until(lambda: airflow.database.ask(taken), airflow.ends_of_logs, _LAST_SECONDS)


def test_two_screens_see_the_same_and_do_nothing_twice(airflow: Deployment) -> None:
    dag_id, first = DagId("shared"), instant("2024-01-12")
    request = BackfillRequest(dag_id=dag_id, from_date=first, to_date=Instant(first + 3 * DAY))
    with screen(airflow, "one") as one, screen(airflow, "two") as two:
        number = one.launch(Launch(request=request)).backfill_id
        assert [found.facts.backfill_id for found in two.backfills(dag_id)] == [number]
        later = BackfillRequest(dag_id=dag_id, from_date=instant("2024-02-01"), to_date=instant("2024-02-03"))
        with pytest.raises(Refused, match=f"^Backfill {number} of this Dag is active"):
            two.launch(Launch(request=later))
        with following(one, number) as by_one, following(two, number) as by_two:
            both_show(lambda counts: counts.failed == 1, by_one, by_two)
            assert by_two.store.counts().success < 3, "the gate is closed"
            (airflow.dags_folder / "shared.gate").touch()
            both_show(lambda counts: counts.success == 3, by_one, by_two)
            assert shown(by_one.store) == shown(by_two.store)
            (airflow.dags_folder / "shared.mended").touch()
            failed = next(row.run_id for row in by_one.store.rows if row and row.state == "failed")
            again = RerunRequest(dag_id=dag_id, run_ids=(RunId(str(failed)),), backfill_id=number)
            assert len(two.rerun(again).affected) == 2
            both_show(lambda counts: counts.failed == 0, by_one, by_two)
            both_show(lambda counts: counts.success == 4, by_one, by_two)
            assert shown(by_one.store) == shown(by_two.store)
            assert one.preview_rerun(again).affected == ()
            ((by_one_listed,), (by_two_listed,)) = (one.backfills(dag_id), two.backfills(dag_id))
            assert (by_one_listed.facts, by_one_listed.counts) == (by_two_listed.facts, by_two_listed.counts)
    assert {state for state, _ in instances(airflow, "shared").values()} == {"success"}


def test_nothing_is_lost_when_a_worker_and_a_scheduler_are_killed_in_the_middle(airflow: Deployment) -> None:
    dates = ("short", "--range", "2024-01-01..2024-07-18", "--max-active-runs", "20")
    planned = airflow.run("plan", *dates, "--json").json()
    assert planned["totals"]["create"] == 200
    launched = airflow.run("launch", *dates, "--yes", "--json")
    assert launched.code == 0, launched.err
    number = str(launched.json()["backfill_id"])
    watching = subprocess.Popen(
        airflow.words("watch", number, "--json"), env=airflow.environment, cwd=airflow.home,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        held = _in_the_middle(airflow)
        airflow.kill(airflow.part_of(held))
        airflow.kill(SCHEDULERS[0])
        (airflow.dags_folder / "short.gate").touch()
        out, _ = watching.communicate(timeout=_LAST_SECONDS)
    finally:
        watching.kill()
        watching.wait()
    assert watching.returncode == 1, airflow.ends_of_logs()
    before = instances(airflow, "short")
    failed = {day for (day, task), (state, _) in before.items() if task == "extract" and state == "failed"}
    assert failed >= {"2024-01-15", *(f"2024-{month:02}-13" for month in range(1, 8))}
    counts = json.loads(out.splitlines()[-1])["counts"]
    assert (counts["failed"], counts["success"]) == (len(failed), 200 - len(failed))

    (airflow.dags_folder / "short.mended").touch()
    rerun = airflow.run("rerun", "short", "--yes", "--wait", "--json", seconds=_LAST_SECONDS)
    assert rerun.code == 0, rerun.err
    after = instances(airflow, "short")
    assert {day for day, task in after if before[day, task] != after[day, task]} == failed
    days = [run["logical_date"][:10] for run in planned["runs"]]
    assert len(days) == 200
    assert after.keys() == {(day, task) for day in days for task in ("extract", "load")}
    assert {state for state, _ in after.values()} == {"success"}
    ended = "SELECT count(DISTINCT logical_date) FROM dag_run WHERE dag_id = 'short' AND state = 'success'"
    assert airflow.database.ask(ended) == 200


def _in_the_middle(airflow: Deployment) -> int:
    """Wait until some dates are done and the one at its gate is held by a worker; the process of its task."""
    done = "SELECT count(*) FROM dag_run WHERE dag_id = 'short' AND state = 'success'"
    held = (
        "SELECT coalesce(max(pid), 0) FROM task_instance WHERE dag_id = 'short' AND state = 'running' "
        "AND run_id LIKE '%2024-01-15%'"
    )
    wait_until(
        lambda: airflow.database.ask(done) >= 40 and airflow.database.ask(held),
        airflow.ends_of_logs,
        _LAST_SECONDS,
    )
    return int(airflow.database.ask(held))
