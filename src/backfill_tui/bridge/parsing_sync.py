"""Writing parsed Dag files to the metadata database, the way Airflow's Dag processor does it.

The writer is Airflow's own `update_dag_parsing_results_in_db` (Airflow 3.3 dag_processing/collection.py);
what the processor does around it over time (files that are gone, Dags that left their file) is done at once.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from airflow.dag_processing.bundles.manager import DagBundlesManager
from airflow.dag_processing.collection import update_dag_parsing_results_in_db
from airflow.exceptions import AirflowDagDuplicatedIdException
from airflow.models.asset import remove_references_to_deleted_dags
from airflow.models.dag import DagModel
from airflow.models.errors import ParseImportError
from airflow.serialization.serialized_objects import LazyDeserializedDAG
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from backfill_tui.bridge.environment import AirflowEnvironment
from backfill_tui.bridge.parsing_messages import FileParsed, SerializedDagText
from backfill_tui.bridge.write_session import write_session
from backfill_tui.domain.problems import Refused

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


def write_results(
    airflow: AirflowEnvironment, bundle_name: str, files: Sequence[str], results: Sequence[FileParsed]
) -> None:
    """Write the Dags and the import errors of all files of a bundle.

    `results` are in the order of `files`; of two Dags with one id the first stays, and the other file gets
    Airflow's import error. Dags that no file has any more become stale. Many Dags are written in several
    transactions, so that the scheduler gets its turn.
    """
    errors: dict[tuple[str, str], str] = {}
    dags = _first_of_each_id(results, errors, bundle_name)
    with write_session(airflow, _WHAT) as session:
        # Two sessions that start at once would both find the bundle missing, but for the lock.
        DagBundlesManager().sync_bundles_to_db(session=session)
    last = max(0, len(dags) - 1) // _AT_ONCE * _AT_ONCE
    for start in range(0, last, _AT_ONCE):
        with write_session(airflow, _WHAT) as session:
            _write(session, bundle_name, dags[start : start + _AT_ONCE], errors, set())
    with write_session(airflow, _WHAT) as session:
        parsed = {(bundle_name, file) for file in files}
        _write(session, bundle_name, dags[last:], errors, parsed)
        known = set(files) | {file for _, file in errors}
        _forget_what_is_gone(session, bundle_name, {dag.dag_id for dag in dags}, known)


def _write(
    session: Session,
    bundle_name: str,
    dags: Sequence[Any],
    errors: dict[tuple[str, str], str],
    parsed: set[tuple[str, str]],
) -> None:
    """Let Airflow write some Dags; `errors` grows by those of Dags that can not be stored."""
    update_dag_parsing_results_in_db(
        bundle_name, None, dags, errors, None, set(), session, files_parsed=parsed
    )


def _first_of_each_id(
    results: Sequence[FileParsed], errors: dict[tuple[str, str], str], bundle_name: str
) -> list[Any]:
    found: dict[str, Any] = {}
    for result in results:
        for file, traceback in result.import_errors.items():
            errors[bundle_name, file] = traceback
        for text in result.dags:
            dag = _lazy(text)
            if (other := found.setdefault(dag.dag_id, dag)) is not dag:
                twice = AirflowDagDuplicatedIdException(
                    dag_id=dag.dag_id, incoming=dag.fileloc, existing=other.fileloc
                )
                errors[bundle_name, result.file] = f"{type(twice).__name__}: {twice}"
    return list(found.values())


def _lazy(text: SerializedDagText) -> Any:
    loaded = datetime.fromisoformat(text.last_loaded) if text.last_loaded else None
    return LazyDeserializedDAG(data=json.loads(text.data), last_loaded=loaded)


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
