"""Airflow 3.1, which knows no partitions."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from backfill_tui.bridge.compat.adapter import Adapter, Function
from backfill_tui.bridge.compat.airflow_3_2 import SET_RUN_STATE, BeforeMarksWereSafe
from backfill_tui.bridge.compat.airflow_3_3 import EXCEPTIONS, FUNCTIONS, OF_CLEAR, PARAMETERS


@dataclass(frozen=True, slots=True, kw_only=True)
class BeforeMapIndexesCounted(BeforeMarksWereSafe):
    """Airflow before 3.2, which does not say which map index is downstream of which."""

    def downstream(
        self,
        session: Any,  # noqa: ARG002  # the signature of `Adapter`
        dag: Any,
        run_id: str,  # noqa: ARG002
        tasks: set[str],
        mapped: set[tuple[str, int]],
    ) -> Collection[str | tuple[str, int]]:
        """The whole of every task downstream, as the clear of its own API takes it."""
        found: set[str] = set()
        for task_id in tasks | {task_id for task_id, _ in mapped}:
            found |= dag.get_task(task_id).get_flat_relative_ids(upstream=False)
        return found


OF_3_1: Final[Adapter] = BeforeMapIndexesCounted(
    minor="3.1",
    parameters=PARAMETERS,
    functions=(
        *FUNCTIONS,
        Function("airflow.serialization.serialized_objects", "SerializedDAG.clear", OF_CLEAR),
        SET_RUN_STATE,
    ),
    exceptions=EXCEPTIONS,
    knows_partitions=False,
    conf_for_all_since=None,
    moves_queued_runs=False,
    ids_are_text=True,
)
