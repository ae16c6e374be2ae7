"""Why the tasks of a backfill failed, out of the ends of their logs."""

from __future__ import annotations

import json
import os
import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.support.bridges import RunningBridge
from tests.support.edits import Edits

from backfill_tui.bridge.failures import batches
from backfill_tui.domain.dag_range import DagRange
from backfill_tui.domain.failures import (
    Failure,
    FailureKind,
    FailuresFound,
    FailuresQuery,
    FailuresRead,
    grouped,
)
from backfill_tui.domain.ids import BackfillId, DagId, RunId, TaskId
from backfill_tui.domain.instants import Instant
from backfill_tui.domain.problems import Interrupted
from backfill_tui.gateway.port import Gateway

pytestmark = [pytest.mark.airflow, pytest.mark.xdist_group("live")]

Fresh = Callable[[str], str]


def read(gateway: Gateway, backfill_id: int) -> tuple[FailuresRead, list[Failure]]:
    found: list[Failure] = []
    told: list[FailuresFound] = []
    done = gateway.failures(FailuresQuery(about=BackfillId(backfill_id)), told.append)
    for one in told:
        found += one.failures
        assert one.done == len(found) <= one.total == done.total
    assert len(found) == done.total
    return done, found


def write(
    bridge: RunningBridge, dag_id: str, run_id: str, task: str, *lines: str, index: int = -1, attempt: int = 1
) -> Path:
    """What a worker on this machine writes (Airflow's default template of the name)."""
    folder = Path(bridge.home.task_logs) / f"dag_id={dag_id}" / f"run_id={run_id}" / f"task_id={task}"
    folder = folder / f"map_index={index}" if index >= 0 else folder
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"attempt={attempt}.log"
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return file


def failing(error: str, value: str = "") -> str:
    stack = {"exc_type": error, "exc_value": value, "is_cause": False, "frames": []}
    return json.dumps({"event": "Task failed with exception", "level": "error", "error_detail": [stack]})


def failed_run(number: int) -> Failure:
    return Failure(
        ordinal=number, logical_date=None, partition_key=None, run_id=RunId(f"run {number}"),
        task_id=TaskId("a"), map_index=-1, try_number=1, kind=FailureKind.NO_ERROR, error="",
    )  # fmt: skip


def a_backfill(edits: Edits, dag_id: str, days: int) -> tuple[int, list[str]]:
    backfill_id = edits.do("backfill", dag_id=dag_id, first="2024-01-01", days=days)
    return backfill_id, edits.do("runs_of", backfill_id=backfill_id)


def test_failures_are_told_in_order_each_with_the_error_that_its_log_ends_with(
    bridge: RunningBridge, edits: Edits, fresh: Fresh
) -> None:
    backfill_id, runs = a_backfill(edits, dag_id := fresh("chain"), 5)
    for place, (failed, value) in enumerate([("clean", "'sku'"), ("load", "'x'"), ("clean", "'sku'")]):
        edits.do("finish", dag_id=dag_id, run_id=runs[place], failed=failed)
        write(bridge, dag_id, runs[place], failed, failing("KeyError", value))
    edits.do("finish", dag_id=dag_id, run_id=runs[3])
    done, found = read(bridge.gateway, backfill_id)
    assert (done.dag_id, done.timezone, done.total) == (dag_id, "UTC", 3)
    assert [(one.ordinal, one.run_id, one.task_id, one.error) for one in found] == [
        (1, runs[0], "clean", "KeyError: 'sku'"),
        (2, runs[1], "load", "KeyError: 'x'"),
        (3, runs[2], "clean", "KeyError: 'sku'"),
    ]
    assert [(one.kind, one.try_number, one.map_index) for one in found] == [(FailureKind.ERROR, 1, -1)] * 3
    groups = [(group.task_id, group.ordinals) for group in grouped(found)]
    assert groups == [("clean", (1, 3)), ("load", (2,))]


