"""Who answers which call. Importing this imports Airflow."""

from __future__ import annotations

from backfill_tui.bridge import (
    cells,
    control,
    dags,
    failures,
    launching,
    map_indexes,
    marking,
    opening,
    planning,
    repairing,
    undoing,
    watching,
)
from backfill_tui.bridge.environment import AirflowEnvironment
from backfill_tui.bridge.server import Server


def register_all(server: Server, airflow: AirflowEnvironment) -> None:
    """Let each feature of the bridge answer its calls."""
    features = (
        opening,
        dags,
        planning,
        launching,
        watching,
        control,
        repairing,
        marking,
        undoing,
        cells,
        failures,
        map_indexes,
    )
    for feature in features:
        feature.register(server, airflow)
