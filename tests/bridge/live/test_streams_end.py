"""Streams that come and go leave nothing behind in the bridge: no thread, no open file, no connection."""

from __future__ import annotations

import time
from collections.abc import Callable

import psutil
import pytest
from tests.support.bridges import RunningBridge
from tests.support.edits import Edits
from tests.support.following import following

pytestmark = [pytest.mark.airflow, pytest.mark.xdist_group("live")]

Fresh = Callable[[str], str]
STREAMS = 12
DEADLINE_SECONDS = 10


def test_streams_that_were_left_leave_no_thread_and_no_file_open(
    bridge: RunningBridge, edits: Edits, fresh: Fresh
) -> None:
    dag_id = fresh("chain")
    backfill_id = edits.do("backfill", dag_id=dag_id, first="2024-01-01", days=4)
    run_ids = edits.do("runs_of", backfill_id=backfill_id)
    process = psutil.Process(bridge.child.pid)
    threads = process.num_threads()

    def watch_and_leave(number: int) -> None:
        run = {"dag_id": dag_id, "run_id": run_ids[number % len(run_ids)]}
        with following(bridge.gateway, backfill_id) as followed:
            edits.do("finish" if number % 2 else "clear", **run)
            followed.until_it_shows(edits, backfill_id)
        deadline = time.monotonic() + DEADLINE_SECONDS
        while process.num_threads() > threads:
            assert time.monotonic() < deadline, "the thread of a stream goes on"

    watch_and_leave(0)
    # The pool of connections keeps what it has by now.
    files = process.num_fds()
    for number in range(1, STREAMS):
        watch_and_leave(number)
    assert process.num_fds() <= files
