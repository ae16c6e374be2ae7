"""Task logs as plain lines."""

from __future__ import annotations

import json
import time
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.bridges import RunningBridge
from tests.support.edits import Edits

from backfill_tui.domain.ids import DagId, RunId, TaskId
from backfill_tui.domain.problems import NotThere
from backfill_tui.domain.repairing import TaskInstanceKey
from backfill_tui.domain.tasks import LogMatch, LogPlace, LogQuery, LogSearch, TaskLog

pytestmark = [pytest.mark.airflow, pytest.mark.xdist_group("live")]

Fresh = Callable[[str], str]

_FRAME = {"filename": "/dags/sales.py", "lineno": 7, "name": "clean"}
_STARTED = {"timestamp": "2024-02-06T02:00:11.25Z", "level": "info", "event": "reading", "logger": "task"}
_FAILED = {
    "timestamp": "2024-02-06T02:00:12Z",
    "level": "error",
    "event": "Task failed with exception",
    "logger": "task",
    "error_detail": [
        {"exc_type": "ValueError", "exc_value": "bad sku", "is_cause": False, "frames": [_FRAME]},
        {"exc_type": "KeyError", "exc_value": "'sku'", "is_cause": True, "frames": [_FRAME]},
    ],
}


def _a_run(edits: Edits, dag_id: str) -> str:
    backfill_id = edits.do("backfill", dag_id=dag_id, first="2024-01-01", days=1)
    (run_id,) = edits.do("runs_of", backfill_id=backfill_id)
    return str(run_id)


def _query(
    dag_id: str, run_id: str, task_id: str, *, try_number: int = 1, map_index: int = -1, max_lines: int = 100
) -> LogQuery:
    key = TaskInstanceKey(run_id=RunId(run_id), task_id=TaskId(task_id), map_index=map_index)
    return LogQuery(dag_id=DagId(dag_id), key=key, try_number=try_number, max_lines=max_lines)


def _numbers(log: TaskLog) -> list[int]:
    return [int(line.split("line ")[1]) for line in log.lines]


def _file(bridge: RunningBridge, query: LogQuery) -> Path:
    """The file that a worker on this machine writes (Airflow's default template of its name)."""
    mapped = f"map_index={query.key.map_index}" if query.key.map_index >= 0 else ""
    folder = (
        Path(bridge.home.task_logs)
        / f"dag_id={query.dag_id}"
        / f"run_id={query.key.run_id}"
        / f"task_id={query.key.task_id}"
        / mapped
    )
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"attempt={query.try_number}.log"


def _write(bridge: RunningBridge, query: LogQuery, *messages: object) -> None:
    lines = (message if isinstance(message, str) else json.dumps(message) for message in messages)
    _file(bridge, query).write_text("\n".join(lines) + "\n", encoding="utf-8")


def _append(bridge: RunningBridge, query: LogQuery, text: str) -> None:
    with _file(bridge, query).open("a", encoding="utf-8") as file:
        file.write(text)


def test_messages_become_lines_with_their_traceback(
    bridge: RunningBridge, edits: Edits, fresh: Fresh
) -> None:
    dag_id = fresh("chain")
    run_id = _a_run(edits, dag_id)
    edits.do("task", dag_id=dag_id, run_id=run_id, task_id="clean", state="failed")
    query = _query(dag_id, run_id, "clean")
    _write(
        bridge,
        query,
        {**_STARTED, "event": "::group::Pre Execute"},
        {**_STARTED, "ti_id": "0197", "task_id": "clean"},
        {**_STARTED, "event": "::endgroup::"},
        {**_STARTED, "event": "two\nlines", "rows": 7},
        _FAILED,
    )
    log = bridge.gateway.log(query)
    assert not log.truncated
    assert log.lines == (
        "--- Pre Execute ---",
        "[2024-02-06T02:00:11Z] INFO reading",
        "[2024-02-06T02:00:11Z] INFO two",
        "lines rows=7",
        "[2024-02-06T02:00:12Z] ERROR Task failed with exception",
        "Traceback (most recent call last):",
        '  File "/dags/sales.py", line 7, in clean',
        "KeyError: 'sku'",
        "",
        "The above exception was the direct cause of the following exception:",
        "",
        "Traceback (most recent call last):",
        '  File "/dags/sales.py", line 7, in clean',
        "ValueError: bad sku",
    )


