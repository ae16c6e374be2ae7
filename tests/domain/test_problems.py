from __future__ import annotations

import pickle

import pytest

from backfill_tui.domain.problems import (
    AirflowFailed,
    BadRequest,
    Interrupted,
    NotThere,
    Problem,
    Refused,
    Unreachable,
)

KINDS = [AirflowFailed, BadRequest, Interrupted, NotThere, Problem, Refused, Unreachable]


@pytest.mark.parametrize("kind", KINDS)
def test_a_problem_crosses_a_process_boundary_as_what_it_was(kind: type[Problem]) -> None:
    problem = kind("Something happened to it", remedy="do this", detail="at length")
    revived = problem.report().revive()
    assert (type(revived), revived.report()) == (kind, problem.report())


@pytest.mark.parametrize("kind", KINDS)
def test_a_problem_survives_pickling(kind: type[Problem]) -> None:
    problem = kind("Something happened to it", remedy="do this")
    revived = pickle.loads(pickle.dumps(problem))  # noqa: S301  # made one line above
    assert (type(revived), str(revived)) == (kind, "Something happened to it: do this")


@pytest.mark.parametrize(
    ("kind", "exit_code"),
    [(BadRequest, 2), (NotThere, 2), (Unreachable, 3), (AirflowFailed, 3), (Refused, 4), (Interrupted, 130)],
)
def test_every_kind_has_the_exit_code_that_scripts_rely_on(kind: type[Problem], exit_code: int) -> None:
    assert kind.exit_code == exit_code
