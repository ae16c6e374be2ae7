"""What happened, as the screens hear it: past-tense facts, each with the values it is about."""

from __future__ import annotations

from textual.message import Message

from backfill_tui.domain.dags import DagFile, DagSummary
from backfill_tui.domain.environment import EngineStatus, Environment, StartupStep
from backfill_tui.domain.ids import BackfillId, DagId
from backfill_tui.domain.launching import CreationProgress, Launched
from backfill_tui.domain.planning import BackfillPlan
from backfill_tui.domain.problems import Problem
from backfill_tui.domain.watching import BackfillSummary
from backfill_tui.ui.listing import Listing


class ProblemArose(Message):
    """A call failed with a problem; unless the node that asked handles it, the app shows it in a dialog."""

    def __init__(self, problem: Problem) -> None:
        super().__init__()
        self.problem = problem


class StartupAdvanced(Message):
    """The bridge came a step further on its way up, or in parsing again."""

    def __init__(self, step: StartupStep) -> None:
        super().__init__()
        self.step = step


class BridgeOpened(Message):
    """The bridge is up."""

    def __init__(self, environment: Environment) -> None:
        super().__init__()
        self.environment = environment


class OpeningFailed(Message):
    """The bridge did not come up."""

    def __init__(self, problem: Problem) -> None:
        super().__init__()
        self.problem = problem


class EnvironmentRead(Message):
    """The environment and the engine (None where there is none) as they are now."""

    def __init__(self, environment: Environment, engine: EngineStatus | None) -> None:
        super().__init__()
        self.environment = environment
        self.engine = engine


class ReadingFailed(Message):
    """A periodic read failed."""

    def __init__(self, problem: Problem) -> None:
        super().__init__()
        self.problem = problem


class EngineReported(Message):
    """The embedded engine said how it is."""

    def __init__(self, status: EngineStatus) -> None:
        super().__init__()
        self.status = status


class LeavingAsked(Message):
    """The user wants to quit, while these backfills are not at their end."""

    def __init__(self, active: list[BackfillSummary]) -> None:
        super().__init__()
        self.active = active


class LeavingUnanswered(Message):
    """The user wants to quit, and what is running could not be read."""

    def __init__(self, problem: Problem) -> None:
        super().__init__()
        self.problem = problem


class DagsListed(Message):
    """The Dags were read, which took so many seconds."""

    def __init__(self, listing: Listing, seconds: float = 0.0) -> None:
        super().__init__()
        self.listing = listing
        self.seconds = seconds


class ParsingAsked(Message):
    """An Airflow that is not ours was asked to parse a Dag file before the others."""

    def __init__(self, file: DagFile) -> None:
        super().__init__()
        self.file = file


class DagsDetailed(Message):
    """Some Dags were read in detail; one that is gone is missing."""

    def __init__(self, dags: tuple[DagSummary, ...]) -> None:
        super().__init__()
        self.dags = dags


class PlanMade(Message):
    """A plan is there."""

    def __init__(self, plan: BackfillPlan) -> None:
        super().__init__()
        self.plan = plan


class PlanAdvanced(Message):
    """A plan that takes long is known so far; a later one makes an earlier one needless."""

    def __init__(self, plan: BackfillPlan) -> None:
        super().__init__()
        self.plan = plan

    def can_replace(self, message: Message) -> bool:
        """A screen that is slow takes the latest."""
        return isinstance(message, PlanAdvanced)


class PlanRefused(Message):
    """What was asked can not be planned."""

    def __init__(self, problem: Problem) -> None:
        super().__init__()
        self.problem = problem


class CreationAdvanced(Message):
    """A launch came further."""

    def __init__(self, progress: CreationProgress) -> None:
        super().__init__()
        self.progress = progress

    def can_replace(self, message: Message) -> bool:
        """A screen that is slow takes the latest."""
        return isinstance(message, CreationAdvanced)


class BackfillCreated(Message):
    """A launch is through: the backfill exists."""

    def __init__(self, launched: Launched) -> None:
        super().__init__()
        self.launched = launched


class CreationFailed(Message):
    """A launch failed or was cancelled; nothing of it is left."""

    def __init__(self, problem: Problem) -> None:
        super().__init__()
        self.problem = problem


class DagPauseChanged(Message):
    """A Dag was paused or unpaused."""

    def __init__(self, dag_id: DagId, *, is_paused: bool) -> None:
        super().__init__()
        self.dag_id = dag_id
        self.is_paused = is_paused


class BackfillFound(Message):
    """The backfill to watch for a Dag is known; None when it never had one."""

    def __init__(self, dag_id: DagId, backfill_id: BackfillId | None) -> None:
        super().__init__()
        self.dag_id = dag_id
        self.backfill_id = backfill_id
