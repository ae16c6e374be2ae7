"""The Dag ids and backfills that were seen last, kept for the tab key: reading them starts nothing."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from backfill_tui.domain.dags import DagList
from backfill_tui.domain.ids import BackfillId, DagId
from backfill_tui.domain.watching import BackfillSummary

_MOST_DAGS: Final = 20_000
_MOST_BACKFILLS: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Dag ids in alphabetical order, and the Dag of each backfill by its number, the newest first."""

    dags: tuple[str, ...] = ()
    backfills: tuple[tuple[int, str], ...] = ()


class KnownNames:
    """The names of one Airflow in a file, which may not exist; satisfies `gateway.port.Memory`.

    They are a help and nothing more: what can not be read counts as none, what can not be written is not.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()

    def read(self) -> Names:
        """What was kept."""
        try:
            found = json.loads(self._path.read_text("utf-8"))
            return Names(
                dags=tuple(str(name) for name in found["dags"]),
                backfills=tuple((int(number), str(dag_id)) for number, dag_id in found["backfills"]),
            )
        except (OSError, ValueError, TypeError, KeyError):
            return Names()

    def saw_dags(self, listed: DagList, *, are_all: bool) -> None:
        """These are all Dags, or some of them."""
        with self._lock:
            before = self.read()
            seen = {str(dag.dag_id) for dag in listed.dags}
            seen |= set() if are_all else set(before.dags)
            self._write(replace(before, dags=tuple(sorted(seen)[:_MOST_DAGS])))

    def saw_backfills(self, dag_id: DagId | None, summaries: Iterable[BackfillSummary]) -> None:
        """These are all backfills, or all of this Dag."""
        seen = [(each.facts.backfill_id, each.facts.dag_id) for each in summaries]
        with self._lock:
            before = self.read()
            others = [each for each in before.backfills if dag_id is not None and each[1] != dag_id]
            self._write(replace(before, backfills=_newest_first([*seen, *others])))

    def saw_launch(self, dag_id: DagId, backfill_id: BackfillId) -> None:
        """There is one more backfill."""
        with self._lock:
            before = self.read()
            self._write(replace(before, backfills=_newest_first([*before.backfills, (backfill_id, dag_id)])))

    def _write(self, names: Names) -> None:
        text = json.dumps({"dags": names.dags, "backfills": names.backfills})
        fresh = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        # A disk that is full or not ours is no reason for anything else to fail.
        with suppress(OSError):
            if self._path.exists() and self._path.read_text("utf-8") == text:
                return
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
            fresh.replace(self._path)


def _newest_first(backfills: Iterable[tuple[int, str]]) -> tuple[tuple[int, str], ...]:
    return tuple(sorted(set(backfills), reverse=True)[:_MOST_BACKFILLS])
