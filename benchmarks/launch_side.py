"""One process with Airflow for `benchmarks.launch`: our launch and Airflow's creation of the same request."""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.support import worker_main  # it takes over stdout


def ours(request: dict[str, Any], journal: str) -> dict[str, Any]:
    """The bridge's launch, its progress told and its journal written: CPU and wall seconds."""
    return _measured(lambda: worker_main.launch(request, journal=journal).backfill_id)


def stock(request: dict[str, Any]) -> dict[str, Any]:
    """Airflow's `_create_backfill`, as it is: CPU and wall seconds."""
    return _measured(lambda: worker_main.stock_create(request)["backfill_id"])


def _measured(create: Callable[[], int]) -> dict[str, Any]:
    worker_main.reset()
    gc.collect()
    began = (time.process_time(), time.perf_counter())
    create()
    took = (time.process_time() - began[0], time.perf_counter() - began[1])
    return {"cpu": took[0], "wall": took[1], **worker_main.totals()}


_MORE: tuple[Callable[..., Any], ...] = (ours, stock)


if __name__ == "__main__":
    worker_main.DEEDS.update({deed.__name__: deed for deed in _MORE})
    worker_main.main()
