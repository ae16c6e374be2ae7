"""The names of many log files at once: each template is understood once, and no task instance is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

from airflow.models.dagrun import DagRun
from airflow.utils.helpers import parse_template_string, render_template

from backfill_tui.bridge.log_sources import keeps_files_here, within

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


class _NamesMoreError(Exception):
    """A template names something of a task instance that was not read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedTry:
    """What the names of logs are usually made of, of one try: columns of a task instance and of its run."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    try_number: int
    logical_date: Any
    run_after: Any

    def __getattr__(self, name: str) -> NoReturn:
        # No AttributeError: a template would take it for an empty text, and name another file.
        raise _NamesMoreError(name)


class LogNames:
    """Where Airflow's handler keeps the logs of this machine (Airflow 3.3 utils/log/file_task_handler.py)."""

    def __init__(self, handler: Any) -> None:
        self._base: Final[str] = str(getattr(handler, "local_base", ""))
        self._here = keeps_files_here(handler)
        self._templates: dict[int | None, Any] = {}

    def learn(self, session: Session, template_ids: set[int | None]) -> None:
        """Read the templates that some runs have."""
        for template_id in template_ids - self._templates.keys() if self._here else ():
            found = DagRun._get_log_template(log_template_id=template_id, session=session)  # noqa: SLF001  # the only way to it
            _, self._templates[template_id] = parse_template_string(found.filename)

    def file_of(self, named: NamedTry, template_id: int | None) -> Path | None:
        """The file of a try's log; None where only Airflow's own reader knows where it is.

        Whether it exists is seen when it is opened.
        """
        template = self._templates.get(template_id)
        if template is None:
            return None
        moment = (named.logical_date or named.run_after).isoformat()
        try:
            name = render_template(
                template, {"ti": named, "ts": moment, "try_number": named.try_number}, native=False
            )
        except _NamesMoreError:
            return None
        return within(self._base, Path(self._base, name))