def test_only_the_last_lines_of_a_long_log_are_kept(
    bridge: RunningBridge, edits: Edits, fresh: Fresh
) -> None:
    dag_id = fresh("chain")
    run_id = _a_run(edits, dag_id)
    edits.do("task", dag_id=dag_id, run_id=run_id, task_id="load", state="success")
    query = _query(dag_id, run_id, "load", max_lines=3)
    _write(bridge, query, *({**_STARTED, "event": f"line {number}"} for number in range(20_000)))
    log = bridge.gateway.log(query)
    assert log.truncated
    assert [line.split("INFO ")[1] for line in log.lines] == ["line 19997", "line 19998", "line 19999"]


def test_what_a_running_task_has_written_so_far_is_shown(
    bridge: RunningBridge, edits: Edits, fresh: Fresh
) -> None:
    dag_id = fresh("chain")
    run_id = _a_run(edits, dag_id)
    edits.do("task", dag_id=dag_id, run_id=run_id, task_id="load", state="running")
    query = _query(dag_id, run_id, "load")
    assert bridge.gateway.log(query).lines == ()
    _write(bridge, query, _STARTED)
    assert bridge.gateway.log(query).lines == ("[2024-02-06T02:00:11Z] INFO reading",)


def test_outside_text_stays_as_it_was_written(bridge: RunningBridge, edits: Edits, fresh: Fresh) -> None:
    dag_id = fresh("chain")
    run_id = _a_run(edits, dag_id)
    edits.do("task", dag_id=dag_id, run_id=run_id, task_id="load", state="success")
    query = _query(dag_id, run_id, "load")
    _write(bridge, query, {**_STARTED, "event": "[/red] \x1b[31mred\x1b[0m 漢字"}, "not JSON at all [bold]")
    assert bridge.gateway.log(query).lines == (
        "[2024-02-06T02:00:11Z] INFO [/red] \x1b[31mred\x1b[0m 漢字",
        "not JSON at all [bold]",
    )


def test_a_past_try_and_a_map_index_have_logs_of_their_own(
    bridge: RunningBridge, edits: Edits, fresh: Fresh
) -> None:
    dag_id = fresh("mapped")
    run_id = _a_run(edits, dag_id)
    edits.do("finish", dag_id=dag_id, run_id=run_id, failed="files")
    edits.do("clear", dag_id=dag_id, run_id=run_id, only_failed=True)
    edits.do("task", dag_id=dag_id, run_id=run_id, task_id="files", state="success", try_number=2)
    for number in (1, 2):
        _write(
            bridge,
            _query(dag_id, run_id, "files", try_number=number),
            {**_STARTED, "event": f"try {number}"},
        )
        found = bridge.gateway.log(_query(dag_id, run_id, "files", try_number=number))
        assert found.lines == (f"[2024-02-06T02:00:11Z] INFO try {number}",)
    edits.do("expand", dag_id=dag_id, run_id=run_id, task_id="each", states=["success", "success"])
    second = _query(dag_id, run_id, "each", map_index=1)
    _write(bridge, second, {**_STARTED, "event": "the second"})
    assert bridge.gateway.log(second).lines == ("[2024-02-06T02:00:11Z] INFO the second",)


def test_a_task_that_never_began_has_an_empty_log(bridge: RunningBridge, edits: Edits, fresh: Fresh) -> None:
    dag_id = fresh("chain")
    run_id = _a_run(edits, dag_id)
    edits.do("finish", dag_id=dag_id, run_id=run_id, failed="extract")
    assert bridge.gateway.log(_query(dag_id, run_id, "load", try_number=0)).lines == ()


def test_a_log_that_can_not_be_found_says_so(bridge: RunningBridge, edits: Edits, fresh: Fresh) -> None:
    dag_id = fresh("chain")
    run_id = _a_run(edits, dag_id)
    edits.do("finish", dag_id=dag_id, run_id=run_id)
    with pytest.raises(NotThere, match="No log of try 1 of load") as lost:
        bridge.gateway.log(_query(dag_id, run_id, "load"))
    assert "another machine" in lost.value.remedy
    with pytest.raises(NotThere, match="no try 2 of load") as early:
        bridge.gateway.log(_query(dag_id, run_id, "load", try_number=2))
    assert early.value.remedy == "it has 1 so far"
    with pytest.raises(NotThere, match="no task instance nothing"):
        bridge.gateway.log(_query(dag_id, run_id, "nothing"))