def test_every_map_index_has_the_error_of_its_own_log(
    bridge: RunningBridge, edits: Edits, fresh: Fresh
) -> None:
    backfill_id, (run_id,) = a_backfill(edits, dag_id := fresh("mapped"), 1)
    edits.do("expand", dag_id=dag_id, run_id=run_id, task_id="each", states=["failed", "success", "failed"])
    for index in (0, 2):
        edits.do("task", dag_id=dag_id, run_id=run_id, task_id="each", state="failed", map_index=index)
        write(bridge, dag_id, run_id, "each", failing("OSError", f"/data/{index}.csv"), index=index)
    _, found = read(bridge.gateway, backfill_id)
    assert [(one.map_index, one.error) for one in found] == [
        (0, "OSError: /data/0.csv"),
        (2, "OSError: /data/2.csv"),
    ]
    (group,) = grouped(found)
    assert (group.words, group.ordinals) == ("OSError: <path>", (1,))


def test_only_the_latest_try_counts_and_what_was_cleared_is_no_failure(
    bridge: RunningBridge, edits: Edits, fresh: Fresh
) -> None:
    backfill_id, (run_id,) = a_backfill(edits, dag_id := fresh("chain"), 1)
    edits.do("finish", dag_id=dag_id, run_id=run_id, failed="clean")
    write(bridge, dag_id, run_id, "clean", failing("KeyError", "first"))
    assert [one.error for one in read(bridge.gateway, backfill_id)[1]] == ["KeyError: first"]
    edits.do("clear", dag_id=dag_id, run_id=run_id, only_failed=True)
    assert read(bridge.gateway, backfill_id)[0].total == 0
    write(bridge, dag_id, run_id, "clean", failing("KeyError", "second"), attempt=2)
    edits.do("task", dag_id=dag_id, run_id=run_id, task_id="clean", state="failed", try_number=2)
    (again,) = read(bridge.gateway, backfill_id)[1]
    assert (again.try_number, again.error) == (2, "KeyError: second")


def test_what_has_no_error_says_which_of_the_reasons_it_is(
    bridge: RunningBridge, edits: Edits, fresh: Fresh
) -> None:
    backfill_id, runs = a_backfill(edits, dag_id := fresh("chain"), 4)
    for run_id in runs[:3]:
        edits.do("finish", dag_id=dag_id, run_id=run_id, failed="extract")
    edits.do("task", dag_id=dag_id, run_id=runs[0], task_id="extract", state="failed", try_number=0)
    edits.do("ran", dag_id=dag_id, run_id=runs[1], task_id="extract", seconds=3)
    edits.do("run", dag_id=dag_id, run_id=runs[3], state="failed")
    write(bridge, dag_id, runs[2], "extract", "all went well")
    _, found = read(bridge.gateway, backfill_id)
    assert {one.ordinal: one.kind for one in found} == {
        1: FailureKind.NEVER_RAN,
        2: FailureKind.NO_LOG,
        3: FailureKind.NO_ERROR,
        4: FailureKind.NO_TASK,
    }
    assert {one.error for one in found} == {""}


def test_what_the_scheduler_failed_itself_says_why_in_its_words_without_what_differs(
    bridge: RunningBridge, edits: Edits, fresh: Fresh
) -> None:
    backfill_id, runs = a_backfill(edits, dag_id := fresh("chain"), 3)
    for run_id in runs:
        edits.do("lose", dag_id=dag_id, run_id=run_id, task_id="extract")
    write(bridge, dag_id, runs[1], "extract", "it began")
    write(bridge, dag_id, runs[2], "extract", failing("OSError", "no route to the API server"))
    _, found = read(bridge.gateway, backfill_id)
    noted = (
        "state mismatch: Executor LocalExecutor(parallelism=1) reported that it finished with state failed, "
        "but the task instance's state attribute is queued"
    )
    assert [(one.kind, one.error) for one in found] == [
        (FailureKind.NEVER_RAN, noted),
        (FailureKind.NO_ERROR, noted),
        (FailureKind.ERROR, "OSError: no route to the API server"),
    ]
    assert grouped(found)[1].words == f"failed, but its log names no error: {noted}"


