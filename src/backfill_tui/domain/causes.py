"""Why a run or a task that waits does not start, and which of several reasons counts most."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from backfill_tui.domain.enums import StrEnum

UNPAUSE_DAG: Final = "unpause the Dag"
RESUME: Final = "resume"
RERUN_HELD: Final = "rerun them from here"
REOPEN: Final = "reopen it, to pause or cancel it again"
REMOVE: Final = "remove it"
RERUN_FAILED: Final = "rerun what failed"
START_ENGINE: Final = "start the engine"
"""Remedies that a screen has a key for."""


class CauseCode(StrEnum):
    """What can hold a run or a task back, gravest first.

    First what stops everything, then what never passes by itself, then what others hold, and last what passes
    by itself.
    """

    DAG_AUTO_PAUSED = "dag_auto_paused"
    DAG_PAUSED = "dag_paused"
    DAG_STALE = "dag_stale"
    NO_SCHEDULER = "no_scheduler"
    BACKFILL_CANCELLED = "backfill_cancelled"
    BACKFILL_PAUSED = "backfill_paused"
    NO_ACTIVE_RUNS = "no_active_runs"
    NO_POOL = "no_pool"
    POOL_TOO_SMALL = "pool_too_small"
    NO_TRIGGERER = "no_triggerer"
    AWAITING_INPUT = "awaiting_input"
    DEPENDS_ON_PAST = "depends_on_past"
    NO_HEARTBEAT = "no_heartbeat"
    STARVED = "starved"
    POOL_FULL = "pool_full"
    MAX_ACTIVE_TASKS = "max_active_tasks"
    MAX_ACTIVE_TIS = "max_active_tis"
    PARALLELISM = "parallelism"
    NO_WORKER = "no_worker"
    PAST_UNDER_WAY = "past_under_way"
    UPSTREAM = "upstream"
    UP_FOR_RETRY = "up_for_retry"
    UP_FOR_RESCHEDULE = "up_for_reschedule"
    DEFERRED = "deferred"
    MAX_ACTIVE_RUNS = "max_active_runs"
    RUN_AFTER = "run_after"


_GRAVITY: Final = {code: place for place, code in enumerate(CauseCode)}
_OF_QUEUED_RUNS: Final = frozenset(
    {
        CauseCode.DAG_STALE, CauseCode.DAG_AUTO_PAUSED, CauseCode.DAG_PAUSED, CauseCode.NO_SCHEDULER,
        CauseCode.BACKFILL_CANCELLED, CauseCode.BACKFILL_PAUSED, CauseCode.NO_ACTIVE_RUNS,
        CauseCode.MAX_ACTIVE_RUNS, CauseCode.RUN_AFTER,
    }
)  # fmt: skip
_PUT_OFF: Final = frozenset({CauseCode.UP_FOR_RETRY, CauseCode.UP_FOR_RESCHEDULE, CauseCode.DEFERRED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One reason why something of a backfill waits.

    `sentence` continues `waits: `; `remedy` says what to do, empty where it passes by itself. `ordinal` is
    the row of the run that it holds back, None where it holds back more than one.
    """

    code: CauseCode
    sentence: str
    remedy: str = ""
    ordinal: int | None = None

    @property
    def of_all_at_rest(self) -> bool:
        """Whether it says what goes on first where no task of a backfill is at work."""
        return self.ordinal is None and self.code in _PUT_OFF


def in_order(causes: Iterable[Cause]) -> tuple[Cause, ...]:
    """Each cause once: the gravest first, of equal ones that of more runs, then that of the earlier run."""
    return tuple(sorted(dict.fromkeys(causes), key=lambda cause: (_GRAVITY[cause.code], cause.ordinal or 0)))


def cause_of_queued(causes: Iterable[Cause]) -> Cause | None:
    """The gravest reason why queued runs do not start, None where none of these is one."""
    return next((cause for cause in causes if cause.code in _OF_QUEUED_RUNS), None)
