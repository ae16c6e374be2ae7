"""A grid store fed by a real stream, and the same backfill read in full by Airflow's own objects."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from backfill_tui.domain.grid import GridStore
from backfill_tui.domain.ids import BackfillId
from backfill_tui.domain.states import CODES, RunState, TaskState
from backfill_tui.domain.watching import GridUpdate, Membership, RunRow
from backfill_tui.gateway.port import Gateway, InView, nothing
from tests.support.edits import Edits

DEADLINE_SECONDS = 20


@dataclass
class Following:
    """A store that takes every update of a stream; `updates` are those taken so far."""

    store: GridStore
    updates: list[GridUpdate]
    stream: Iterator[GridUpdate]

    def take(self) -> GridUpdate:
        """The next update, applied."""
        update = next(self.stream)
        self.store.apply(update)
        self.updates.append(update)
        return update

    def until(self, true: Callable[[], bool], what: str, seconds: float = DEADLINE_SECONDS) -> None:
        """Take updates until something is true of the store; fails with what it holds instead."""
        deadline = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < deadline, f"never: {what}\n{shown(self.store)}"
            self.take()

    def until_it_shows(self, edits: Edits, backfill_id: int) -> None:
        """Take updates until the store equals a full reading of the database."""
        expected = read_in_full(edits, backfill_id)
        self.until(lambda: shown(self.store) == expected, f"equal to {expected}")


@contextmanager
def following(gateway: Gateway, backfill_id: int, in_view: InView = nothing) -> Iterator[Following]:
    """Follow a backfill; everything is loaded."""
    with gateway.watch(BackfillId(backfill_id), in_view) as stream:
        followed = Following(store=GridStore(), updates=[], stream=stream)
        followed.take()
        followed.until(lambda: followed.store.loaded, "loaded")
        yield followed


def shown(store: GridStore) -> list[dict[str, Any]]:
    """The rows of a store in plain words: what became of each date, and the worst state of each task."""
    return [_shown_row(store, index, row) for index, row in enumerate(store.rows) if row is not None]


def _shown_row(store: GridStore, index: int, row: RunRow) -> dict[str, Any]:
    return {
        "ordinal": row.ordinal,
        "membership": str(row.membership),
        "run_id": row.run_id,
        "state": None if row.state is None else str(row.state),
        "started": row.started_at is not None,
        "tasks": {
            str(column.task_id): str(CODES[code])
            for column, code in zip(store.columns, store.row_cells(index), strict=True)
            if CODES[code] is not TaskState.ABSENT
        },
        "numbers": {
            str(task.task_id): [tally.shown, tally.total]
            for column, task in enumerate(store.columns)
            if (tally := store.tally(index, column)).total
        },
    }


def read_in_full(edits: Edits, backfill_id: int) -> list[dict[str, Any]]:
    """The same, from `editing.picture`."""
    return [_expected_row(row) for row in edits.do("picture", backfill_id=backfill_id)]


def _expected_row(row: dict[str, Any]) -> dict[str, Any]:
    membership = Membership.INCLUDED
    if row["deleted"]:
        membership = Membership.DELETED
    elif row["taken_over"]:
        membership = Membership.TAKEN_OVER
    elif row["reason"]:
        membership = Membership(row["reason"].replace(" ", "_"))
    return {
        "ordinal": row["ordinal"],
        "membership": str(membership),
        "run_id": row["run_id"],
        "state": None if row["state"] is None else str(RunState(row["state"])),
        "started": row["started"],
        "tasks": {task: _worst(states) for task, states in row["tasks"].items()},
        "numbers": {task: _numbers(states) for task, states in row["tasks"].items()},
    }


_WORST_FIRST = (
    "failed",
    "upstream_failed",
    "up_for_retry",
    "running",
    "queued",
    "scheduled",
    None,
    "removed",
    "skipped",
    "success",
)


def _numbers(states: list[str | None]) -> list[int]:
    """How many are in the worst state, and how many there are."""
    worst = _worst(states)
    return [sum((state or "no_status") == worst for state in states), len(states)]


def _worst(states: list[str | None]) -> str:
    found = next(state for state in (*_WORST_FIRST, *states) if state in states)
    return "no_status" if found is None else found
