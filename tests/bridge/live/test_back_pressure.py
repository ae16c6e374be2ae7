"""A reader that stops: the bridge keeps nothing for it, and in the end it has missed nothing."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import psutil
import pytest
from tests.support.bridges import RunningBridge
from tests.support.edits import Edits
from tests.support.following import following

from backfill_tui.wire.methods import WATCH

pytestmark = [pytest.mark.airflow, pytest.mark.xdist_group("live")]

Fresh = Callable[[str], str]
UNREAD = WATCH.unread or 0
MEGABYTE = 1 << 20


def test_a_reader_that_stops_for_a_while_gets_what_changed_in_few_updates(
    bridge: RunningBridge, edits: Edits, fresh: Fresh
) -> None:
    dag_id = fresh("chain")
    chance = random.Random(5)  # noqa: S311  # repeatable, not secret
    backfill_id = edits.do("bulk", dag_id=dag_id, runs=400)
    run_ids = edits.do("runs_of", backfill_id=backfill_id)
    process = psutil.Process(bridge.child.pid)
    with (
        following(bridge.gateway, backfill_id) as stopped,
        following(bridge.gateway, backfill_id) as diligent,
    ):
        memory, taken = process.memory_info().rss, len(diligent.updates)
        while len(diligent.updates) < taken + 4 * UNREAD:
            run = {"dag_id": dag_id, "run_id": chance.choice(run_ids)}
            edits.do("finish", **run, failed=chance.choice(["extract", "clean", None]))
            edits.do(chance.choice(["clear", "finish"]), **run)
            diligent.take()
        changed = time.time_ns() // 1000
        late = 0
        while stopped.take().read_at < changed:
            late += 1
        assert late <= UNREAD
        stopped.until_it_shows(edits, backfill_id)
        diligent.until_it_shows(edits, backfill_id)
        assert process.memory_info().rss < memory + 20 * MEGABYTE
