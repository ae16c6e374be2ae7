"""Starting a backfill."""

from __future__ import annotations

from dataclasses import dataclass

from backfill_tui.domain.ids import BackfillId
from backfill_tui.domain.planning import BackfillRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """A request to be carried out.

    `fingerprint` is that of the plan the user saw; when the world has changed since, the launch is refused
    and says what changed. Empty means: launch whatever the request gives now.
    """

    request: BackfillRequest
    fingerprint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreationProgress:
    """How far the creation is: dates dealt with of those planned; others see nothing of it before the end.

    `waiting` is true while another writer holds the database.
    """

    done: int
    total: int
    waiting: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Launched:
    """The backfill that now exists, and what became of its dates."""

    backfill_id: BackfillId
    created: int
    reprocessed: int
    skipped: int