def test_runs_of_others_and_those_that_a_cancel_kept_from_starting_did_not_fail(
    bridge: RunningBridge, edits: Edits, fresh: Fresh
) -> None:
    first, runs = a_backfill(edits, dag_id := fresh("chain"), 2)
    edits.do("finish", dag_id=dag_id, run_id=runs[0], failed="clean")
    edits.do("cancel", backfill_id=first)
    assert [one.ordinal for one in read(bridge.gateway, first)[1]] == [1]
    second = edits.do("backfill", dag_id=dag_id, first="2024-01-01", days=1, reprocess="failed")
    edits.do("finish", dag_id=dag_id, run_id=runs[0], failed="clean")
    assert read(bridge.gateway, first)[0].total == 0
    assert [one.ordinal for one in read(bridge.gateway, second)[1]] == [1]


def test_on_a_range_of_dates_whatever_ran_there_is_looked_at(
    bridge: RunningBridge, edits: Edits, fresh: Fresh
) -> None:
    number, runs = a_backfill(edits, dag_id := fresh("chain"), 4)
    for run_id in runs[1:3]:
        edits.do("finish", dag_id=dag_id, run_id=run_id, failed="clean")
        write(bridge, dag_id, run_id, "clean", failing("KeyError", "'sku'"))
    edits.do("run", dag_id=dag_id, run_id=runs[3], state="failed")
    edits.do("delete_backfill", backfill_id=number)
    first, day = 1_704_067_200_000_000, 86_400_000_000
    dates = DagRange(dag_id=DagId(dag_id), from_date=Instant(first + day), to_date=Instant(first + 3 * day))
    told: list[FailuresFound] = []
    read = bridge.gateway.failures(FailuresQuery(about=dates), told.append)
    found = sorted((one for part in told for one in part.failures), key=lambda one: one.ordinal)
    assert (read.dag_id, read.timezone, read.total) == (dag_id, "UTC", 3)
    assert [(one.ordinal, one.run_id, one.task_id, one.error) for one in found] == [
        (1, runs[1], "clean", "KeyError: 'sku'"),
        (2, runs[2], "clean", "KeyError: 'sku'"),
        (3, runs[3], "", ""),
    ]


def test_a_log_that_comes_later_is_found_then_and_one_that_was_read_is_not_read_again(
    bridge: RunningBridge, edits: Edits, fresh: Fresh
) -> None:
    backfill_id, (run_id,) = a_backfill(edits, dag_id := fresh("chain"), 1)
    edits.do("finish", dag_id=dag_id, run_id=run_id, failed="clean")
    edits.do("ran", dag_id=dag_id, run_id=run_id, task_id="clean", seconds=3)
    assert [one.kind for one in read(bridge.gateway, backfill_id)[1]] == [FailureKind.NO_LOG]
    file = write(bridge, dag_id, run_id, "clean", failing("KeyError", "'sku'"))
    assert [one.error for one in read(bridge.gateway, backfill_id)[1]] == ["KeyError: 'sku'"]
    file.unlink()
    assert [one.error for one in read(bridge.gateway, backfill_id)[1]] == ["KeyError: 'sku'"]


def test_a_link_out_of_the_folder_of_logs_is_not_followed(
    bridge: RunningBridge, edits: Edits, fresh: Fresh, tmp_path: Path
) -> None:
    backfill_id, (run_id,) = a_backfill(edits, dag_id := fresh("chain"), 1)
    edits.do("finish", dag_id=dag_id, run_id=run_id, failed="clean")
    edits.do("ran", dag_id=dag_id, run_id=run_id, task_id="clean", seconds=3)
    secret = tmp_path / "secret"
    secret.write_text("KeyError: 'a secret'\n", encoding="utf-8")
    file = write(bridge, dag_id, run_id, "clean")
    file.unlink()
    file.symlink_to(secret)
    assert [one.kind for one in read(bridge.gateway, backfill_id)[1]] == [FailureKind.NO_LOG]


