"""Following a backfill to its end."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Final

from backfill_tui.domain.causes import Cause, CauseCode
from backfill_tui.domain.grid import GridStore
from backfill_tui.domain.ids import BackfillId, RunId
from backfill_tui.domain.instants import Instant
from backfill_tui.domain.problems import Interrupted, Unreachable
from backfill_tui.domain.progress import (
    BackfillStatus,
    Standing,
    TaskProgress,
    count_runs,
    failed_rows,
    last_end,
    standing,
    with_causes,
    with_engine,
)
from backfill_tui.domain.throughput import Pace
from backfill_tui.domain.watching import (
    BackfillFacts,
    BackfillSummary,
    GridUpdate,
    RunCounts,
    RunRow,
)
from backfill_tui.forms import encode
from backfill_tui.headless.breaking import FailureStop
from backfill_tui.headless.progress import Counter, Progress
from backfill_tui.headless.reconnecting import lasting
from backfill_tui.headless.remedies import causes_in_commands, standing_in_commands
from backfill_tui.headless.session import Session
from backfill_tui.headless.telling import Telling

_ENGINE_SECONDS: Final = 1.0
_SAID_BY_STANDING: Final = frozenset(
    {CauseCode.MAX_ACTIVE_RUNS, CauseCode.NO_SCHEDULER, CauseCode.BACKFILL_CANCELLED}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A backfill as it was read at one time, and its failed rows.

    `stopped` says that whoever follows it has paused it, because too many of its runs had failed. Time alone
    makes no other reading, nor do its tasks and its pace, nor other words of the same `causes`, which say why
    something of it waits.
    """

    facts: BackfillFacts
    counts: RunCounts
    stands: Standing
    failed: tuple[RunRow, ...]
    read_at: Instant = field(compare=False)
    ended_at: Instant | None = None
    stopped: bool = False
    causes: tuple[Cause, ...] = field(default=(), compare=False)
    cause_codes: tuple[CauseCode, ...] = ()
    tasks: TaskProgress = field(default_factory=TaskProgress, compare=False)
    pace: Pace = field(default_factory=Pace, compare=False)

    @property
    def exit_code(self) -> int:
        """0 when all of it succeeded, 1 when it finished otherwise or has not finished."""
        return 0 if self.stands.status is BackfillStatus.DONE else 1

    @property
    def json(self) -> encode.JsonObject:
        """Its object."""
        summary = BackfillSummary(
            facts=self.facts, counts=self.counts, read_at=self.read_at, ended_at=self.ended_at
        )
        return {
            **encode.backfill(summary, self.stands),
            "stopped_after_failures": self.stopped,
            "causes": encode.causes(self.causes),
        }

    @property
    def progress(self) -> Progress:
        """How far it has come."""
        return Progress(
            title=f"Backfill {self.facts.backfill_id} of {self.facts.dag_id}",
            status=self.stands.status,
            said=self.stands.sentence,
            counts=self.counts,
            why=self._why,
            remedy=self.stands.remedy,
            tasks=self.tasks,
            pace=self.pace,
        )

    @property
    def sentence(self) -> str:
        """One line that says how it stands."""
        return self.progress.sentence

    @property
    def _why(self) -> str:
        """The main cause behind a sentence that does not say it itself."""
        moves = self.stands.status in {BackfillStatus.RUNNING, BackfillStatus.QUEUED}
        if not moves or not self.causes or self.causes[0].code in _SAID_BY_STANDING:
            return ""
        return self.causes[0].sentence