def _a_long_log(
    bridge: RunningBridge, edits: Edits, fresh: Fresh, many: int, state: str = "success"
) -> LogQuery:
    dag_id = fresh("chain")
    run_id = _a_run(edits, dag_id)
    edits.do("task", dag_id=dag_id, run_id=run_id, task_id="load", state=state)
    query = _query(dag_id, run_id, "load")
    _write(bridge, query, *({**_STARTED, "event": f"line {number}"} for number in range(many)))
    return query


@pytest.mark.parametrize("files", [1, 2])
def test_the_pages_of_a_log_make_the_whole_of_it_whoever_reads_it(
    bridge: RunningBridge, edits: Edits, fresh: Fresh, files: int
) -> None:
    query = _a_long_log(bridge, edits, fresh, 1_234)
    if files == 2:
        # That of a trigger: then only Airflow's own reader can merge them.
        file = _file(bridge, query)
        file.with_name(f"{file.name}.trigger.1.log").write_text("", encoding="utf-8")
    page = bridge.gateway.log(query)
    read = _numbers(page)
    while page.truncated:
        page = bridge.gateway.log(replace(query, before=page.begins))
        assert 0 < len(page.lines) <= query.max_lines
        read = _numbers(page) + read
    assert read == list(range(1_234))
    assert page.begins is not None
    assert page.begins.at == 0
    assert page.begins.in_file is (files == 1)


@pytest.mark.parametrize("files", [1, 2])
def test_only_what_was_written_since_is_read_again(
    bridge: RunningBridge, edits: Edits, fresh: Fresh, files: int
) -> None:
    query = _a_long_log(bridge, edits, fresh, 500, "running")
    if files == 2:
        file = _file(bridge, query)
        file.with_name(f"{file.name}.trigger.1.log").write_text("", encoding="utf-8")
    first = bridge.gateway.log(query)
    nothing = bridge.gateway.log(replace(query, after=first.ends))
    assert (nothing.lines, nothing.begins, nothing.ends) == ((), first.ends, first.ends)
    for number in (500, 501):
        _append(bridge, query, json.dumps({**_STARTED, "event": f"line {number}"}) + "\n")
    since = _once_it_says(bridge, replace(query, after=first.ends), 501)
    assert since.begins == first.ends
    assert _numbers(since) == [500, 501]
    for number in range(502, 900):
        _append(bridge, query, json.dumps({**_STARTED, "event": f"line {number}"}) + "\n")
    much = _once_it_says(bridge, replace(query, after=first.ends), 899)
    assert much.begins != first.ends
    assert _numbers(much) == list(range(800, 900))


def _once_it_says(bridge: RunningBridge, query: LogQuery, number: int) -> TaskLog:
    """The page as soon as it ends with that line: a log that is fetched is not fetched at every reading."""
    deadline = time.monotonic() + 20
    while True:
        log = bridge.gateway.log(query)
        if log.lines and _numbers(log)[-1] == number:
            return log
        assert time.monotonic() < deadline, log
        time.sleep(0.05)


def test_half_a_line_is_left_until_it_is_whole_or_its_task_has_ended(
    bridge: RunningBridge, edits: Edits, fresh: Fresh
) -> None:
    query = _a_long_log(bridge, edits, fresh, 3, "running")
    message = json.dumps({**_STARTED, "event": "line 3"})
    _append(bridge, query, message[:20])
    log = bridge.gateway.log(query)
    assert _numbers(log) == [0, 1, 2]
    _append(bridge, query, message[20:])
    assert bridge.gateway.log(replace(query, after=log.ends)).lines == ()
    edits.do("task", dag_id=query.dag_id, run_id=query.key.run_id, task_id="load", state="success")
    assert _numbers(bridge.gateway.log(replace(query, after=log.ends))) == [3]


