from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backfill_tui.domain.estimates import Estimate
from backfill_tui.domain.fingerprint import fingerprint_of, what_changed
from backfill_tui.domain.ids import BackfillId, DagId
from backfill_tui.domain.instants import Instant
from backfill_tui.domain.judging import decide
from backfill_tui.domain.outcomes import ExistingRun, Verdict, runs_at
from backfill_tui.domain.plan_dates import Occurrence, columns_of
from backfill_tui.domain.planning import (
    BackfillPlan,
    BackfillRequest,
    DagBounds,
    PlanWarning,
    ReprocessBehavior,
)
from backfill_tui.domain.problems import (
    AirflowFailed,
    BadRequest,
    Interrupted,
    NotThere,
    Problem,
    Refused,
    Unreachable,
)
from backfill_tui.domain.states import RunState, TaskState
from backfill_tui.gateway.port import Gateway
from backfill_tui.wire import methods
from backfill_tui.wire.methods import Method

METHODS: dict[str, Method[Any, Any, Any]] = {
    method.name: method for method in vars(methods).values() if isinstance(method, Method)
}
TRAVELLERS = sorted(
    {kind for method in METHODS.values() for kind in (method.params, method.event, method.result)},
    key=lambda kind: kind.__name__,
)
# MessagePack's integers have 64 bits; instants and numbers of ours fit.
st.register_type_strategy(int, st.integers(min_value=-(2**63), max_value=2**63 - 1))
# What is no number equals nothing, not even itself.
st.register_type_strategy(float, st.floats(allow_nan=False))
st.register_type_strategy(
    str, st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.just("\x1b[31m[/red]")
)


@pytest.mark.parametrize("kind", TRAVELLERS, ids=lambda kind: kind.__name__)
def test_everything_that_travels_arrives_as_it_was(kind: type[Any]) -> None:
    @settings(max_examples=25, suppress_health_check=list(HealthCheck), deadline=None)
    @given(value=st.from_type(kind))
    def arrives(value: object) -> None:
        assert msgspec.msgpack.decode(msgspec.msgpack.encode(value), type=kind) == value

    arrives()


@st.composite
def plans(draw: st.DrawFn) -> BackfillPlan:
    """Plans as the bridge makes them: whatever a plan may hold, and dates that were judged."""
    dates = columns_of(draw(st.lists(st.from_type(Occurrence), max_size=6).filter(of_one_kind)))
    runs = draw(st.dictionaries(st.sampled_from([*dates.dates, 0]), st.from_type(ExistingRun)))
    request = draw(st.from_type(BackfillRequest))
    judged = decide(
        dates,
        runs_at(dates, {Instant(date): run for date, run in runs.items()}),
        behavior=request.reprocess_behavior,
        now=draw(st.from_type(Instant)),
        run_backwards=request.run_backwards,
    )
    return BackfillPlan(
        request=request,
        timezone="Europe/Zurich",
        judged=judged,
        warnings=tuple(draw(st.lists(st.from_type(PlanWarning), max_size=3))),
        planned_at=draw(st.from_type(Instant)),
        fingerprint=fingerprint_of(judged),
        depends_on_past=draw(st.booleans()),
        bounds=draw(st.from_type(DagBounds)),
        estimate=draw(st.none() | st.from_type(Estimate)),
        partition_zone=draw(st.sampled_from(["", "UTC"])),
        complete=draw(st.booleans()),
    )


def of_one_kind(dates: list[Occurrence]) -> bool:
    """Whether all of them are partitions, or none."""
    return len({date.partition_key is None for date in dates}) <= 1


@settings(suppress_health_check=list(HealthCheck), deadline=None)
@given(plan=plans())
def test_a_plan_that_was_judged_arrives_with_all_its_dates(plan: BackfillPlan) -> None:
    arrived = msgspec.msgpack.decode(msgspec.msgpack.encode(plan), type=methods.PLAN.result)
    assert arrived == plan
    assert what_changed(arrived.fingerprint, arrived.judged) == ""
    assert len(arrived.runs) == len(plan.judged.dates)
    assert [arrived.count(verdict) for verdict in Verdict] == [plan.count(verdict) for verdict in Verdict]


