"""Airflow's private functions that create a backfill: one adapter for each minor version.

They have changed with every minor release so far, so an adapter is used only for the versions it was written
for, and only after its functions and their parameters were found to be those it calls.
"""

from __future__ import annotations

import inspect
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from importlib import import_module
from typing import Any, Final

from backfill_tui.domain.ids import BackfillId
from backfill_tui.domain.problems import AirflowFailed, BadRequest, Problem, Refused
from backfill_tui.domain.text import one_line


@dataclass(frozen=True, slots=True, kw_only=True)
class Creation:
    """What Airflow is asked to create; bounds and conf in the form in which Airflow takes them."""

    dag_id: str
    from_date: datetime
    to_date: datetime
    max_active_runs: int
    run_backwards: bool
    conf: dict[str, Any] | None
    reprocess_behavior: str
    run_on_latest_version: bool
    triggering_user: str


@dataclass(frozen=True, slots=True)
class _Words:
    """The class and the sentence that an exception of Airflow becomes; `{dag}` is the Dag's id."""

    kind: type[Problem]
    sentence: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapter:
    """One minor version of Airflow: what is called there, and what it raises.

    `parameters` are those of `_create_backfill`, whose order does not matter, for all are keywords.
    """

    minor: str
    module: str = "airflow.models.backfill"
    function: str = "_create_backfill"
    parameters: frozenset[str]
    models: tuple[str, ...] = ("Backfill", "BackfillDagRun", "ReprocessBehavior")
    exceptions: Mapping[str, _Words] = field(repr=False)

    def check(self, version: str) -> None:
        """Raise AirflowFailed unless the functions are the ones this adapter calls."""
        module = import_module(self.module)
        missing = [name for name in (self.function, *self.models) if not hasattr(module, name)]
        if missing:
            raise _unknown_inside(version, f"{self.module} has no {', '.join(missing)}")
        found = inspect.signature(getattr(module, self.function)).parameters
        if set(found) != self.parameters or any(
            parameter.kind is not inspect.Parameter.KEYWORD_ONLY for parameter in found.values()
        ):
            raise _unknown_inside(version, f"{self.function} takes ({', '.join(found)})")

    def create(self, creation: Creation) -> BackfillId:
        """Let Airflow create the backfill in the session of this thread; raises what Airflow raises."""
        module = import_module(self.module)
        backfill = getattr(module, self.function)(
            dag_id=creation.dag_id,
            from_date=creation.from_date,
            to_date=creation.to_date,
            max_active_runs=creation.max_active_runs,
            reverse=creation.run_backwards,
            dag_run_conf=creation.conf,
            triggering_user_name=creation.triggering_user,
            reprocess_behavior=module.ReprocessBehavior(creation.reprocess_behavior),
            run_on_latest_version=creation.run_on_latest_version,
        )
        return BackfillId(backfill.id)

    def problem_of(self, failure: Exception, dag_id: str) -> Problem:
        """What Airflow's exception means to the user; Airflow's own words are the detail."""
        name = type(failure).__name__
        own_words = f"{name}: {failure}"
        dag = one_line(dag_id)
        if words := self.exceptions.get(name):
            return words.kind(words.sentence.format(dag=dag), remedy=words.remedy, detail=own_words)
        return AirflowFailed(
            f"Airflow could not create the backfill of {dag}: {one_line(str(failure).partition(chr(10))[0])}",
            remedy="nothing of it is left; the bridge's log has the traceback",
            detail=own_words,
        )


_NO_SUCH_RUN_TYPE: Final = _Words(
    Refused, "{dag} does not allow backfill runs", "add them to allowed_run_types in the Dag's file"
)

_OF_3_3: Final[dict[str, _Words]] = {
    "AlreadyRunningBackfill": _Words(
        Refused, "Another backfill of {dag} is active", "watch it, and launch when it is done"
    ),
    "UnknownActiveBackfills": _Words(
        AirflowFailed, "Airflow can not tell whether a backfill of {dag} is active", "launch again"
    ),
    "DagNotFound": _Words(BadRequest, "Airflow does not know the Dag {dag} any more", "parse the Dags again"),
    "NoResultFound": _Words(BadRequest, "Airflow has no row for the Dag {dag}", "parse the Dags again"),
    "DagNonPeriodicScheduleException": _Words(
        BadRequest, "The schedule of {dag} has no periods", "choose a Dag with a cron or timedelta schedule"
    ),
    "DagRunTypeNotAllowed": _NO_SUCH_RUN_TYPE,
    "InvalidBackfillDirection": _Words(
        Refused,
        "A task of {dag} depends on its past, so the dates can not run backwards",
        "run them forwards",
    ),
    "InvalidReprocessBehavior": _Words(
        Refused,
        "A task of {dag} depends on its past, so Airflow does not backfill the missing runs alone",
        "choose Missing and Errored Runs or All Runs",
    ),
    "InvalidBackfillDate": _Words(BadRequest, "The range is in the future", "begin it in the past"),
    "InvalidBackfillDateRange": _Words(BadRequest, "The range ends before it begins", "swap its bounds"),
    "InvalidBackfillConf": _Words(BadRequest, "The conf does not fit the params of {dag}", "change the conf"),
    "NoBackfillRunsToCreate": _Words(
        Refused, "No date of the range is due for {dag}", "choose another range"
    ),
}

ADAPTERS: Final = (
    Adapter(
        minor="3.3",
        parameters=frozenset(
            {
                "dag_id",
                "from_date",
                "to_date",
                "max_active_runs",
                "reverse",
                "dag_run_conf",
                "triggering_user_name",
                "reprocess_behavior",
                "run_on_latest_version",
            }
        ),
        exceptions=_OF_3_3,
    ),
)


def adapter_for(version: str) -> Adapter:
    """The adapter for a version of Airflow (`3.3.2`), its functions not looked at yet.

    Raises AirflowFailed for a version that none was written for.
    """
    minor = re.match(r"\d+\.\d+", version)
    for adapter in ADAPTERS:
        if minor is not None and adapter.minor == minor.group():
            return adapter
    known = ", ".join(adapter.minor for adapter in ADAPTERS)
    raise AirflowFailed(
        f"Airflow {one_line(version)} is not one this program can launch on; it knows {known}",
        remedy="use a backfill-tui made for that Airflow",
    )


def installed_adapter() -> Adapter:
    """The adapter for the Airflow that is installed, its functions checked; raises AirflowFailed."""
    from airflow import __version__

    adapter = adapter_for(__version__)
    adapter.check(__version__)
    return adapter


def quiet_creation() -> None:
    """Let Airflow keep the lines to itself that it logs for every run it creates, two of them each.

    To be called before its loggers are first used, for they keep the level of that moment. Where Airflow
    keeps its levels elsewhere the log is longer, and nothing else.
    """
    structlog = import_module("airflow._shared.logging.structlog")
    levels = getattr(structlog, "PER_LOGGER_LEVELS", None)
    for name in ("airflow.models.backfill", "airflow.serialization.definitions.dag"):
        if levels is not None and name not in levels:
            levels[name] = logging.WARNING


def _unknown_inside(version: str, found: str) -> AirflowFailed:
    return AirflowFailed(
        f"Airflow {one_line(version)} creates backfills differently from the version this program knows",
        remedy="use a backfill-tui made for that Airflow",
        detail=found,
    )
