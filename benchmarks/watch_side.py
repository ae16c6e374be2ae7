"""The writer of `benchmarks.watch`: commits changes of task instances steadily, as many workers would.

Twenty commits a second share the changes. The first change of each is a witness: a cell that nothing else
changes, so that its way to the screen can be timed; its state is another one each time its turn comes. The
others change tasks of running runs, in the first second also of ended ones, and once a second a run ends and
another begins. Prints a line of JSON: the witnesses with the time of their commit on the clock that all
processes share (`time.monotonic`).
"""

from __future__ import annotations

import json
import random
import sqlite3
import sys
import time
from contextlib import closing
from typing import Any, Final

import psycopg2  # type: ignore[import-untyped]  # its stubs are a package of their own

COMMITS_A_SECOND: Final = 20
WITNESSES: Final = ("up_for_retry", "up_for_reschedule")
WITNESS_RUNS: Final = 4
_STATES: Final = ("scheduled", "queued", "running", "success", "failed", "skipped", None)


def main() -> None:
    """Write for some seconds: `KIND ADDRESS BACKFILL_ID SECONDS CHANGES_A_SECOND`."""
    kind, address, *numbers = sys.argv[1:]
    backfill_id, seconds, rate = (int(number) for number in numbers)
    connection: Any
    if kind == "sqlite":
        connection = sqlite3.connect(address, isolation_level=None, timeout=30)
    else:
        connection = psycopg2.connect(address)
        connection.autocommit = True
    with closing(connection), closing(connection.cursor()) as cursor:
        writer = _Writer(cursor, "?" if kind == "sqlite" else "%s", backfill_id)
        print(json.dumps(writer.write(seconds, rate // COMMITS_A_SECOND)), flush=True)


class _Writer:
    def __init__(self, cursor: Any, mark: str, backfill_id: int) -> None:
        self._cursor = cursor
        self._mark = mark
        self._backfill_id = backfill_id
        self._chance = random.Random(1)  # noqa: S311  # repeatable, not secret
        self._dag_id = self._column("SELECT dag_id FROM backfill WHERE id = ?", backfill_id)[0]
        self._running = self._runs("running")
        self._witnesses = self._running[:WITNESS_RUNS]
        self._ended = self._runs("success")
        run_id = self._running[0]
        self._tasks = self._column(
            "SELECT task_id FROM task_instance WHERE dag_id = ? AND run_id = ? ORDER BY task_id",
            self._dag_id,
            run_id,
        )

    def write(self, seconds: int, changes: int) -> list[tuple[str, str, str, float]]:
        """The witnesses: run, task, state and the time of the commit."""
        written = []
        began = time.monotonic()
        for number in range(seconds * COMMITS_A_SECOND):
            witness = self._witness(number)
            self._do("BEGIN IMMEDIATE" if self._mark == "?" else "BEGIN")
            self._set_task(*witness)
            for _ in range(changes - 1):
                self._change_something(early=number < COMMITS_A_SECOND)
            if number % COMMITS_A_SECOND == 0:
                self._end_one_and_begin_another()
            self._do("COMMIT")
            written.append((*witness, time.monotonic()))
            time.sleep(max(0.0, began + (number + 1) / COMMITS_A_SECOND - time.monotonic()))
        return written

    def _witness(self, number: int) -> tuple[str, str, str]:
        """Run, task and state of the witness of a commit."""
        place, task = divmod(number, len(self._tasks))
        turn, run = divmod(place, len(self._witnesses))
        return self._witnesses[run], self._tasks[task], WITNESSES[turn % len(WITNESSES)]

    def _change_something(self, *, early: bool) -> None:
        choose = self._chance
        runs = self._ended if early and choose.random() < 0.1 else self._running[WITNESS_RUNS:]
        self._set_task(choose.choice(runs), choose.choice(self._tasks), choose.choice(_STATES))

    def _end_one_and_begin_another(self) -> None:
        ending = self._running.pop()
        beginning = self._ended.pop(self._chance.randrange(len(self._ended)))
        self._running.append(beginning)
        for run_id, state in ((ending, "failed"), (beginning, "running")):
            self._do(
                "UPDATE dag_run SET state = ? WHERE dag_id = ? AND run_id = ?", state, self._dag_id, run_id
            )

    def _set_task(self, run_id: str, task_id: str, state: str | None) -> None:
        self._do(
            "UPDATE task_instance SET state = ? WHERE dag_id = ? AND task_id = ? AND run_id = ?",
            state,
            self._dag_id,
            task_id,
            run_id,
        )

    def _runs(self, state: str) -> list[str]:
        query = "SELECT run_id FROM dag_run WHERE backfill_id = ? AND state = ? ORDER BY id"
        return self._column(query, self._backfill_id, state)

    def _column(self, query: str, *values: object) -> list[str]:
        self._do(query, *values)
        return [row[0] for row in self._cursor.fetchall()]

    def _do(self, statement: str, *values: object) -> None:
        self._cursor.execute(statement.replace("?", self._mark), values)


if __name__ == "__main__":
    main()
