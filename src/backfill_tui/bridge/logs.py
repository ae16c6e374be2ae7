"""Task logs, through Airflow's own reader: files of this machine, remote stores, the workers' log servers."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from airflow.exceptions import TaskNotFound
from airflow.models.dagbag import DBDagBag
from airflow.models.taskinstance import TaskInstance
from airflow.models.taskinstancehistory import TaskInstanceHistory
from airflow.models.trigger import Trigger
from airflow.utils.log.log_reader import TaskLogReader
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from backfill_tui.bridge.log_files import only_file_of, read_page
from backfill_tui.bridge.log_lines import lines_of
from backfill_tui.domain.environment import Mode
from backfill_tui.domain.problems import AirflowFailed, NotThere
from backfill_tui.domain.states import CODES, TaskState, task_code
from backfill_tui.domain.tasks import LogPlace, LogQuery, TaskLog
from backfill_tui.wire.methods import LOG, Nothing

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.orm import Session

    from backfill_tui.bridge.environment import AirflowEnvironment
    from backfill_tui.bridge.server import Call, Server

_SERVED: Final = frozenset({TaskState.RUNNING, TaskState.DEFERRED})
_SOURCES_BEGIN: Final = "::group::Log message source details"
_SOURCES_END: Final = "::endgroup::"


def register(server: Server, airflow: AirflowEnvironment) -> None:
    """Let the server answer `log`."""

    def log(query: LogQuery, _call: Call[Nothing]) -> TaskLog:
        with airflow.session() as session:
            return read_log(session, query, served=airflow.mode is not Mode.EMBEDDED)

    server.handle(LOG, log)


def read_log(session: Session, query: LogQuery, *, served: bool) -> TaskLog:
    """The last lines of one try's log; `served` is false where no worker serves logs over the network.

    Empty for a try that is not over and has written nothing, for a task instance that never began (it was
    skipped, or its upstream failed) and for an operator that does nothing. Raises NotThere for a task
    instance or a try that does not exist, and for an ended try whose log can not be found; `detail` then
    says where Airflow looked.
    """
    instance = _find(session, query)
    if query.try_number < 1:
        return TaskLog(lines=())
    reader = TaskLogReader()
    if not reader.supports_read:
        raise AirflowFailed(
            "Airflow's log handler can not read logs",
            remedy="see [logging] task_log_reader in airflow.cfg",
        )
    state = CODES[task_code(instance.state)]
    ended = state.finished
    # Airflow asks the worker's log server for what runs, whatever is here.
    is_served = served and state in _SERVED
    path = None if is_served else only_file_of(reader.log_handler, instance, query.try_number, session)
    if path is not None and (page := _page(path, query, ended=ended)) is not None:
        return page
    session.expunge(instance)
    if not served:
        # Airflow asks the worker's log server for what runs, and for what has no file here. Without such a
        # server that fails, slowly and with a traceback in the log at every reading. A copy without a state
        # is not asked for there; what is on this machine and in a remote store is read all the same.
        instance.state = None
    stream, _ = reader.read_log_chunks(instance, query.try_number, {"end_of_log": False})
    sources, messages = _without_sources(stream)
    log = _last_lines(lines_of(messages), query)
    if not log.lines and not query.after and state.finished and not _writes_nothing(instance):
        raise NotThere(
            f"No log of try {query.try_number} of {query.key.task_id} in {query.key.run_id} can be found",
            remedy="it may be on another machine, or have been cleaned up",
            detail="\n".join(sources),
        )
    return log


def _page(path: Path, query: LogQuery, *, ended: bool) -> TaskLog | None:
    """A page of the only file; None when it has gone, or has nothing in it."""
    try:
        page = read_page(
            path,
            max_lines=max(1, query.max_lines),
            before=_place(query.before, in_file=True),
            after=query.after.at if query.after is not None and query.after.in_file else 0,
            ended=ended,
        )
    except OSError:
        return None
    if not page.lines and not page.ends:
        return None
    return TaskLog(
        lines=page.lines,
        truncated=page.begins > 0,
        begins=LogPlace(at=page.begins, in_file=True),
        ends=LogPlace(at=page.ends, in_file=True),
    )


def _last_lines(lines: Iterable[str], query: LogQuery) -> TaskLog:
    """The last lines of a log that comes from its beginning; it is read to the end, only they are kept."""
    kept: deque[str] = deque(maxlen=max(1, query.max_lines))
    count = 0
    for line in islice(lines, _place(query.before, in_file=False)):
        kept.append(line)
        count += 1
    after = query.after
    if after is not None and not after.in_file and 0 <= count - after.at <= len(kept):
        kept = deque(islice(kept, len(kept) - (count - after.at), None))
    begins = count - len(kept)
    return TaskLog(
        lines=tuple(kept), truncated=begins > 0, begins=LogPlace(at=begins), ends=LogPlace(at=count)
    )


def _place(place: LogPlace | None, *, in_file: bool) -> int | None:
    if place is not None and place.in_file != in_file:
        raise NotThere("The log is kept elsewhere by now", remedy="read it from its end")
    return place.at if place is not None else None


def _find(session: Session, query: LogQuery) -> Any:
    """The task instance whose latest try it is, or the record of a past try, as the API's route does it.

    (Airflow 3.3 routes/public/log.py.)
    """
    instance = session.scalar(
        _named(TaskInstance, query).options(
            joinedload(TaskInstance.trigger).joinedload(Trigger.triggerer_job),
            joinedload(TaskInstance.dag_model),
            joinedload(TaskInstance.dag_run),
        )
    )
    if instance is None:
        raise NotThere(
            f"There is no task instance {query.key.task_id} in {query.key.run_id}",
            remedy="its run or its map index was deleted since it was shown",
        )
    if query.try_number >= 1 and instance.try_number != query.try_number:
        tries = instance.try_number
        instance = session.scalar(
            _named(TaskInstanceHistory, query)
            .where(TaskInstanceHistory.try_number == query.try_number)
            .options(joinedload(TaskInstanceHistory.dag_run))
        )
        if instance is None:
            raise NotThere(
                f"There is no try {query.try_number} of {query.key.task_id} in {query.key.run_id}",
                remedy=f"it has {tries} so far" if tries else "it has not been tried yet",
            )
    dag = DBDagBag(load_op_links=False).get_dag_for_run(instance.dag_run, session=session)
    if dag is not None:
        with suppress(TaskNotFound):
            instance.task = dag.get_task(instance.task_id)
    return instance


def _writes_nothing(instance: Any) -> bool:
    """An empty operator is never run by a worker."""
    return bool(getattr(getattr(instance, "task", None), "inherits_from_empty_operator", False))


def _named(model: Any, query: LogQuery) -> Any:
    return select(model).where(
        model.dag_id == query.dag_id,
        model.run_id == query.key.run_id,
        model.task_id == query.key.task_id,
        model.map_index == query.key.map_index,
    )


def _without_sources(stream: Iterable[Any]) -> tuple[list[str], Iterator[Any]]:
    """Airflow's list of where it looked, and the messages after it."""
    messages = iter(stream)
    sources: list[str] = []
    first = next(messages, None)
    if first is None:
        return sources, messages
    if first.event != _SOURCES_BEGIN:
        return sources, _chain(first, messages)
    for message in messages:
        if message.event == _SOURCES_END:
            break
        sources.append(message.event)
    return sources, messages


def _chain(first: Any, rest: Iterator[Any]) -> Iterator[Any]:
    yield first
    yield from rest
