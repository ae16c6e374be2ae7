from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backfill_tui.domain.instants import Instant
from backfill_tui.domain.planning import ReprocessBehavior
from backfill_tui.domain.problems import (
    AirflowFailed,
    BadRequest,
    Interrupted,
    NotThere,
    Problem,
    Refused,
    Unreachable,
)
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
