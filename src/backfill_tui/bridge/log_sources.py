"""Where the log of a try is: in one file of this machine, else wherever Airflow's own reader finds it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from airflow.exceptions import TaskNotFound
from airflow.models.dagbag import DBDagBag
from airflow.models.taskinstance import TaskInstance
from airflow.models.taskinstancehistory import TaskInstanceHistory
from airflow.models.trigger import Trigger
from airflow.utils.log.file_task_handler import FileTaskHandler
from airflow.utils.log.log_reader import TaskLogReader
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from backfill_tui.bridge.log_bytes import LogBytes
from backfill_tui.bridge.log_copies import LogCopies
from backfill_tui.domain.problems import AirflowFailed, NotThere
from backfill_tui.domain.states import CODES, TaskState, task_code
from backfill_tui.domain.tasks import LogQuery

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

Look = Callable[[], None]
"""Called now and then while something takes long; raises when nobody waits for it any more."""

_SERVED: Final = frozenset({TaskState.RUNNING, TaskState.DEFERRED})
_SOURCES_BEGIN: Final = "::group::Log message source details"
_SOURCES_END: Final = "::endgroup::"
_UNREAD: Final = "Could not read served logs"
_NO_HOST: Final = "Could not read served logs: Hostname not available"
_REFUSED: Final = "!!!! Please make sure that all your Airflow components"
_LOOK_SECONDS: Final = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenLog:
    """The log of one try, open: its bytes, whether they are its only file's, and whether more may come."""

    data: LogBytes
    in_file: bool
    ended: bool


class LogSources:
    """Opens logs; `served` is false where no worker serves logs over the network."""

    def __init__(self, *, served: bool) -> None:
        self._served = served
        self._copies = LogCopies()

    def open(self, session: Session, query: LogQuery, look: Look) -> OpenLog | None:
        """The log; None for a try that has written nothing yet, or never will.

        That is a task instance that never began (it was skipped, or its upstream failed) and an operator that
        does nothing. Raises NotThere for a task instance or a try that does not exist, and for an ended try
        whose log can not be found, AirflowFailed where a worker has it and does not give it; `detail` then
        says where Airflow looked.
        """
        instance = _find(session, query)
        if query.try_number < 1:
            return None
        reader = TaskLogReader()
        if not reader.supports_read:
            raise AirflowFailed(
                "Airflow's log handler can not read logs",
                remedy="see [logging] task_log_reader in airflow.cfg",
            )
        state = CODES[task_code(instance.state)]
        # Airflow asks the worker's log server for what runs, whatever is here.
        if not (self._served and state in _SERVED):
            path = only_file_of(reader.log_handler, instance, query.try_number, session)
            with suppress(OSError):
                if path is not None and path.stat().st_size:
                    return OpenLog(data=LogBytes.of(path), in_file=True, ended=state.finished)
        session.expunge(instance)
        return self._copied(reader, instance, query, state, look)

    def _copied(
        self, reader: TaskLogReader, instance: Any, query: LogQuery, state: TaskState, look: Look
    ) -> OpenLog | None:
        if not self._served:
            # Airflow asks the worker's log server for what runs, and for what has no file here. Without such
            # a server that fails, slowly and with a traceback in the log at every reading. A copy without a
            # state is not asked for there; what is here and in a remote store is read all the same.
            instance.state = None

        def read(looked: list[str]) -> Iterator[Any]:
            stream, _ = reader.read_log_chunks(instance, query.try_number, {"end_of_log": False})
            return _looked_after(_after_sources(iter(stream), looked), look)

        which = (query.dag_id, query.key, query.try_number)
        data, looked = self._copies.open(which, ended=state.finished, read=read)
        if data.size:
            return OpenLog(data=data, in_file=False, ended=state.finished)
        with data:
            name = f"try {query.try_number} of {query.key.task_id} in {query.key.run_id}"
            _check_worker(name, looked)
            if state.finished and not _writes_nothing(instance):
                raise NotThere(
                    f"No log of {name} can be found",
                    remedy="it may be on another machine, or have been cleaned up",
                    detail="\n".join(looked),
                )
        return None


def _check_worker(name: str, looked: Sequence[str]) -> None:
    """Raise AirflowFailed where a worker has the log and does not give it.

    What Airflow says of that stands where it says where it looked (Airflow 3.3
    utils/log/file_task_handler.py, `_read_from_logs_server`).
    """
    for told in looked:
        if told.startswith(_REFUSED):
            raise AirflowFailed(
                f"The worker that has the log of {name} refuses to give it",
                remedy="set the same [api] secret_key and the right time on all machines",
                detail="\n".join(looked),
            )
        if told.startswith(_UNREAD) and not told.startswith(_NO_HOST):
            raise AirflowFailed(
                f"The log of {name} is on a worker whose log server does not answer",
                remedy="start it, or keep logs in a remote store",
                detail="\n".join(looked),
            )


def only_file_of(handler: Any, instance: Any, try_number: int, session: Session) -> Path | None:
    """The file that is the whole log; None where it is more than that, or elsewhere, or not there at all.

    Where Airflow would look into a remote store too, would merge several files (those of triggers) or has a
    handler of another kind, only its own reader knows the log. Names and the check of symbolic links are
    those of Airflow 3.3 utils/log/file_task_handler.py, `_read` and `_read_from_local`.
    """
    if not keeps_files_here(handler):
        return None
    name = handler._render_filename(instance, try_number, session=session)  # noqa: SLF001  # the only way to it
    path = Path(handler.local_base, name)
    found = list(path.parent.glob(f"{path.name}*"))
    return within(handler.local_base, found[0]) if len(found) == 1 else None


def keeps_files_here(handler: Any) -> bool:
    """Whether logs are files of this machine as far as Airflow knows: no remote store, no other handler."""
    from airflow import logging_config

    # Airflow 3.1 has the log itself instead, and None for every other name.
    getter = getattr(logging_config, "get_remote_task_log", None)
    remote = logging_config.REMOTE_TASK_LOG if getter is None else getter()
    return type(handler) is FileTaskHandler and remote is None


def within(base: str, path: Path) -> Path | None:
    """The real path of a log, None for a link that leads out of the folder of all logs."""
    folder, real = os.path.realpath(base), os.path.realpath(path)
    return Path(real) if os.path.commonpath([folder, real]) == folder else None


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


def _after_sources(messages: Iterator[Any], sources: list[str]) -> Iterator[Any]:
    """The messages after Airflow's list of where it looked, which is noted."""
    listing = False
    for place, message in enumerate(messages):
        if place == 0 and message.event == _SOURCES_BEGIN:
            listing = True
        elif listing:
            listing = message.event != _SOURCES_END
            if listing:
                sources.append(message.event)
        else:
            yield message


def _looked_after(messages: Iterator[Any], look: Look) -> Iterator[Any]:
    looked_at = time.monotonic()
    for message in messages:
        if time.monotonic() - looked_at > _LOOK_SECONDS:
            look()
            looked_at = time.monotonic()
        yield message
