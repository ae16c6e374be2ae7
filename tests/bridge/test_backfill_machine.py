"""Whatever is done to backfills, in whatever order, what the program says of them stays true.

Hypothesis plays users, other tools and a scheduler against each other, on Airflow's own code and a real
database, and after each step holds what the bridge says against the tables (the invariants of a screen: I1
progress from the runs, I2 totals add up, I3 owner and type from columns, I4 execution order, I5 cells by run
and task, I6 one active backfill of a Dag, I7 what may be done, I8 what starts, I9 how many at once, I10
nothing that ended is frozen, I11 a plan is stale at once).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from tests.support.databases import postgresql_database
from tests.support.worker import Worker, attached_place, embedded_place, worker_on
from tests.support.world import DAY, instant

from backfill_tui.domain.control import Deed, possible_deeds
from backfill_tui.domain.fingerprint import what_changed
from backfill_tui.domain.planning import BackfillPlan
from backfill_tui.domain.problems import NotThere, PlanChanged, Refused
from backfill_tui.domain.progress import BackfillStatus, standing
from backfill_tui.domain.states import CODES
from backfill_tui.domain.watching import BackfillSummary

pytestmark = [pytest.mark.airflow]

MACHINE = Path(__file__).parents[1] / "support" / "machine_main.py"
DAG = "sales"
DAG_FILE = f"""
from datetime import datetime
from airflow.sdk import dag, task

@dag(dag_id="{DAG}", schedule="@daily", start_date=datetime(2024, 1, 1), catchup=False)
def sales():
    @task
    def extract(): ...
    @task
    def load(): ...
    extract() >> load()