def test_a_template_that_names_more_of_a_task_instance_leaves_it_to_airflow(
    bridge: RunningBridge, edits: Edits, fresh: Fresh
) -> None:
    backfill_id, (run_id,) = a_backfill(edits, dag_id := fresh("chain"), 1)
    edits.do("finish", dag_id=dag_id, run_id=run_id, failed="clean")
    template = "{{ ti.dag_id }}/{{ ti.queue }}/{{ ti.task_id }}/{{ ts }}/{{ try_number }}.log"
    made = edits.do("log_template", dag_id=dag_id, filename=template)
    folder = Path(bridge.home.task_logs) / dag_id / "default" / "clean" / "2024-01-01T00:00:00+00:00"
    folder.mkdir(parents=True)
    (folder / "1.log").write_text(failing("KeyError", "'sku'") + "\n", encoding="utf-8")
    try:
        assert [one.error for one in read(bridge.gateway, backfill_id)[1]] == ["KeyError: 'sku'"]
    finally:
        edits.do("forget_log_template", template_id=made)


def test_what_was_read_is_told_soon_however_little_it_is() -> None:
    now = 0.0

    def read_from_far_away() -> Iterator[Failure]:
        nonlocal now
        for number in range(250):
            now += 0.25 if number < 4 else 0.0
            yield failed_run(number)

    parts = batches(read_from_far_away(), [failed_run(250)], lambda: now)
    assert [len(part) for part in parts] == [1, 2, 2, 100, 100, 46]


def test_a_reading_of_logs_can_be_left(bridge: RunningBridge, edits: Edits, fresh: Fresh) -> None:
    backfill_id, runs = a_backfill(edits, dag_id := fresh("chain"), 102)
    for run_id in runs:
        edits.do("finish", dag_id=dag_id, run_id=run_id, failed="clean")
        file = write(bridge, dag_id, run_id, "clean", failing("ValueError", "no"))
        if run_id == runs[-2]:
            # Who opens it waits for somebody who writes: the reading comes no further than this for now.
            file.unlink()
            os.mkfifo(gate := file)
    query = FailuresQuery(about=BackfillId(backfill_id))
    first, watchers = threading.Event(), queue.SimpleQueue[threading.Thread]()

    def is_left() -> bool:
        if first.is_set():
            watchers.put(threading.current_thread())
        return first.is_set()

    with ThreadPoolExecutor(1) as pool:
        left = pool.submit(bridge.gateway.failures, query, lambda _: first.set(), is_left)
        # Once the thread that looks for it has ended, the bridge was told.
        watchers.get(timeout=60).join()
        # And once what was asked after that is answered, it knows.
        bridge.gateway.environment()
        # Only now it goes on; whoever has not opened it yet finds a log like the others in its place.
        gate = gate.rename(Path(bridge.home.task_logs) / "gate")
        write(bridge, dag_id, runs[-2], "clean", failing("ValueError", "no"))
        os.close(os.open(gate, os.O_RDWR))
        with pytest.raises(Interrupted):
            left.result(60)


def test_a_thousand_logs_come_in_parts(bridge: RunningBridge, edits: Edits, fresh: Fresh) -> None:
    backfill_id, runs = a_backfill(edits, dag_id := fresh("chain"), 250)
    for number, run_id in enumerate(runs):
        edits.do("finish", dag_id=dag_id, run_id=run_id, failed="clean")
        write(bridge, dag_id, run_id, "clean", failing("ValueError", f"row {number}"))
    told: list[FailuresFound] = []
    query = FailuresQuery(about=BackfillId(backfill_id))
    bridge.gateway.failures(query, told.append)
    assert all(len(one.failures) <= 100 for one in told)
    assert len(told) >= 3
    assert (told[-1].done, told[-1].total) == (250, 250)
    (group,) = grouped(failure for one in told for failure in one.failures)
    assert (group.words, len(group.ordinals)) == ("ValueError: row <number>", 250)
