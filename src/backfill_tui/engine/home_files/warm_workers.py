# Written by backfill-tui at every start: changes made here are lost.
# ruff: noqa: INP001  # no package: Airflow finds it as a file
"""Modules that every task needs are imported once, in the scheduler, before it forks its workers.

Without it each worker and each task imports them again: a third of the time of a short task. Airflow's own
Dag processor does the same for what Dag files import (Airflow 3.3 dag_processing/processor.py).
"""

from __future__ import annotations

import gc
import importlib
import logging
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import airflow_local_settings  # type: ignore[import-not-found]  # beside this home's airflow.cfg
from airflow.listeners import hookimpl
from airflow.plugins_manager import AirflowPlugin

_LARGEST_FOLDER = 200
_MODULES = (
    "airflow.dag_processing.dagbag",
    "airflow.sdk._shared.logging.factory",
    "airflow.sdk._shared.logging.percent_formatter",
    "airflow.sdk._shared.logging.structlog",
    "airflow.sdk.definitions.connection",
    "airflow.sdk.execution_time.coordinator",
    "airflow.sdk.execution_time.request_handlers",
    "airflow.sdk.execution_time.schema.migrator",
    "airflow.sdk.execution_time.supervisor",
    "airflow.sdk.execution_time.task_runner",
    "encodings.idna",
)


class WarmWorkers:
    """Listens for the start of the scheduler, which comes before its executor's."""

    @hookimpl  # type: ignore[untyped-decorator]  # Airflow has no types here
    def on_starting(self, component: Any) -> None:  # noqa: ARG002  # the hook's own name
        """Import them; what can not be imported here is left to the tasks."""
        if "scheduler" not in sys.argv:
            return
        for module in (*_MODULES, *_imports_of_dags()):
            try:
                importlib.import_module(module)
            except Exception as cause:  # noqa: BLE001, PERF203  # a Dag file may name anything; its task will say so
                logging.getLogger(__name__).info("%s is not imported ahead: %s", module, cause)
        _make_client()
        # Workers, and so tasks, are forked from here on: users' code runs as it does anywhere.
        gc.set_threshold(*airflow_local_settings.USUAL_THRESHOLD)


def _make_client() -> None:
    """Make the first client of the execution API here: it reads the certificates, which are then kept."""
    from airflow.sdk.api.client import Client

    Client(base_url="http://127.0.0.1/", token="").close()


def _imports_of_dags() -> Iterator[str]:
    """The modules of Airflow and its providers that the Dag files import; never a user's own."""
    from airflow.settings import DAGS_FOLDER
    from airflow.utils.file import iter_airflow_imports

    for path in islice(Path(DAGS_FOLDER).rglob("*.py"), _LARGEST_FOLDER):
        yield from iter_airflow_imports(str(path))


class WarmWorkersPlugin(AirflowPlugin):  # type: ignore[misc]  # likewise
    """Makes the listener known."""

    name = "warm_workers"
    listeners = [WarmWorkers()]  # noqa: RUF012  # what the class of Airflow declares
