# Written by backfill-tui at every start: changes made here are lost.
# ruff: noqa: INP001  # no package: Airflow finds it as a file
"""A task that deferred and goes on is not failed because its first process ended late.

A deferred task is sent to a worker twice under one key. LocalExecutor of Airflow 3.3 does not note what it
has sent, so the end of the first process, told after the task was sent again, is taken for the end of the
second one: the scheduler finds the task still queued or running and fails it ("state mismatch",
apache/airflow issue 71580). On a busy machine that happens to many a deferred task.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from typing import Any

from airflow.listeners import hookimpl
from airflow.plugins_manager import AirflowPlugin


class LateEnds:
    """Listens for the start of the scheduler, and from then on counts how often each key is at a worker."""

    def __init__(self) -> None:
        self._sent: Counter[Any] = Counter()

    @hookimpl  # type: ignore[untyped-decorator]  # Airflow has no types here
    def on_starting(self, component: Any) -> None:  # noqa: ARG002  # the hook's own name
        """Put the counting round what LocalExecutor sends and hears."""
        if "scheduler" not in sys.argv:
            return
        from airflow.executors.local_executor import LocalExecutor
        from airflow.models.taskinstancekey import TaskInstanceKey

        send, hear = LocalExecutor._process_workloads, LocalExecutor.change_state  # noqa: SLF001  # no other place

        def send_and_count(executor: LocalExecutor, workload_list: Sequence[Any]) -> None:
            keys = (workload.key for workload in workload_list)
            self._sent.update(key for key in keys if isinstance(key, TaskInstanceKey))
            send(executor, workload_list)

        def hear_and_count(executor: LocalExecutor, key: Any, *how: Any, **more: Any) -> None:
            hear(executor, key, *how, **more)
            if self._sent[key] > 1:
                # The scheduler asks the executor whether it still has the task, and then leaves it alone.
                self._sent[key] -= 1
                executor.running.add(key)
            else:
                del self._sent[key]

        LocalExecutor._process_workloads = send_and_count  # noqa: SLF001
        LocalExecutor.change_state = hear_and_count


class LateEndsPlugin(AirflowPlugin):  # type: ignore[misc]  # likewise
    """Makes the listener known."""

    name = "late_ends"
    listeners = [LateEnds()]  # noqa: RUF012  # what the class of Airflow declares
