"""What this program calls in one minor version of Airflow, what it finds there, and what it raises."""

from __future__ import annotations

import inspect
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from importlib import import_module
from typing import Any, Final

from backfill_tui.domain.ids import BackfillId
from backfill_tui.domain.problems import AirflowFailed, Problem
from backfill_tui.domain.text import one_line

REMEDY: Final = "use a backfill-tui made for that Airflow"


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
class Words:
    """The class and the sentence that an exception of Airflow becomes; `{dag}` is the Dag's id."""

    kind: type[Problem]
    sentence: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Function:
    """A function of Airflow that is called here to write, and the parameters that it is given by name."""

    module: str
    path: str
    given: tuple[str, ...]

    def found(self) -> str:
        """What is there instead of it; empty where it takes what it is given."""
        try:
            function: Any = import_module(self.module)
            for name in self.path.split("."):
                function = getattr(function, name)
            parameters = inspect.signature(function).parameters
        except (ImportError, AttributeError):
            return f"{self.module} has no {self.path}"
        if set(self.given) <= parameters.keys():
            return ""
        return f"{self.path} takes ({', '.join(parameters)})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapter:
    """One minor version of Airflow: what is called there, and what it raises.

    `parameters` are those of `_create_backfill`, whose order does not matter, for all are keywords.
    `functions` are the others that write. `knows_partitions` says that partitions are planned as there,
    `conf_for_all_since` is the first patch whose backfills give their conf to runs that are taken again too,
    None where none does. `moves_queued_runs` says that a clear takes a queued run to the latest version too,
    `ids_are_text` that task instances have no UUIDs but their text.
    """

    minor: str
    module: str = "airflow.models.backfill"
    function: str = "_create_backfill"
    parameters: frozenset[str]
    models: tuple[str, ...] = ("Backfill", "BackfillDagRun", "ReprocessBehavior")
    functions: tuple[Function, ...] = ()
    exceptions: Mapping[str, Words] = field(repr=False)
    knows_partitions: bool = True
    conf_for_all_since: int | None = 0
    moves_queued_runs: bool = True
    ids_are_text: bool = False

    def check(self, version: str) -> None:
        """Raise AirflowFailed unless the functions are the ones this adapter calls."""
        module = import_module(self.module)
        missing = [name for name in (self.function, *self.models) if not hasattr(module, name)]
        if missing:
            raise _unknown_inside(version, [f"{self.module} has no {', '.join(missing)}"])
        found = inspect.signature(getattr(module, self.function)).parameters
        if set(found) != self.parameters or any(
            parameter.kind is not inspect.Parameter.KEYWORD_ONLY for parameter in found.values()
        ):
            raise _unknown_inside(version, [f"{self.function} takes ({', '.join(found)})"])
        changed = [there for function in self.functions if (there := function.found())]
        if changed:
            raise _unknown_inside(version, changed, does="changes runs")

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

    def gives_conf_to_all(self, version: str) -> bool:
        """Whether a backfill gives its conf to the runs that it takes again as well."""
        patch = re.match(r"\d+\.\d+\.(\d+)", version)
        since = self.conf_for_all_since
        return since is not None and patch is not None and int(patch[1]) >= since

    def downstream(
        self, session: Any, dag: Any, run_id: str, tasks: set[str], mapped: set[tuple[str, int]]
    ) -> Collection[str | tuple[str, int]]:
        """What is downstream of some tasks, and of some map indexes of others; raises NotFullyPopulated.

        That is where the map indexes of a run can not be told.
        """
        from airflow.models.taskinstance import find_relevant_relatives

        found: Collection[str | tuple[str, int]] = find_relevant_relatives(
            tasks, mapped, direction="downstream", dag=dag, run_id=run_id, session=session
        )
        return found

    def set_run_state(self, session: Any, dag: Any, run_id: str, state: Any) -> None:
        """Give a run of which nothing but teardown tasks is unfinished a final state.

        As `set_dag_run_state_to_...` of Airflow 3.3 does: a run whose teardown tasks go on keeps its state.
        """
        from airflow.api.common import mark_tasks

        setter = getattr(mark_tasks, f"set_dag_run_state_to_{state}")
        setter(dag=dag, run_id=run_id, commit=True, session=session)

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


def _unknown_inside(version: str, found: Iterable[str], *, does: str = "creates backfills") -> AirflowFailed:
    return AirflowFailed(
        f"Airflow {one_line(version)} {does} differently from the version this program knows",
        remedy=REMEDY,
        detail="\n".join(found),
    )
