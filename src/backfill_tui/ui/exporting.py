"""What the screens write to files: the same forms as the commands, in a thread."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from backfill_tui import __version__
from backfill_tui.domain.as_command import Commands, commands_of
from backfill_tui.domain.dag_range import DagRange, Watchable
from backfill_tui.domain.ids import DagId
from backfill_tui.domain.planning import BackfillPlan
from backfill_tui.domain.problems import BadRequest, Interrupted
from backfill_tui.domain.shell import Word
from backfill_tui.domain.text import one_line
from backfill_tui.forms.files import Format, write_file
from backfill_tui.forms.outcome import Tell, read_outcome, task_instances
from backfill_tui.forms.outcome_parts import outcome_parts
from backfill_tui.forms.plan_page import PlanToWrite
from backfill_tui.forms.plan_parts import plan_parts

if TYPE_CHECKING:
    from backfill_tui.gateway.port import Gateway, IsCancelled
    from backfill_tui.ui.app import BackfillApp

HOW_TO_FORCE: Final = "choose another name, or write over it"
_LONG_SECONDS: Final = 12.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where to, and whether over a file that is there."""

    path: Path
    form: Format
    force: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportJob:
    """Something that can be written: `title` is what it is, `name` are the words of its file's name.

    `write` does it, in a worker's thread, and gives the number of bytes.
    """

    title: str
    name: tuple[str | int, ...]
    write: Callable[[Destination, Tell, IsCancelled], int]


def outcome_job(gateway: Callable[[], Gateway], dag_id: DagId, about: Watchable) -> ExportJob:
    """What became of a backfill, or of the dates of a Dag in a range."""

    def write(to: Destination, tell: Tell, is_cancelled: IsCancelled) -> int:
        asked = gateway()
        environment = asked.environment()
        outcome = read_outcome(asked, about, environment, __version__, tell=tell, is_cancelled=is_cancelled)
        with task_instances(asked, outcome, tell=tell, is_cancelled=is_cancelled) as (conf, pairs):
            return _write(to, outcome_parts(outcome, conf, pairs, to.form), is_cancelled)

    if isinstance(about, DagRange):
        return ExportJob(title=f"the dates of {one_line(dag_id)}", name=(dag_id, "dates"), write=write)
    return ExportJob(
        title=f"backfill {about} of {one_line(dag_id)}", name=(dag_id, "backfill", about), write=write
    )


def plan_job(program: BackfillApp, planned: BackfillPlan) -> ExportJob:
    """A plan as the screen shows it."""
    words, dag_id = program.program_words, planned.request.dag_id

    def write(to: Destination, tell: Tell, is_cancelled: IsCancelled) -> int:
        tell("Writing the dates", 0, 0)
        plan = PlanToWrite(
            planned=planned,
            version=__version__,
            airflow=program.gateway.environment().words,
            commands=_commands(planned, words),
            remedy_of=lambda warning: warning.remedy,
        )
        return _write(to, plan_parts(plan, planned.runs, to.form), is_cancelled)

    return ExportJob(title=f"the plan of {one_line(dag_id)}", name=(dag_id, "plan"), write=write)


def _commands(planned: BackfillPlan, program: tuple[Word, ...]) -> Commands | None:
    try:
        return commands_of(planned, program=program)
    except BadRequest:
        return None


def _write(to: Destination, parts: Iterable[str], is_cancelled: IsCancelled) -> int:
    def wanted() -> Iterator[str]:
        for part in parts:
            if is_cancelled():
                raise Interrupted("The export was given up")
            yield part

    return write_file(to.path, wanted(), force=to.force, how_to_force=HOW_TO_FORCE)


def open_export(program: BackfillApp, job: ExportJob) -> None:
    """Ask where to, write it, and tell where it is."""
    from backfill_tui.ui.screens.export import ExportDialog

    def told(sentence: str | None) -> None:
        if sentence:
            program.notify(sentence, timeout=_LONG_SECONDS, markup=False)

    program.push_screen(ExportDialog(job), told)
