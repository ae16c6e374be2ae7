"""One process with Airflow for `benchmarks.failures`: failed task instances, their logs, and both readers."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.support import worker_main  # it takes over stdout

_TASK: Final = "load"


def fill(backfill_id: int, lines: int) -> dict[str, int]:
    """Let `load` fail in every run of a backfill, each with a log of so many lines that ends in an error."""
    from airflow.models.taskinstance import TaskInstance
    from airflow.sdk.timezone import utcnow
    from airflow.utils.session import create_session
    from sqlalchemy import select

    size = 0
    with create_session(scoped=False) as session:
        for number, failed in enumerate(session.scalars(select(TaskInstance).filter_by(task_id=_TASK))):
            failed.state, failed.try_number = "failed", 1
            failed.start_date = failed.end_date = utcnow()
            path = _file_of(session, failed)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("\n".join(_messages(number, lines)) + "\n", encoding="utf-8")
            size += path.stat().st_size
    return {"backfill_id": backfill_id, "bytes": size}


def _file_of(session: Any, failed: Any) -> Path:
    from airflow.utils.log.log_reader import TaskLogReader

    handler: Any = TaskLogReader().log_handler
    return Path(handler.local_base, handler._render_filename(failed, 1, session=session))  # noqa: SLF001  # the only way to it


def _messages(number: int, lines: int) -> Iterator[str]:
    told = {"timestamp": "2024-02-06T02:00:11.25Z", "level": "info", "logger": "task"}
    for line in range(lines):
        yield json.dumps({**told, "event": f"line {line}: {'reading ' * 8}"})
    cause = {"exc_type": "ValueError", "exc_value": f"row {number} of part {number % 3}", "frames": []}
    yield json.dumps(
        {**told, "level": "error", "event": "Task failed with exception", "error_detail": [cause]}
    )


def ours(backfill_id: int) -> dict[str, Any]:
    """The failures as the bridge reads, tells and encodes them, with nothing known before."""
    import msgspec

    from backfill_tui.bridge.failures import KnownErrors, read_failures
    from backfill_tui.bridge.log_sources import LogSources
    from backfill_tui.bridge.server import Call
    from backfill_tui.domain.failures import FailuresFound, FailuresQuery, grouped
    from backfill_tui.domain.ids import BackfillId

    told: list[bytes] = []

    def emit(found: FailuresFound) -> None:
        told.append(msgspec.msgpack.encode(found))

    call: Call[FailuresFound] = Call(emit, threading.Event())
    query = FailuresQuery(about=BackfillId(backfill_id))
    airflow, known, sources = worker_main.environment(), KnownErrors(), LogSources(served=False)
    began, cpu = time.perf_counter(), time.process_time()
    read_failures(airflow, query, call, known, sources)
    first = time.perf_counter() - began, time.process_time() - cpu
    parts = [msgspec.msgpack.decode(part, type=FailuresFound) for part in told]
    found = [failure for part in parts for failure in part.failures]
    began = time.perf_counter()
    read_failures(airflow, query, call, known, sources)
    again = time.perf_counter() - began
    began = time.process_time()
    groups = grouped(found)
    return {
        "seconds": first[0],
        "cpu": first[1],
        "again": again,
        "grouping": time.process_time() - began,
        "groups": [group.words for group in groups],
        "errors": {failure.run_id: failure.error for failure in found},
    }


def stock() -> dict[str, Any]:
    """The same logs read whole with Airflow's own reader, one after the other, for their last exception."""
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.log.log_reader import TaskLogReader
    from airflow.utils.session import create_session
    from sqlalchemy import select
    from sqlalchemy.orm import joinedload

    reader, errors = TaskLogReader(), {}
    began, cpu = time.perf_counter(), time.process_time()
    with create_session(scoped=False) as session:
        wanted = select(TaskInstance).filter_by(task_id=_TASK, state="failed")
        for failed in session.scalars(wanted.options(joinedload(TaskInstance.dag_run))):
            stream, _ = reader.read_log_chunks(failed, 1, {"end_of_log": False})
            for message in stream:
                detail = (message.model_extra or {}).get("error_detail")
                if detail:
                    errors[failed.run_id] = f"{detail[0]['exc_type']}: {detail[0]['exc_value']}"
    return {
        "seconds": time.perf_counter() - began,
        "cpu": time.process_time() - cpu,
        "errors": errors,
    }


worker_main.DEEDS.update({deed.__name__: deed for deed in (fill, ours, stock)})

if __name__ == "__main__":
    worker_main.main()
