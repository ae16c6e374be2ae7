"""Writing parsed Dag files to the metadata database, the way Airflow's Dag processor does it.

The writer is Airflow's own `update_dag_parsing_results_in_db` (Airflow 3.3 dag_processing/collection.py);
what the processor does around it over time (files that are gone, Dags that left their file) is done at once.
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import structlog
from airflow.dag_processing.bundles.manager import DagBundlesManager
from airflow.dag_processing.collection import update_dag_parsing_results_in_db
from airflow.exceptions import AirflowDagDuplicatedIdException, DeserializationError
from airflow.models.asset import remove_references_to_deleted_dags
from airflow.models.dag import DagModel
from airflow.models.errors import ParseImportError
from airflow.serialization.serialized_objects import LazyDeserializedDAG
from sqlalchemy import delete, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from backfill_tui.bridge.environment import AirflowEnvironment
from backfill_tui.bridge.import_problems import not_stored
from backfill_tui.bridge.parsing_messages import FileParsed, SerializedDagText
from backfill_tui.bridge.parsing_unchanged import refresh_unchanged
from backfill_tui.bridge.write_session import write_session
from backfill_tui.domain.problems import Problem, Refused

_log = structlog.get_logger(__name__)
_AT_ONCE: Final = 50
_WHAT: Final = "parse"


def bundle_of(folder: Path) -> str:
    """The name under which this Airflow is configured to have `folder` as a Dag bundle.

    Tasks find their files through it. Raises Refused when no bundle is this folder.
    """
    manager = DagBundlesManager()
    for bundle in manager.get_all_dag_bundles():
        if Path(bundle.path).resolve() == folder.resolve():
            return str(bundle.name)
    raise Refused(
        f"The home is not configured for the Dags folder {folder}",
        remedy="use the home of that folder, or let --home DIR name a new one",
    )


class _ParsedDag(LazyDeserializedDAG):  # type: ignore[misc]  # Airflow is untyped here
    """A Dag as Airflow writes it, which decodes its timetable once instead of at every look.

    Airflow looks some seventeen times for each Dag (Airflow 3.3 dag_processing/collection.py), and for a
    cron expression each means reading the translations of its description again.
    """

    @cached_property
    def timetable(self) -> Any:
        """Its timetable, that of the Dag which Airflow deserializes for the next run anyway."""
        return self._real_dag.timetable


class ResultsWriter:
    """Writes the Dags and the import errors of all files of a bundle while they are being parsed.

    The results are taken in any order and written in the order of `files`, a batch of Dags in a transaction,
    so that the scheduler gets its turn. Of two Dags with one id the first stays, and the other file gets
    Airflow's import error. `finish` lets Dags that no file has any more become stale.
    """

    def __init__(self, airflow: AirflowEnvironment, bundle_name: str, files: Sequence[str]) -> None:
        self._airflow = airflow
        self._bundle_name = bundle_name
        self._files = files
        self._next = 0
        self._parsed: dict[str, FileParsed] = {}
        self._batch = _Batch()
        self._filelocs: dict[str, str] = {}
        self._known = set(files)
        with write_session(airflow, _WHAT) as session:
            # Two sessions that start at once would both find the bundle missing, but for the lock.
            DagBundlesManager().sync_bundles_to_db(session=session)

    def add(self, parsed: FileParsed) -> None:
        """Take the result of one file."""
        self._parsed[parsed.file] = parsed
        while self._next < len(self._files) and (result := self._parsed.pop(self._files[self._next], None)):
            self._next += 1
            self._put(result)

    @property
    def is_due(self) -> bool:
        """Whether there is enough for a transaction."""
        return len(self._batch.dags) >= _AT_ONCE

    def write(self) -> None:
        """Write what there is, a batch of Dags at most."""
        batch, self._batch = self._batch, _Batch()
        try:
            self._write(batch)
        except (Problem, OperationalError):
            raise
        except (Exception, SystemExit):
            # Something of users runs here after all: their timetables are read back, and asked for the next
            # date. Which file it is shows when each is written by itself.
            _log.warning("a batch of Dags can not be written", exc_info=True)
            for part in batch.by_file(self._bundle_name):
                self._write_alone(part)

    def finish(self) -> None:
        """Write what is left, once all files are there, and forget what none of them has."""
        self.write()
        with write_session(self._airflow, _WHAT) as session:
            _forget_what_is_gone(session, self._bundle_name, set(self._filelocs), self._known)

    def _write_alone(self, part: _Batch) -> None:
        """Write what one file has; what Airflow can not store becomes its import error."""
        try:
            self._write(part)
        except (Problem, OperationalError):
            raise
        except (Exception, SystemExit) as cause:
            told = _why_not_stored(cause)
            failed = _Batch(files=part.files, errors=dict.fromkeys(part.files, told) | part.errors)
            self._write(failed)

    def _put(self, result: FileParsed) -> None:
        batch = self._batch
        batch.files.add((self._bundle_name, result.file))
        for file, told in result.import_errors.items():
            batch.errors[self._bundle_name, file] = told
        for text in result.dags:
            dag = _lazy(text)
            if (existing := self._filelocs.get(dag.dag_id)) is not None:
                twice = AirflowDagDuplicatedIdException(
                    dag_id=dag.dag_id, incoming=dag.fileloc, existing=existing
                )
                batch.errors[self._bundle_name, result.file] = f"{type(twice).__name__}: {twice}"
            else:
                self._filelocs[dag.dag_id] = dag.fileloc
                batch.dags.append(dag)

    def _write(self, batch: _Batch) -> None:
        """Let Airflow write what is new; the errors grow by those of Dags that can not be stored."""
        failed = {file for _, file in batch.errors}
        # Where some of a file fails, Airflow lets all of its Dags be stale.
        sound = [dag for dag in batch.dags if dag.relative_fileloc not in failed]
        with write_session(self._airflow, _WHAT) as session:
            changed = refresh_unchanged(session, self._bundle_name, sound)
            update_dag_parsing_results_in_db(
                self._bundle_name,
                None,
                [*changed, *(dag for dag in batch.dags if dag.relative_fileloc in failed)],
                batch.errors,
                None,
                set(),
                session,
                files_parsed=batch.files,
            )
        self._known.update(file for _, file in batch.errors)


@dataclass
class _Batch:
    """What goes into the next transaction."""

    dags: list[LazyDeserializedDAG] = field(default_factory=list)
    files: set[tuple[str, str]] = field(default_factory=set)
    errors: dict[tuple[str, str], str] = field(default_factory=dict)

    def by_file(self, bundle_name: str) -> list[_Batch]:
        """The same in parts, one for each file."""
        parts: dict[tuple[str, str], _Batch] = {}

        def part(key: tuple[str, str]) -> _Batch:
            return parts.setdefault(key, _Batch(files={key}))

        for key in sorted(self.files):
            part(key)
        for dag in self.dags:
            part((bundle_name, dag.relative_fileloc)).dags.append(dag)
        for key, error in self.errors.items():
            part(key).errors[key] = error
        return list(parts.values())


def _why_not_stored(cause: BaseException) -> str:
    """The traceback of what ended the writing of a file's Dags, for the table of import errors.

    Airflow's error of reading a Dag back says which one it was, and the cause of that what was wrong.
    """
    first, dag_id = cause, None
    if isinstance(cause, DeserializationError):
        first, dag_id = cause.__cause__ or cause, cause.dag_id
    told = "".join(traceback.format_exception(type(first), first, first.__traceback__))
    return not_stored(f'The Dag "{dag_id}"' if dag_id else "A Dag of it", told)


def _lazy(text: SerializedDagText) -> LazyDeserializedDAG:
    loaded = datetime.fromisoformat(text.last_loaded) if text.last_loaded else None
    return _ParsedDag(data=json.loads(text.data), last_loaded=loaded)


def _forget_what_is_gone(session: Session, bundle_name: str, dag_ids: set[str], files: set[str]) -> None:
    known = session.scalars(
        select(DagModel).where(DagModel.bundle_name == bundle_name, DagModel.is_stale.is_(False))
    )
    gone = [dag for dag in known if dag.dag_id not in dag_ids]
    for dag in gone:
        dag.is_stale = True
    session.flush()
    if gone:
        remove_references_to_deleted_dags(session=session)
    noted = session.scalars(
        select(ParseImportError.filename).where(ParseImportError.bundle_name == bundle_name)
    )
    if orphaned := [file for file in noted if file not in files]:
        session.execute(
            delete(ParseImportError).where(
                ParseImportError.bundle_name == bundle_name, ParseImportError.filename.in_(orphaned)
            )
        )