def test_the_rows_of_a_plan_say_the_same_on_the_other_side() -> None:
    at = [Instant(1_704_067_200_000_000 + day * 86_400_000_000) for day in range(5)]
    dates = columns_of(
        Occurrence(logical_date=date, data_interval_start=date, data_interval_end=date, run_after=date)
        for date in at
    )
    run = ExistingRun(
        state=RunState.FAILED,
        run_type="manual",
        triggering_user="\x1b[31m[/red]",
        backfill_id=BackfillId(3),
        task_counts=((TaskState.SUCCESS, 1), (TaskState.FAILED, 1)),
    )
    judged = decide(
        dates,
        runs_at(dates, {at[1]: run}),
        behavior=ReprocessBehavior.FAILED,
        now=Instant(at[3] + 1),
        run_backwards=True,
    )
    plan = BackfillPlan(
        request=BackfillRequest(dag_id=DagId("d"), from_date=at[0], to_date=at[4], run_backwards=True),
        timezone="Europe/Zurich",
        judged=judged,
        warnings=(),
        planned_at=Instant(at[3] + 1),
        bounds=DagBounds(start=at[1]),
    )
    arrived = msgspec.msgpack.decode(msgspec.msgpack.encode(plan), type=BackfillPlan)
    assert list(arrived.runs) == list(plan.runs)
    failed = "failed, 1 of 2 tasks succeeded: all 2 run again"
    assert [(row.ordinal, row.reason) for row in arrived.runs] == [
        (1, "no run exists"),
        (2, "no run exists"),
        (
            3,
            f"{failed}; manual run by [/red] is taken over with its conf",
        ),
        (4, "no run exists; before the Dag's start date"),
        (None, "its data interval ends 2024-01-05 01:00 Europe/Zurich"),
    ]


def test_a_plan_is_told_in_parts_of_its_own_kind() -> None:
    assert methods.PLAN.event is methods.PLAN.result is BackfillPlan


def test_every_method_of_the_gateway_is_a_method_of_the_bridge() -> None:
    asked = {name for name in vars(Gateway) if not name.startswith("_")}
    assert asked - {"close"} == set(METHODS)


def test_names_on_the_wire_are_the_names_of_the_table() -> None:
    for name, method in vars(methods).items():
        if isinstance(method, Method):
            assert method.name == name.lower()


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (methods.Watch, {"backfill_id": "seven"}),
        (methods.Watch, {}),
        (methods.PauseDag, {"dag_id": 1, "is_paused": True}),
        (methods.PLAN.params, {"dag_id": "d", "from_date": 0, "to_date": 0, "reprocess_behavior": "some"}),
        (methods.PLAN.result, {"runs": []}),
    ],
)
def test_a_parameter_of_the_wrong_shape_does_not_pass(kind: type[Any], value: object) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.msgpack.decode(msgspec.msgpack.encode(value), type=kind)


def test_fields_left_out_take_their_defaults_so_that_an_older_side_can_still_ask() -> None:
    sent = msgspec.msgpack.encode({"dag_id": "d", "from_date": 0, "to_date": 1})
    request = msgspec.msgpack.decode(sent, type=methods.PLAN.params)
    assert request.reprocess_behavior is ReprocessBehavior.NONE
    assert request.to_date == Instant(1)


@pytest.mark.parametrize("kind", [AirflowFailed, BadRequest, Interrupted, NotThere, Refused, Unreachable])
def test_a_problem_keeps_its_kind_across_the_wire(kind: type[Problem]) -> None:
    problem = kind("What happened", remedy="what to do", detail="more")
    report = msgspec.msgpack.decode(msgspec.msgpack.encode(problem.report()), type=type(problem.report()))
    again = report.revive()
    assert type(again) is kind
    assert (str(again), again.detail) == (str(problem), "more")
    assert again.exit_code == kind.exit_code
