"""The adapters to Airflow's private functions refuse what they were not written for."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest

from backfill_tui.bridge.compat import ADAPTERS, Adapter, adapter_for, problem_with_installed
from backfill_tui.bridge.compat.adapter import Function
from backfill_tui.domain.problems import AirflowFailed, BadRequest, Refused

(OF_3_3,) = [adapter for adapter in ADAPTERS if adapter.minor == "3.3"]


def as_known(
    *, dag_id: Any, from_date: Any, to_date: Any, max_active_runs: Any, reverse: Any, dag_run_conf: Any,
    triggering_user_name: Any, reprocess_behavior: Any = None, run_on_latest_version: Any = False,
) -> Any:  # fmt: skip
    raise NotImplementedError


def with_one_more(*, confirm: Any, **_others: Any) -> Any:
    raise NotImplementedError


def without_a_user(*, dag_id: Any, from_date: Any, to_date: Any) -> Any:
    raise NotImplementedError


def by_position(  # noqa: PLR0917  # that is the point
    dag_id: Any, from_date: Any, to_date: Any, max_active_runs: Any, reverse: Any, dag_run_conf: Any,
    triggering_user_name: Any, reprocess_behavior: Any = None, run_on_latest_version: Any = False,
) -> Any:  # fmt: skip
    raise NotImplementedError


@pytest.fixture
def another_airflow(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[..., Any] | None], Adapter]:
    def made(create: Callable[..., Any] | None) -> Adapter:
        module = ModuleType("another_backfill")
        for name in OF_3_3.models:
            setattr(module, name, object())
        if create is not None:
            module._create_backfill = create  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "another_backfill", module)
        return replace(OF_3_3, module="another_backfill")

    return made


@pytest.mark.parametrize("minor", ["3.1", "3.2", "3.3"])
def test_each_known_minor_version_has_one_adapter(minor: str) -> None:
    (adapter,) = [one for one in ADAPTERS if one.minor == minor]
    assert adapter_for(f"{minor}.1") is adapter


@pytest.mark.parametrize("version", ["3.3.0", "3.3.2", "3.3.9rc1", "3.3.2+local"])
def test_every_patch_of_a_known_minor_version_has_its_adapter(version: str) -> None:
    assert adapter_for(version) is OF_3_3


@pytest.mark.parametrize("version", ["3.0.6", "3.4.0", "3.30.0", "3.20.1", "2.11.0", "4.0.0", "unknown", ""])
def test_an_unknown_version_is_refused_by_name(version: str) -> None:
    with pytest.raises(
        AirflowFailed, match=r"is none that this program knows \(3\.1, 3\.2, 3\.3\)"
    ) as refusal:
        adapter_for(version)
    assert version in refusal.value.message
    assert refusal.value.remedy


def test_the_functions_it_was_written_for_pass(
    another_airflow: Callable[[Callable[..., Any] | None], Adapter],
) -> None:
    another_airflow(as_known).check("3.3.9")


@pytest.mark.parametrize("create", [with_one_more, without_a_user, by_position, None])
def test_a_changed_function_is_refused_with_what_was_found(
    another_airflow: Callable[[Callable[..., Any] | None], Adapter], create: Callable[..., Any] | None
) -> None:
    with pytest.raises(AirflowFailed, match="creates backfills differently") as refusal:
        another_airflow(create).check("3.3.9")
    assert "_create_backfill" in refusal.value.detail


def test_airflows_exceptions_become_sentences_with_a_next_step() -> None:
    for name, words in OF_3_3.exceptions.items():
        failure = type(name, (Exception,), {})("own [/red] words")
        problem = OF_3_3.problem_of(failure, "sales")
        assert type(problem) is words.kind
        assert problem.remedy
        assert "{" not in problem.message
        assert problem.detail == f"{name}: own [/red] words"


def test_two_of_them_in_full() -> None:
    running = type("AlreadyRunningBackfill", (Exception,), {})()
    assert isinstance(OF_3_3.problem_of(running, "sales"), Refused)
    assert OF_3_3.problem_of(running, "sales").message == "Another backfill of sales is active"
    conf = type("InvalidBackfillConf", (Exception,), {})()
    assert isinstance(OF_3_3.problem_of(conf, "sales"), BadRequest)


def test_an_exception_nobody_foresaw_keeps_airflows_first_line_and_all_its_words() -> None:
    problem = OF_3_3.problem_of(RuntimeError("disk \x1b[31mfull\nat byte 7"), "sales")
    assert problem.message == "Airflow could not create the backfill of sales: disk full"
    assert problem.detail == "RuntimeError: disk \x1b[31mfull\nat byte 7"


@pytest.mark.parametrize(
    ("version", "reaches"),
    [("3.2.0", False), ("3.2.1rc1", False), ("3.2.2", True), ("3.2", False), ("3.1.8", False)],
)
def test_a_conf_reaches_the_runs_that_are_taken_again_from_a_patch_on(version: str, reaches: bool) -> None:
    assert adapter_for(version).gives_conf_to_all(version) is reaches


def test_the_installed_airflow_is_known_inside_out() -> None:
    assert problem_with_installed(embedded=True) is None


def test_the_functions_that_write_are_looked_at_too() -> None:
    assert all(not function.found() for function in OF_3_3.functions)
    gone = replace(OF_3_3, functions=(Function("airflow.models.dagrun", "DagRun.no_such", ()),))
    with pytest.raises(AirflowFailed, match=r"Airflow 3\.3\.9 changes runs differently") as refusal:
        gone.check("3.3.9")
    assert refusal.value.detail == "airflow.models.dagrun has no DagRun.no_such"
    changed = Function("airflow.models.taskinstance", "clear_task_instances", ("tis", "confirm"))
    assert changed.found().startswith("clear_task_instances takes (tis, session")
