"""One process with Airflow for `benchmarks.launch`: our launch and Airflow's creation of the same request.

It also knows what can go wrong with both: `tests/support/fault_main.py`.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.support import fault_main, worker_main  # the second takes over stdout


def ours(request: dict[str, Any], journal: str) -> dict[str, Any]:
    """The bridge's launch, its progress told and its journal written: CPU and wall seconds."""
    return _measured(lambda: worker_main.launch(request, journal=journal))


def stock(request: dict[str, Any]) -> dict[str, Any]:
    """Airflow's `_create_backfill`, as it is: CPU and wall seconds."""
    return _measured(lambda: worker_main.stock_create(request))


def _measured(create: Callable[[], Any]) -> dict[str, Any]:
    worker_main.reset()
    gc.collect()
    began = (time.process_time(), time.perf_counter())
    create()
    took = (time.process_time() - began[0], time.perf_counter() - began[1])
    return {"cpu": took[0], "wall": took[1], **worker_main.totals()}


_MORE: tuple[Callable[..., Any], ...] = (ours, stock)


if __name__ == "__main__":
    worker_main.DEEDS.update({deed.__name__: deed for deed in (*fault_main.MORE, *_MORE)})
    worker_main.main()
