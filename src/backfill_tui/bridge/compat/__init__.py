"""The versions of Airflow that this program knows: one adapter for each minor version.

What is private in Airflow has changed with every minor release so far, so an adapter is used only for the
versions it was written for, and only after its functions and their parameters were found to be those that
it calls. What differs between versions is asked of the adapter; the other modules are written for 3.3.
"""

from __future__ import annotations

import logging
import re
from functools import cache
from importlib import import_module
from typing import Final

from backfill_tui.bridge.compat.adapter import REMEDY as REMEDY
from backfill_tui.bridge.compat.adapter import Adapter as Adapter
from backfill_tui.bridge.compat.adapter import Creation as Creation
from backfill_tui.bridge.compat.airflow_3_1 import OF_3_1
from backfill_tui.bridge.compat.airflow_3_2 import OF_3_2
from backfill_tui.bridge.compat.airflow_3_3 import OF_3_3
from backfill_tui.domain.problems import AirflowFailed
from backfill_tui.domain.text import one_line

NEWEST: Final = OF_3_3
"""That of the Airflow of its own, for which all of this is written."""

ADAPTERS: Final[tuple[Adapter, ...]] = (OF_3_1, OF_3_2, OF_3_3)


def adapter_for(version: str) -> Adapter:
    """The adapter for a version of Airflow (`3.3.2`), its functions not looked at yet.

    Raises AirflowFailed for a version that none was written for.
    """
    minor = re.match(r"\d+\.\d+(?!\d)", version)
    for adapter in ADAPTERS:
        if minor is not None and adapter.minor == minor.group():
            return adapter
    known = ", ".join(adapter.minor for adapter in ADAPTERS)
    raise AirflowFailed(
        f"Airflow {one_line(version)} is none that this program knows ({known})", remedy=REMEDY
    )


@cache
def installed() -> Adapter:
    """The adapter for the Airflow of this process, its functions checked; raises AirflowFailed."""
    from airflow import __version__

    adapter = adapter_for(__version__)
    adapter.check(__version__)
    return adapter


def problem_with_installed(*, embedded: bool) -> AirflowFailed | None:
    """Why the Airflow of this process can be read at most; None where all is known that is called there.

    Raises AirflowFailed for an embedded one of another version than that of this program's own environment.
    """
    try:
        adapter = installed()
    except AirflowFailed as problem:
        if embedded:
            raise
        return problem
    if embedded and adapter is not NEWEST:
        raise AirflowFailed(
            f"An Airflow of its own is {NEWEST.minor}, and here is {adapter.minor}",
            remedy=f"attach to that one, or install this program beside Airflow {NEWEST.minor}",
        )
    return None


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
