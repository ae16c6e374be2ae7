"""Airflow's side of `benchmarks.logs`: the log of `DAG RUN TASK` by its own reader, to the end."""

from __future__ import annotations

import json
import sys
import time

import psutil


def main() -> None:
    """Print how long it took, how much memory it grew by, and how many messages there were."""
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.log.log_reader import TaskLogReader
    from airflow.utils.session import create_session
    from sqlalchemy import select

    dag_id, run_id, task_id = sys.argv[1:]
    with create_session(scoped=False) as session:
        task = session.scalar(select(TaskInstance).filter_by(dag_id=dag_id, run_id=run_id, task_id=task_id))
        assert task is not None
        process = psutil.Process()
        before, began = process.memory_info().rss, time.perf_counter()
        stream, _ = TaskLogReader().read_log_chunks(task, 1, {"end_of_log": False})
        messages, most = 0, before
        for messages, _message in enumerate(stream, 1):
            if messages % 10_000 == 0:
                most = max(most, process.memory_info().rss)
        seconds = time.perf_counter() - began
    grown = (most - before) / (1 << 20)
    print(json.dumps({"seconds": seconds, "grown_mb": grown, "messages": messages}), flush=True)


if __name__ == "__main__":
    main()