def test_a_log_that_was_replaced_is_read_from_its_end(
    bridge: RunningBridge, edits: Edits, fresh: Fresh
) -> None:
    query = _a_long_log(bridge, edits, fresh, 50)
    before = bridge.gateway.log(query)
    _write(bridge, query, {**_STARTED, "event": "line 7"})
    after = bridge.gateway.log(replace(query, after=before.ends))
    assert _numbers(after) == [7]
    assert after.begins == LogPlace(at=0, in_file=True)


def test_a_place_in_a_log_that_is_kept_elsewhere_by_now_is_not_there(
    bridge: RunningBridge, edits: Edits, fresh: Fresh
) -> None:
    query = _a_long_log(bridge, edits, fresh, 50)
    with pytest.raises(NotThere, match="kept elsewhere by now"):
        bridge.gateway.log(replace(query, before=LogPlace(at=20)))


def test_a_message_longer_than_a_page_gives_its_last_lines(
    bridge: RunningBridge, edits: Edits, fresh: Fresh
) -> None:
    query = _a_long_log(bridge, edits, fresh, 1)
    _append(
        bridge, query, json.dumps({**_STARTED, "event": "\n".join(f"line {n}" for n in range(300))}) + "\n"
    )
    log = bridge.gateway.log(query)
    assert _numbers(log) == list(range(200, 300))
    assert _numbers(bridge.gateway.log(replace(query, before=log.begins))) == [0]


@pytest.mark.parametrize("files", [1, 2])
def test_a_line_is_found_in_the_whole_log_whoever_reads_it(
    bridge: RunningBridge, edits: Edits, fresh: Fresh, files: int
) -> None:
    query = _a_long_log(bridge, edits, fresh, 2_345)
    if files == 2:
        file = _file(bridge, query)
        file.with_name(f"{file.name}.trigger.1.log").write_text("", encoding="utf-8")
    search = LogSearch(query=query, words="LINE 12".lower())
    counted = bridge.gateway.count_in_log(search)
    assert (len(counted.places), counted.more) == (1 + 10 + 100, False)
    assert bridge.gateway.count_in_log(replace(search, start=counted.ends)).places == ()
    match = bridge.gateway.find_in_log(search)
    found: list[int] = []
    log = match.log
    while log is not None and len(found) < len(counted.places):
        found.append(_numbers(log)[match.line])
        # The lines around it make a page without a gap, from which one can go on.
        assert _numbers(log) == list(range(_numbers(log)[0], _numbers(log)[-1] + 1))
        assert log.begins is not None
        assert log.begins.in_file is (files == 1)
        later = bisect_right(counted.places, counted.places[len(found) - 1])
        start = LogPlace(at=counted.places[later % len(counted.places)], in_file=files == 1)
        match = bridge.gateway.find_in_log(replace(search, start=start))
        log = match.log
    assert found == [number for number in range(2_345) if f"line {number}".startswith("line 12")]
    back = bridge.gateway.find_in_log(replace(search, step=-1))
    assert back.log is not None
    assert _numbers(back.log)[back.line] == 1_299
    assert bridge.gateway.find_in_log(replace(search, words="nowhere")) == LogMatch(log=None)


def test_the_page_after_a_match_is_read_forwards(bridge: RunningBridge, edits: Edits, fresh: Fresh) -> None:
    query = _a_long_log(bridge, edits, fresh, 1_000)
    page = bridge.gateway.find_in_log(LogSearch(query=query, words="line 500")).log
    assert page is not None
    read = _numbers(page)
    assert len(read) == query.max_lines
    while page.followed:
        page = bridge.gateway.log(replace(query, after=page.ends, forwards=True))
        read += _numbers(page)
    assert read == list(range(read[0], 1_000))


def test_a_try_that_has_written_nothing_has_nothing_to_find(
    bridge: RunningBridge, edits: Edits, fresh: Fresh
) -> None:
    dag_id = fresh("chain")
    run_id = _a_run(edits, dag_id)
    search = LogSearch(query=_query(dag_id, run_id, "load", try_number=0), words="x")
    assert bridge.gateway.find_in_log(search).log is None
    assert bridge.gateway.count_in_log(search).places == ()