class Follower:
    """Follows one backfill; `latest` is the last reading, None before the first.

    With `run_ids` only these runs count: what else the backfill holds neither delays the end nor changes
    the outcome. `stop` pauses the backfill when too many of its runs have failed, and the following then ends
    with the last run that was running; it goes on where somebody resumes it before.
    """

    def __init__(
        self,
        session: Session,
        backfill_id: BackfillId,
        *,
        run_ids: frozenset[RunId] | None = None,
        stop: FailureStop | None = None,
    ) -> None:
        self._session = session
        self._backfill_id = backfill_id
        self._stop = stop
        self._store = GridStore()
        self._counter = Counter(self._store, run_ids)
        self._engine_asked_at = 0.0
        self._causes: tuple[Cause, ...] = ()
        self.latest: Reading | None = None

    def to_end(self, telling: Telling) -> Reading:
        """Read until nothing of it will run any more, and tell every reading.

        Raises Interrupted when the user stops the waiting, which stops nothing else, and Unreachable when
        the engine has given up.
        """
        watching = lasting(
            self._session, lambda: self._session.gateway.watch(self._backfill_id), self._begin_anew
        )
        try:
            with closing(watching) as updates:
                for update in updates:
                    reading = self._read(update)
                    if reading is None:
                        continue
                    differs, self.latest = reading != self.latest, reading
                    telling.tell(reading, differs=differs)
                    if reading.stands.status.finished or (self._stop and self._stop.is_over(reading.counts)):
                        return reading
        except KeyboardInterrupt:
            raise Interrupted(
                f"No longer waiting for backfill {self._backfill_id}",
                remedy=self._session.how_to_watch(self._backfill_id),
            ) from None
        finally:
            self._session.voice.settle()
        raise Unreachable(
            f"The bridge stopped telling about backfill {self._backfill_id}",
            remedy=f"run {self._session.again('watch', self._backfill_id)} again",
        )

    def _begin_anew(self) -> None:
        self._store, self._causes = GridStore(), ()
        self._counter = self._counter.of(self._store)

    def _read(self, update: GridUpdate) -> Reading | None:
        self._store.apply(update)
        self._causes = self._causes if update.causes is None else update.causes
        if not self._store.loaded:
            return None
        rows = self._counter.rows
        counts = count_runs(rows)
        if self._stop is not None:
            self._stop.look(update.facts, counts)
        stands = with_causes(standing(update.facts, counts, update.read_at), self._causes)
        stands = standing_in_commands(self._with_engine(stands), update.facts, self._session)
        causes = () if stands.status.finished else self._in_commands(stands, update.facts)
        # The heartbeat moves with every reading and is no news; what follows from it is in the standing.
        facts = replace(update.facts, scheduler_heartbeat=None)
        moves = stands.status is BackfillStatus.RUNNING and (
            facts.completed_at is None or counts.rerunning > 0
        )
        return Reading(
            facts=facts, counts=counts, stands=stands, failed=tuple(failed_rows(rows)),
            read_at=update.read_at, ended_at=last_end(rows, counts),
            stopped=self._stop is not None and self._stop.stopped,
            causes=causes, cause_codes=tuple(dict.fromkeys(cause.code for cause in causes)),
            tasks=self._counter.tasks(), pace=self._counter.pace(rows, counts, update.read_at, moves=moves),
        )  # fmt: skip

    def _in_commands(self, stands: Standing, facts: BackfillFacts) -> tuple[Cause, ...]:
        """The causes with their remedies as one would type them."""
        causes = self._causes
        if causes and causes[0].code is CauseCode.NO_SCHEDULER:
            # The engine knows more of a scheduler that is not there.
            causes = (replace(causes[0], sentence=stands.sentence, remedy=stands.remedy), *causes[1:])
        return causes_in_commands(causes, facts, self._session)

    def _with_engine(self, stands: Standing) -> Standing:
        """The standing, told apart: an engine that is coming up is no missing scheduler."""
        engine = self._session.engine
        if stands.status is not BackfillStatus.BLOCKED or engine is None or self._session.read_only:
            return stands
        before = self.latest.stands if self.latest is not None else stands
        if time.monotonic() - self._engine_asked_at < _ENGINE_SECONDS:
            return before if before.status is BackfillStatus.QUEUED else stands
        self._engine_asked_at = time.monotonic()
        status = engine.status()
        if status.problem:
            raise Unreachable(
                status.problem, remedy=f"look into its logs with {self._session.again('engine', 'logs')}"
            )
        return with_engine(stands, status)
