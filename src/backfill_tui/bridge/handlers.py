"""Who answers which call. Importing this imports Airflow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from backfill_tui.bridge import (
    backfills,
    cells,
    dags,
    failures,
    instances,
    journal_reading,
    map_indexes,
    opening,
    watching,
)
from backfill_tui.bridge.environment import AirflowEnvironment
from backfill_tui.bridge.kept_readings import KeptReadings
from backfill_tui.bridge.server import Call, Server
from backfill_tui.wire import methods

AnyMethod: TypeAlias = methods.Method[Any, Any, Any]

_OF_KNOWN_VERSIONS: Final[Mapping[str, tuple[AnyMethod, ...]]] = MappingProxyType(
    {
        "a plan": (methods.PLAN,),
        "a launch": (methods.LAUNCH,),
        "changing a backfill": (methods.PREVIEW_CONTROL, methods.CONTROL),
        "a rerun": (methods.PREVIEW_RERUN, methods.RERUN),
        "marking runs": (methods.PREVIEW_MARK, methods.MARK),
        "undoing": (methods.PREVIEW_UNDO, methods.UNDO),
    }
)


def register_all(server: Server, airflow: AirflowEnvironment) -> None:
    """Let each feature of the bridge answer its calls.

    What changes something, and what says beforehand what would be changed, is refused where this version of
    Airflow is not known: it may do something else there, and what it needs may be gone.
    """
    readings = KeptReadings(airflow)
    for listing in (opening, dags, backfills):
        listing.register(server, airflow, readings)
    for reading in (watching, cells, failures, instances, map_indexes, journal_reading):
        reading.register(server, airflow)
    if airflow.limits.only_reads is not None:
        for what, of_it in _OF_KNOWN_VERSIONS.items():
            for method in of_it:
                server.handle(method, _refused(airflow, what))
        return
    from backfill_tui.bridge import control, launching, marking, planning, repairing, undoing

    for writing in (planning, launching, control, repairing, marking, undoing):
        writing.register(server, airflow)


def _refused(airflow: AirflowEnvironment, what: str) -> Callable[[Any, Call[Any]], Any]:
    def refuse(_params: Any, _call: Call[Any]) -> Any:
        airflow.require_writable(what)

    return refuse
