"""Starting a backfill."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from backfill_tui.domain.ids import BackfillId
from backfill_tui.domain.planning import BackfillRequest

MOST_NOTE_CHARACTERS: Final = 1000
"""How long the note of a run may be (Airflow 3.3 models/dagrun.py, `DagRunNote.content`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """A request to be carried out.

    `fingerprint` is that of the plan the user saw; when the world has changed since, the launch is refused
    with PlanChanged, which says what changed. Empty means: launch whatever the request gives now. `unpause`
    unpauses the Dag with the launch, both or neither; `paused` creates the backfill paused, so that no run
    of it starts before it is resumed. `note` is written on each of its runs that has no note yet. Whoever
    watches it pauses it once `stop_after_failures` of its runs have failed; None means never.
    """

    request: BackfillRequest
    fingerprint: str = ""
    unpause: bool = False
    paused: bool = False
    note: str = ""
    stop_after_failures: int | None = None


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
    """The backfill that now exists, and what became of its dates.

    `unpaused` says that its Dag was unpaused with it. `remarks` are sentences about what is not as planned,
    and about what the program put right; empty as a rule.
    """

    backfill_id: BackfillId
    created: int
    reprocessed: int
    skipped: int
    unpaused: bool = False
    remarks: tuple[str, ...] = ()
