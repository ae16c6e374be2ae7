"""The notes of Dag runs: one for each, which a launch adds and a rerun replaces."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from backfill_tui.bridge.journal import user_name
from backfill_tui.domain.launching import MOST_NOTE_CHARACTERS
from backfill_tui.domain.problems import BadRequest

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def check_note(note: str) -> None:
    """Raise BadRequest for a note that Airflow can not keep."""
    if len(note) > MOST_NOTE_CHARACTERS:
        raise BadRequest(
            f"The note has {len(note):,} characters, and Airflow keeps {MOST_NOTE_CHARACTERS:,}",
            remedy="make it shorter",
        )


def replace_notes(session: Session, dag_run_ids: Collection[int], note: str) -> None:
    """Put a note on each of these runs, in the place of the one it has, as the API's clear does.

    (Airflow 3.3 api_fastapi/core_api/services/public/dag_run.py, `patch_dag_run_note`.)
    """
    from airflow.models.dagrun import DagRunNote
    from sqlalchemy import select

    had = {
        found.dag_run_id: found
        for found in session.scalars(select(DagRunNote).where(DagRunNote.dag_run_id.in_(dag_run_ids)))
    }
    for dag_run_id in dag_run_ids:
        found = had.get(dag_run_id)
        if found is None:
            found = DagRunNote(content=note, user_id=user_name())
            found.dag_run_id = dag_run_id
            session.add(found)
        else:
            found.content, found.user_id = note, user_name()
