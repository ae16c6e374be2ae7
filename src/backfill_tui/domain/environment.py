"""Which Airflow the program is on, and how it is doing."""

from __future__ import annotations

from dataclasses import dataclass

from backfill_tui.domain.enums import StrEnum
from backfill_tui.domain.instants import SECOND, Instant

STALE_HEARTBEAT_SECONDS = 30
"""After this long without a heartbeat a scheduler counts as gone (Airflow's own
`[scheduler] scheduler_health_check_threshold` default)."""


class Mode(StrEnum):
    """Whose Airflow it is."""

    EMBEDDED = "embedded"
    ATTACHED = "attached"


@dataclass(frozen=True, slots=True, kw_only=True)
class Beats:
    """The processes of one kind that have not ended: the latest heartbeat of any, and how many are alive.

    Alive is one whose heartbeat is younger than Airflow's own threshold for its kind.
    """

    latest: Instant | None = None
    alive: int = 0

    def age_seconds(self, now: Instant) -> float | None:
        """Seconds since the latest heartbeat, None when none was ever seen."""
        return None if self.latest is None else max(0.0, (now - self.latest) / SECOND)


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """What the line at the top of every screen says.

    `scheduler_heartbeat` is the latest one of any running scheduler, and `schedulers` are alive; `triggerers`
    and `dag_processors` are the others that write heartbeats. `read_at` is the same database's clock
    at the moment of reading; `version` and `database` are words to show (`3.3.2`, `sqlite`).
    `waits_for_triggerer` says that some task is deferred while no triggerer is alive, so that it stays so.
    `read_only_because` is a sentence where nothing but reading is possible whatever the user wishes.
    `changes` is another number once anybody may have written to the database, None where that is not known.
    """

    mode: Mode
    where: str
    version: str
    executor: str
    database: str
    read_only: bool
    scheduler_heartbeat: Instant | None
    read_at: Instant
    schedulers: int = 0
    triggerers: Beats = Beats()
    dag_processors: Beats = Beats()
    waits_for_triggerer: bool = False
    read_only_because: str = ""
    changes: int | None = None

    @property
    def words(self) -> str:
        """Which Airflow it is: `3.3.2, LocalExecutor, sqlite`."""
        return f"{self.version}, {self.executor}, {self.database}"

    @property
    def heartbeat_age_seconds(self) -> float | None:
        """Seconds since the last heartbeat of a scheduler, None when none was ever seen."""
        if self.scheduler_heartbeat is None:
            return None
        return max(0.0, (self.read_at - self.scheduler_heartbeat) / SECOND)

    @property
    def scheduler_alive(self) -> bool:
        """Whether runs that are queued now will be picked up."""
        age = self.heartbeat_age_seconds
        return age is not None and age < STALE_HEARTBEAT_SECONDS


class StartupPhase(StrEnum):
    """What the bridge does between its start and its first answer, in this order."""

    STARTING = "starting"
    IMPORTING = "importing"
    CREATING_DATABASE = "creating_database"
    CHECKING_DATABASE = "checking_database"
    PARSING = "parsing"
    READY = "ready"


@dataclass(frozen=True, slots=True, kw_only=True)
class StartupStep:
    """One step of coming up: `sentence` says it, `done` of `total` counts what can be counted."""

    phase: StartupPhase
    sentence: str
    done: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineStatus:
    """How the embedded engine is: `running` is its process, `ready` its scheduler's fresh heartbeat.

    `problem` is set when it gave up or can not start; `pid` is None when it does not run.
    """

    running: bool
    ready: bool
    pid: int | None = None
    sentence: str = ""
    problem: str = ""
    log_path: str = ""