sales()
"""
FIRST = instant("2024-01-01")
MOST_DAYS = 5
UNFINISHED = {"queued", "running"}
SETTINGS = settings(
    max_examples=50,
    stateful_step_count=24,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)

Row = dict[str, Any]
days = st.integers(0, MOST_DAYS - 1)
behaviors = st.sampled_from(["none", "failed", "completed"])


class Backfills(RuleBasedStateMachine):
    """One Dag, its runs and backfills; `worker` is the Airflow it all happens on."""

    worker: ClassVar[Worker]

    def __init__(self) -> None:
        super().__init__()
        self.alive: set[str] = set()
        """The run ids that nobody has deleted."""
        self.planned: dict[int, int] = {}
        """How many dates each backfill had when it was launched."""
        self.agreed: BackfillPlan | None = None
        """A plan that somebody looked at a while ago."""
        self.failing: set[str] = set()
        self.reopened = False

    # What is done.

    @initialize()
    def an_empty_database(self) -> None:
        self.worker("forget")
        self.look()

    @rule(first=days, length=days, behavior=behaviors, at_once=st.integers(1, 3), paused=st.booleans(),
          backwards=st.booleans())  # fmt: skip
    def launch(
        self, *, first: int, length: int, behavior: str, at_once: int, paused: bool, backwards: bool
    ) -> None:
        request = self.request(first, length, behavior, max_active_runs=at_once, run_backwards=backwards)
        plan = self.plan(request)
        in_the_way = [one for one in self.summaries if not self.at_end(one)]
        try:
            made = self.ask("launch", request=request, fingerprint=plan.fingerprint, paused=paused)
        except Refused as refused:
            assert in_the_way or not plan.run_count or plan.blocking, str(refused)  # noqa: PT017
            return
        assert not in_the_way
        assert made["created"] + made["reprocessed"] == plan.run_count
        self.planned[made["backfill_id"]] = plan.judged.due
        before = self.alive
        self.look()
        assert before <= self.alive
        assert len(self.alive - before) == made["created"]
        (launched,) = [one for one in self.backfills if one["id"] == made["backfill_id"]]
        assert launched["is_paused"] is paused

    @rule(first=days, length=days, behavior=behaviors)
    def look_at_a_plan(self, *, first: int, length: int, behavior: str) -> None:
        self.agreed = self.plan(self.request(first, length, behavior))

    @precondition(lambda self: self.agreed is not None)
    @rule()
    def launch_what_was_agreed_to_a_while_ago(self) -> None:
        agreed, self.agreed = self.agreed, None
        assert agreed is not None
        request = msgspec.to_builtins(agreed.request)
        changed = what_changed(agreed.fingerprint, self.plan(request).judged)
        try:
            made = self.ask("launch", request=request, fingerprint=agreed.fingerprint)
        except PlanChanged as told:
            assert changed in str(told)  # noqa: PT017
            return
        except Refused:
            assert not changed
            return
        assert not changed
        self.planned[made["backfill_id"]] = agreed.judged.due

    @precondition(lambda self: self.backfills)
    @rule(data=st.data(), deed=st.sampled_from(Deed))
    def control(self, *, data: st.DataObject, deed: Deed) -> None:
        summary = data.draw(st.sampled_from(self.summaries))
        facts = summary.facts
        possible = possible_deeds(facts, summary.counts, summary.read_at)
        already = facts.completed_at is None and summary.counts.active > 0 and (
            (deed is Deed.PAUSE and facts.is_paused) or (deed is Deed.RESUME and not facts.is_paused)
        )  # fmt: skip
        before = self.everything
        params = {"backfill_id": facts.backfill_id, "deed": deed}
        try:
            preview = self.worker("ask", method="preview_control", params=params)
            assert self.worker("truth") == before
            outcome = self.worker("ask", method="control", params=params)
        except Refused as refused:
            assert deed not in possible, str(refused)  # noqa: PT017
            assert self.worker("truth") == before
            return
        assert deed in possible or already
        assert preview == outcome
        assert outcome["changed"] is not already
        self.reopened |= deed is Deed.REOPEN
        self.look()
        self.check_control(outcome, before)

    @precondition(lambda self: self.runs)
    @rule(data=st.data(), scope=st.sampled_from(["failed", "failed_and_downstream", "whole_run"]))
    def rerun(self, *, data: st.DataObject, scope: str) -> None:
        chosen = data.draw(st.lists(st.sampled_from(sorted(self.alive)), min_size=1, unique=True))
        outcome = self.worker(
            "ask", method="rerun", params={"dag_id": DAG, "run_ids": chosen, "scope": scope}
        )
        self.look()
        touched = {task["key"]["run_id"] for task in outcome["affected"]}
        states = {run["run_id"]: run["state"] for run in self.runs}
        assert {states[run_id] for run_id in touched} <= {"queued"}
        owners = {run["backfill_id"] for run in self.runs if run["run_id"] in touched}
        # A cancelled backfill would keep them queued for ever.
        assert not [one for one in self.backfills if one["id"] in owners and one["is_paused"] and
                    one["completed"]]  # fmt: skip
        assert {left["run_id"] for left in outcome["left_alone"]} | touched == set(chosen)

    @precondition(lambda self: self.runs)
    @rule(data=st.data(), only_failed=st.booleans())
    def somebody_clears_a_run_elsewhere(self, *, data: st.DataObject, only_failed: bool) -> None:
        run_id = data.draw(st.sampled_from(sorted(self.alive)))
        self.worker("clear_run", dag_id=DAG, run_id=run_id, only_failed=only_failed)

    @precondition(lambda self: any(run["state"] != "running" for run in self.runs))
    @rule(data=st.data())
    def somebody_deletes_a_run(self, *, data: st.DataObject) -> None:
        run_id = data.draw(
            st.sampled_from(sorted(run["run_id"] for run in self.runs if run["state"] != "running"))
        )
        self.worker("delete_run", dag_id=DAG, run_id=run_id)
        self.alive.discard(run_id)

    @precondition(lambda self: self.runs)
    @rule(data=st.data(), state=st.sampled_from(["success", "failed"]))
    def somebody_marks_a_run(self, *, data: st.DataObject, state: str) -> None:
        run_id = data.draw(st.sampled_from(sorted(self.alive)))
        self.worker("mark_run", dag_id=DAG, run_id=run_id, state=state)

    @rule(day=days, state=st.sampled_from(["success", "failed", "queued", "running"]),
          kind=st.sampled_from(["manual", "scheduled"]))  # fmt: skip
    def a_run_that_is_no_backfills(self, *, day: int, state: str, kind: str) -> None:
        date = FIRST + day * DAY
        taken = {run["verdict"] for run in self.dates() if run["date"] == date}
        if taken != {"create"}:
            return
        self.worker(
            "add_runs", dag_id=DAG,
            runs=[{"date": date, "state": state, "type": kind, "started": date, "succeeded": 1}],
        )  # fmt: skip

    @rule(is_paused=st.booleans())
    def the_dag_is_paused_or_unpaused(self, *, is_paused: bool) -> None:
        self.worker("ask", method="pause_dag", params={"dag_id": DAG, "is_paused": is_paused})
        self.dag_is_paused = is_paused

    @precondition(lambda self: self.runs)
    @rule(data=st.data())
    def the_tasks_of_a_run_will_fail(self, *, data: st.DataObject) -> None:
        self.failing ^= {data.draw(st.sampled_from(sorted(self.alive)))}

    @rule(loops=st.integers(1, 4))
    def the_scheduler_goes_on(self, *, loops: int) -> None:
        for _ in range(loops):
            before = {run["run_id"]: run for run in self.runs}
            able = self.able_to_start()
            self.worker("scheduler_step", failing=sorted(self.failing))
            self.look()
            self.check_starts(before, able)

    @rule()
    def the_scheduler_marks_what_is_complete(self) -> None:
        self.worker("mark_complete")

    # What is held.

    @invariant()
    def what_is_said_is_what_is_there(self) -> None:
        before = self.alive
        self.look()
        assert before <= self.alive, "a run was lost"
        for summary in self.summaries:
            self.check_summary(summary)
            self.check_grid(summary)

    @invariant()
    def one_backfill_of_a_dag_is_active(self) -> None:
        active = [one for one in self.summaries if one.facts.completed_at is None and not self.at_end(one)]
        assert len(active) <= 1 or self.reopened

    def teardown(self) -> None:
        """Whatever happened: once nothing is paused and nothing fails, everything that can run ends."""
        if not self.backfills:
            return
        self.worker("ask", method="pause_dag", params={"dag_id": DAG, "is_paused": False})
        self.look()
        for one in self.summaries:
            if one.facts.is_paused and one.facts.completed_at is None and one.counts.active:
                self.worker(
                    "ask", method="control", params={"backfill_id": one.facts.backfill_id, "deed": "resume"}
                )
        for _ in range(12 * MOST_DAYS):
            self.worker("scheduler_step", failing=[])
        self.worker("mark_complete")
        self.look()
        cancelled = {one["id"] for one in self.backfills if one["is_paused"] and one["completed"]}
        stuck = [run for run in self.runs if run["state"] in UNFINISHED]
        assert [run for run in stuck if run["backfill_id"] not in cancelled] == []
        self.check_a_rerun_mends(stuck)

    def check_a_rerun_mends(self, stuck: list[Row]) -> None:
        """A run that was cleared after its backfill was cancelled would wait for ever: a rerun lets it go."""
        if not stuck:
            return
        run_ids = [run["run_id"] for run in stuck]
        self.worker("ask", method="rerun",
                    params={"dag_id": DAG, "run_ids": run_ids, "scope": "failed"})  # fmt: skip
        for _ in range(12 * MOST_DAYS):
            self.worker("scheduler_step", failing=[])
        self.look()
        assert [run for run in self.runs if run["state"] in UNFINISHED] == []

    # How it is looked at.

    everything: Row
    summaries: tuple[BackfillSummary, ...] = ()
    dag_is_paused = False

    @property
    def runs(self) -> list[Row]:
        found: list[Row] = self.everything["runs"]
        return found

    @property
    def backfills(self) -> list[Row]:
        found: list[Row] = self.everything["backfills"]
        return found

    def look(self) -> None:
        self.everything = self.worker("truth")
        self.alive = {run["run_id"] for run in self.runs}
        told = self.worker("ask", method="backfills", params={"dag_id": DAG})
        self.summaries = msgspec.convert(told["backfills"], tuple[BackfillSummary, ...])

    def ask(self, method: str, **params: Any) -> Row:
        found: Row = self.worker("ask", method=method, params=params)
        return found

    def request(self, first: int, length: int, behavior: str, **more: Any) -> Row:
        return {
            "dag_id": DAG, "from_date": FIRST + first * DAY, "to_date": FIRST + (first + length) * DAY,
            "reprocess_behavior": behavior, **more,
        }  # fmt: skip

    def plan(self, request: Row) -> BackfillPlan:
        return msgspec.convert(self.worker("ask", method="plan", params=request), BackfillPlan)

    def dates(self) -> list[Row]:
        plan = self.plan(self.request(0, MOST_DAYS, "none"))
        return [{"date": run.occurrence.logical_date, "verdict": run.verdict.value} for run in plan.runs]

    def at_end(self, summary: BackfillSummary) -> bool:
        return summary.facts.completed_at is not None or not summary.counts.active

    def own_runs(self, backfill_id: int) -> list[Row]:
        members = {
            entry["dag_run_id"] for entry in self.everything["entries"] if entry["backfill_id"] == backfill_id
        }
        return [run for run in self.runs if run["id"] in members and run["backfill_id"] == backfill_id]

    def able_to_start(self) -> set[str]:
        """The queued runs that nothing keeps from starting but the room for them."""
        held = {one["id"] for one in self.backfills if one["is_paused"]}
        if self.dag_is_paused:
            return set()
        return {run["run_id"] for run in self.runs
                if run["state"] == "queued" and run["backfill_id"] not in held}  # fmt: skip

    # What is checked.

    def check_control(self, outcome: Row, before: Row) -> None:
        was = {run["run_id"]: run["state"] for run in before["runs"]}
        news = Counter(
            (was[run["run_id"]], run["state"]) for run in self.runs if run["state"] != was[run["run_id"]]
        )
        assert news == Counter({
            ("queued", "failed"): outcome["stopped_queued"],
            ("running", "failed"): outcome["stopped_running"],
        })  # fmt: skip
        (one,) = [one for one in self.backfills if one["id"] == outcome["backfill_id"]]
        expected = {
            "pause": (True, False), "resume": (False, False), "cancel": (True, True),
            "cancel_running": (True, True), "reopen": (False, False),
        }[outcome["deed"]]  # fmt: skip
        assert (one["is_paused"], one["completed"]) == expected

    def check_starts(self, before: dict[str, Row], able: set[str]) -> None:
        started = {
            run["run_id"]
            for run in self.runs
            if run["state"] == "running" and before[run["run_id"]]["state"] == "queued"
        }
        assert started <= able
        # Those that were running when it looked; that some of them ended in the same loop came after.
        running = Counter(
            run["backfill_id"]
            for run in before.values()
            if run["state"] == "running" or run["run_id"] in started
        )
        room = {one["id"]: one["max_active_runs"] for one in self.backfills}
        for run_id in started:
            owner = before[run_id]["backfill_id"]
            assert owner is None or running[owner] <= room[owner], f"{run_id} is one too many"
        for run_id in able - started:
            owner = before[run_id]["backfill_id"]
            if owner is not None:
                assert running[owner] >= room[owner], f"{run_id} could have started"

    def check_summary(self, summary: BackfillSummary) -> None:
        number, counts = summary.facts.backfill_id, summary.counts
        own = Counter(run["state"] for run in self.own_runs(number))
        assert (counts.queued, counts.running, counts.success) == (
            own["queued"], own["running"], own["success"],
        )  # fmt: skip
        assert counts.failed + counts.cancelled == own["failed"]
        entries = [entry for entry in self.everything["entries"] if entry["backfill_id"] == number]
        assert counts.total == len(entries) == self.planned.get(number, len(entries))
        assert [entry["ordinal"] for entry in entries] == list(range(1, len(entries) + 1))
        status = standing(summary.facts, counts, summary.read_at).status
        assert status.finished is not bool(own["queued"] + own["running"])
        if status is BackfillStatus.DONE:
            assert set(own) <= {"success"}

    def check_grid(self, summary: BackfillSummary) -> None:
        seen = self.worker("grid", backfill_id=summary.facts.backfill_id)
        tasks = {(run_id, task_id): state for run_id, task_id, state in self.everything["tasks"]}
        own = {run["run_id"]: run["state"] for run in self.own_runs(summary.facts.backfill_id)}
        width = len(seen["task_ids"])
        for place, row in enumerate(seen["rows"]):
            if row["membership"] != "included":
                continue
            assert row["state"] == own.pop(row["run_id"])
            cells = seen["cells"][place * width : (place + 1) * width]
            assert [str(CODES[code]) for code in cells] == [
                tasks[row["run_id"], task_id] or "no_status" for task_id in seen["task_ids"]
            ]
        assert own == {}


@contextmanager
def machine_on(kind: str, folder: Path) -> Iterator[Worker]:
    with ExitStack() as stack:
        if kind == "sqlite":
            place = embedded_place(folder, {"sales.py": DAG_FILE}, {})
        else:
            database = stack.enter_context(postgresql_database())
            place = attached_place(folder, {"sales.py": DAG_FILE}, {}, database.url)
        yield stack.enter_context(worker_on(place, MACHINE))


@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_whatever_is_done_what_is_said_stays_true(kind: str, tmp_path: Path) -> None:
    with machine_on(kind, tmp_path) as worker:
        machine = type("BackfillsOn", (Backfills,), {"worker": worker})
        run_state_machine_as_test(machine, settings=SETTINGS)


def test_what_is_not_there_can_not_be_controlled(tmp_path: Path) -> None:
    with (
        machine_on("sqlite", tmp_path) as worker,
        pytest.raises(NotThere, match="no backfill 4711"),
    ):
        worker("ask", method="control", params={"backfill_id": 4711, "deed": "pause"})
