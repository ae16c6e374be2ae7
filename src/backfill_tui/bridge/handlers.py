"""Who answers which call: every module registers its own handlers."""

from __future__ import annotations

import importlib
import importlib.util

from backfill_tui.bridge.environment import AirflowEnvironment
from backfill_tui.bridge.server import Server


def register_all(server: Server, airflow: AirflowEnvironment) -> None:
    """Let each feature of the bridge answer its calls."""
    for name in ("opening", "dags", "planning", "launching", "watching", "repairing", "cells"):
        full = f"backfill_tui.bridge.{name}"
        if importlib.util.find_spec(full) and hasattr(module := importlib.import_module(full), "register"):
            module.register(server, airflow)
