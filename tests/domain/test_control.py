"""What can be done to a backfill as it is."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.rows import NOW, some_facts

from backfill_tui.domain.control import Deed, possible_deeds
from backfill_tui.domain.instants import SECOND, Instant
from backfill_tui.domain.watching import RunCounts

_ENDED = Instant(NOW - 60 * SECOND)
_MOVING = RunCounts(queued=3, running=2)


@pytest.mark.parametrize(
    ("counts", "facts", "deeds"),
    [
        (_MOVING, {}, {Deed.PAUSE, Deed.CANCEL, Deed.CANCEL_RUNNING}),
        (_MOVING, {"is_paused": True}, {Deed.RESUME, Deed.CANCEL, Deed.CANCEL_RUNNING}),
        (RunCounts(queued=3), {}, {Deed.PAUSE, Deed.CANCEL, Deed.CANCEL_RUNNING}),
        (RunCounts(running=2), {}, {Deed.PAUSE, Deed.CANCEL, Deed.CANCEL_RUNNING}),
        (RunCounts(success=3, failed=1), {}, set()),
        (RunCounts(success=3), {"completed_at": _ENDED}, set()),
        # Airflow's scheduler took it for complete while it was being created.
        (_MOVING, {"completed_at": _ENDED}, {Deed.REOPEN, Deed.CANCEL, Deed.CANCEL_RUNNING}),
        # Cancelled before, and its running runs were left to themselves.
        (RunCounts(running=2, cancelled=3), {"completed_at": _ENDED, "is_paused": True},
         {Deed.CANCEL_RUNNING}),
        # At its end, and some of its runs were cleared since: nothing is wrong with its mark of completion.
        (RunCounts(queued=1, rerunning=1, success=3), {"completed_at": _ENDED}, {Deed.CANCEL}),
        (RunCounts(), {"created_at": Instant(NOW - SECOND)}, set()),
        (RunCounts(), {}, {Deed.REMOVE}),
        (RunCounts(), {"completed_at": _ENDED}, set()),
    ],
)  # fmt: skip
def test_what_can_be_done_follows_from_the_runs(
    counts: RunCounts, facts: dict[str, Any], deeds: set[Deed]
) -> None:
    assert possible_deeds(some_facts(**facts), counts, NOW) == deeds
