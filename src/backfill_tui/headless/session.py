"""What every command works with, and what several of them do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from backfill_tui.domain.dags import DagList, DagSummary
from backfill_tui.domain.environment import Environment, StartupStep
from backfill_tui.domain.ids import BackfillId, DagId
from backfill_tui.domain.instants import Instant
from backfill_tui.domain.problems import NotThere, Refused, Unreachable
from backfill_tui.domain.shell import Word, shell_line
from backfill_tui.domain.text import one_line
from backfill_tui.gateway.port import Engine, Gateway
from backfill_tui.headless.paper import Paper
from backfill_tui.headless.voice import Voice


@dataclass(slots=True, kw_only=True)
class Session:
    """One command's connection to Airflow and to its user.

    `engine` is None where Airflow is not ours. `read_only` may turn out when it is opened, from the version
    of Airflow. `program` are the words that reach the same Airflow again, for the sentences that say how to
    go on. `reconnect` gives a gateway on a fresh bridge where the way to one can break and be mended, else it
    is None.
    """

    gateway: Gateway
    engine: Engine | None
    voice: Voice
    paper: Paper
    as_json: bool = False
    read_only: bool = False
    program: tuple[Word, ...] = ("backfill-tui",)
    reconnect: Callable[[], Gateway] | None = None

    def again(self, *words: str | int) -> str:
        """A command of this program on the same Airflow, as one would type it."""
        return shell_line([*self.program, *map(str, words)])

    def open(self) -> Environment:
        """Come up, telling each step."""

        def tell(step: StartupStep) -> None:
            self.voice.activity(step.sentence, step.done, step.total, key=step.phase)

        self.voice.activity("Starting Airflow")
        try:
            environment = self.gateway.open(tell)
        finally:
            self.voice.settle()
        self.read_only = self.read_only or environment.read_only
        if environment.read_only_because:
            self.voice.say(f"Read-only: {environment.read_only_because}")
        return environment

    def start_engine(self) -> None:
        """See to it that runs will start; does nothing where Airflow is not ours."""
        if self.engine is None:
            return
        status = self.engine.start()
        if status.problem:
            raise Unreachable(
                status.problem, remedy=f"look into its logs with {self.again('engine', 'logs')}"
            )

    def refuse_writes(self, what: str) -> None:
        """Raise Refused in a read-only session."""
        if self.read_only:
            raise Refused(f"{what} is refused: this session is read-only", remedy="leave out --read-only")

    def confirm(self, question: str, *, yes: bool, about: Sequence[str] = ()) -> None:
        """Return when the user agrees or has agreed by an option, else raise Refused.

        `about` are the codes of the warnings that the question is about.
        """
        if yes:
            return
        answer = self.voice.ask(question)
        if answer is None:
            what = f" about {', '.join(about)}" if about else ""
            accept = "".join(f" --accept {code}" for code in about)
            remedy = f"add --yes, or{accept}" if about else "add --yes, or run it on a terminal"
            raise Refused(f"Nothing was done, because nobody can be asked here{what}", remedy=remedy)
        if not answer:
            raise Refused("Nothing was done, as you wished")

    def how_to_resume(self, backfill_id: BackfillId) -> str:
        """`resume it with backfill-tui resume 7`."""
        return f"resume it with {self.again('resume', backfill_id)}"

    def how_to_watch(self, backfill_id: BackfillId, *, paused: str | None = None) -> str:
        """The sentence that says how to follow a backfill, and whether it goes on by itself.

        `paused` is the id of its Dag when that is paused.
        """
        watching = f"watch it with {self.again('watch', backfill_id)}"
        if paused is not None:
            unpausing = self.how_to_unpause(paused)
            return f"Nothing of it starts while the Dag is paused: {unpausing}, then {watching}"
        return f"{'Airflow' if self.engine is None else 'The engine'} goes on with it: {watching}"

    def how_to_unpause(self, dag_id: str) -> str:
        """`unpause it with backfill-tui unpause-dag sales`."""
        ends_options = ("--",) if dag_id.startswith("-") else ()
        return f"unpause it with {self.again('unpause-dag', *ends_options, dag_id)}"


def dag_named(session: Session, dag_id: str, where: str) -> tuple[DagSummary, Instant]:
    """The Dag of that name, in detail, and when it was read by the database's clock; raises as `find_dag`."""
    listed = session.gateway.dags((DagId(dag_id),))
    if not listed.dags:
        listed = session.gateway.dags()
    return find_dag(listed, dag_id, where), listed.read_at


def find_dag(listed: DagList, dag_id: str, where: str) -> DagSummary:
    """The Dag of that name; NotThere with why its file does not import, or with the nearest name."""
    for dag in listed.dags:
        if dag.dag_id == dag_id:
            return dag
    for problem in listed.import_problems:
        if PurePosixPath(problem.file).stem == dag_id:
            raise NotThere(
                f"{one_line(problem.dag_file.words)} does not import: {one_line(problem.sentence)}",
                remedy=one_line(problem.advice) or "the command dags says more",
                detail=problem.traceback,
            )
    from backfill_tui.settings import nearest

    close = nearest(dag_id, tuple(dag.dag_id for dag in listed.dags))
    remedy = f'did you mean "{one_line(close)}"?' if close else "the command dags lists them all"
    broken = len(listed.import_problems)
    if broken and close is None:
        what = "file does" if broken == 1 else "files do"
        remedy = f"{broken} Dag {what} not import, the command dags says why"
    raise NotThere(f'There is no Dag "{one_line(dag_id)}" in {one_line(where)}', remedy=remedy)
