"""Asking the Dag processor of an Airflow that is not ours to parse a file before the others.

That is what Airflow offers its own users (Airflow 3.3 api_fastapi/core_api/routes/public/dag_parsing.py,
`reparse_dag_file`): a row that the next Dag processor which has the bundle takes and deletes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backfill_tui.bridge.audit import write_audit_line
from backfill_tui.bridge.write_session import write_session
from backfill_tui.domain.dags import DagFile
from backfill_tui.domain.problems import NotThere, Refused
from backfill_tui.domain.text import one_line

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from backfill_tui.bridge.environment import AirflowEnvironment


def ask_for_parsing(airflow: AirflowEnvironment, file: DagFile | None) -> None:
    """Leave the request, unless it is there already; raises NotThere for a file that Airflow does not know.

    Of one file only: to have all of them parsed first would keep a processor from everything else.
    """
    airflow.require_writable("asking for a file to be parsed")
    if file is None:
        raise Refused(
            f"The Dags of {airflow.where} are parsed by its own Dag processor, one file at a time",
            remedy="name the file",
        )
    from airflow.models.dagbag import DagPriorityParsingRequest
    from sqlalchemy import select

    with write_session(airflow, "ask for a file to be parsed") as session:
        dag_id = _dag_in(session, file)
        known = select(DagPriorityParsingRequest.id).where(
            DagPriorityParsingRequest.bundle_name == file.bundle,
            DagPriorityParsingRequest.relative_fileloc == file.path,
        )
        if session.execute(known).first() is not None:
            return
        session.add(DagPriorityParsingRequest(bundle_name=file.bundle, relative_fileloc=file.path))
        write_audit_line(session, "reparse_dag_file", dag_id, bundle_name=file.bundle, file=file.path)
        session.commit()


def _dag_in(session: Session, file: DagFile) -> str:
    """A Dag of that file, empty for one that does not import; raises NotThere for no such file."""
    from airflow.models.dag import DagModel
    from airflow.models.errors import ParseImportError
    from sqlalchemy import select

    in_it = select(DagModel.dag_id).where(
        DagModel.bundle_name == file.bundle, DagModel.relative_fileloc == file.path
    )
    broken = select(ParseImportError.id).where(
        ParseImportError.bundle_name == file.bundle, ParseImportError.filename == file.path
    )
    dag_id = session.scalars(in_it.order_by(DagModel.dag_id)).first()
    if dag_id is None and session.scalars(broken).first() is None:
        raise NotThere(f"Airflow knows no Dag file {one_line(file.words)}", remedy="refresh the list of Dags")
    return dag_id or ""
