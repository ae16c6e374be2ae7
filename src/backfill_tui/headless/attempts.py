"""`rerun --max-attempts`: reruns what failed until nothing fails any more, each run so many times at most.

The attempts of a run are counted from the journal, so that the command can be stopped and started again, and
one at a time is at work on a Dag.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from time import sleep

from backfill_tui.domain.dag_range import GridFacts, Watchable
from backfill_tui.domain.ids import DagId, RunId
from backfill_tui.domain.instants import SECOND, Instant
from backfill_tui.domain.journal import JournalEntry, JournalQuery, Phase, whole_entries
from backfill_tui.domain.numbers import agreed, counted
from backfill_tui.domain.problems import Interrupted, Refused
from backfill_tui.domain.progress import failed_rows, is_held_by_cancel
from backfill_tui.domain.repairing import RerunRequest
from backfill_tui.domain.states import RunState
from backfill_tui.domain.text import one_line
from backfill_tui.domain.watching import BackfillFacts, RunRow
from backfill_tui.forms import encode
from backfill_tui.headless.chosen_following import follower_of, words_to_rerun
from backfill_tui.headless.chosen_runs import chosen_rows, meant, read_chosen
from backfill_tui.headless.ranges import named
from backfill_tui.headless.repairing import RerunWish, clear, exit_code_of, request_of
from backfill_tui.headless.rerun_talk import question, tell_outcome, tell_preview
from backfill_tui.headless.session import Session
from backfill_tui.headless.telling import AnyReading, Telling, show_end


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempts:
    """How many times a run is rerun at most, and how long it rests after a failure."""

    most: int
    rest_seconds: int


def rerun_until_green(session: Session, wish: RerunWish, attempts: Attempts) -> int:
    """Rerun what failed, wait, and rerun what failed again; 0 once nothing has failed, 1 when it still has.

    Of a range the bounds are those of the beginning. Raises Refused while another such command is at work on
    the Dag, and for a Dag or a backfill that is paused.
    """
    session.refuse_writes("A rerun")
    # With its bridge goes what holds the Dag for it; the same command goes on where it was.
    session.reconnect = None
    with session.gateway.hold_attempts(DagId(wish.choice.dag_id)):
        environment = session.open()
        return _Campaign(session, wish, attempts, meant(session, wish.choice, environment.where)).run()


def attempts_in(entries: Iterable[JournalEntry]) -> Counter[RunId]:
    """How often each run was rerun by such a command, also by one that died in the middle."""
    runs: dict[str, tuple[RunId, ...]] = {}
    for entry in entries:
        if entry.phase is Phase.BEGUN:
            runs[entry.number] = tuple(run.run_id for run in entry.runs)
        elif entry.phase is Phase.UNDONE:
            runs.pop(entry.number, None)
    return Counter(run_id for run_ids in runs.values() for run_id in run_ids)


class _Campaign:
    """Attempt after attempt, until there is nothing left to do."""

    def __init__(self, session: Session, wish: RerunWish, attempts: Attempts, about: Watchable) -> None:
        self._session = session
        self._wish = wish
        self._attempts = attempts
        self._about = about
        self._before = self._in_journal()
        self._here: Counter[RunId] = Counter()
        self._left: set[tuple[RunId, Instant | None]] = set()
        self._told: list[encode.JsonObject] = []
        self._agreed = False
        self._latest: AnyReading | None = None

    def run(self) -> int:
        """The exit code."""
        while True:
            facts, rows, now = self._read()
            spent = self._spent()
            moving = [row for row in rows if _comes_to_an_end(facts, row)]
            # Those of an attempt that was left alone: by this command, when it was stopped.
            under_way = [row for row in moving if spent[_run_id(row)]]
            due = [] if under_way else [row for row in rows if self._is_due(row, spent)]
            if due:
                attempt = 1 + max(spent[_run_id(row)] for row in due)
                if self._rested(due, spent, now, attempt):
                    continue
                code = self._attempt(facts, due, attempt)
                if code is not None:
                    return code
            elif moving:
                # What has not ended may still fail, also where nobody has rerun it yet.
                self._follow(facts, map(_run_id, under_way or moving))
            else:
                return self._end(facts, rows)

    def _read(self) -> tuple[GridFacts, list[RunRow], Instant]:
        choice = self._wish.choice
        facts, rows, now = read_chosen(self._session, choice, self._about)
        self._refuse_paused(facts)
        return facts, chosen_rows(facts, rows, choice.dates, now) if choice.dates else rows, now

    def _refuse_paused(self, facts: GridFacts) -> None:
        never = "is paused, so no attempt would come to an end"
        if facts.dag_is_paused:
            remedy = self._session.how_to_unpause(facts.dag_id)
            raise Refused(f"{one_line(facts.dag_id)} {never}", remedy=remedy)
        # The pause of one that was cancelled is lifted when a run of it is cleared.
        if isinstance(facts, BackfillFacts) and facts.is_paused and not is_held_by_cancel(facts):
            remedy = self._session.how_to_resume(facts.backfill_id)
            raise Refused(f"Backfill {facts.backfill_id} {never}", remedy=remedy)

    def _is_due(self, row: RunRow, spent: Counter[RunId]) -> bool:
        """Whether it failed and has an attempt left; what could not be rerun is once it has run otherwise."""
        return row.failed and spent[_run_id(row)] < self._attempts.most and _as_it_is(row) not in self._left

    def _spent(self) -> Counter[RunId]:
        """From the journal, and where that could not be written from what was done here."""
        return self._in_journal() | (self._before + self._here)

    def _in_journal(self) -> Counter[RunId]:
        query = JournalQuery(dag_id=DagId(self._wish.choice.dag_id), attempts_only=True)
        with self._session.gateway.journal(query) as parts:
            return attempts_in(whole_entries(parts))

    def _rested(self, due: list[RunRow], spent: Counter[RunId], now: Instant, attempt: int) -> bool:
        """Wait until those that failed after an attempt have rested; whether there was anything to wait."""
        ends = [row.ended_at for row in due if spent[_run_id(row)] and row.ended_at is not None]
        left = (max(ends) - now) / SECOND + self._attempts.rest_seconds if ends else 0
        if left <= 0:
            return False
        words = f"{counted(len(due), 'run')} failed, attempt {attempt} of {self._attempts.most}"
        self._session.voice.countdown(f"{words} in", left)
        try:
            sleep(left)
        except KeyboardInterrupt:
            raise Interrupted(
                f"Stopped before attempt {attempt} of {self._attempts.most}",
                remedy="the same command goes on with it",
            ) from None
        finally:
            self._session.voice.settle()
        return True

    def _attempt(self, facts: GridFacts, due: list[RunRow], attempt: int) -> int | None:
        """Rerun those runs and follow them; the exit code where that is the end."""
        session, most = self._session, self._attempts.most
        base = RerunRequest(dag_id=facts.dag_id, run_ids=tuple(map(_run_id, due)), attempt=attempt)
        request = request_of(self._wish, facts, base)
        preview = session.gateway.preview_rerun(request)
        session.voice.say(f"Attempt {attempt} of {most}")
        tell_preview(session, facts, preview)
        if not preview.changes:
            self._left.update(map(_as_it_is, due))
            return None
        if not self._agreed:
            session.confirm(f"{question(preview)}, {counted(most, 'time')} at most?", yes=self._wish.yes)
            self._agreed = True
        session.start_engine()
        outcome = clear(session, request)
        self._here.update(outcome.run_ids)
        tell_outcome(session, outcome, is_followed=True)
        self._told.append({"attempt": attempt, **encode.rerun(outcome)})
        rest = [row for row in due if row.run_id not in set(outcome.run_ids)]
        if outcome.stopped:
            return self._show(facts, code=exit_code_of(outcome), failed=rest)
        self._left.update(map(_as_it_is, rest))
        if outcome.changes:
            self._follow(facts, outcome.run_ids)
        return None

    def _follow(self, facts: GridFacts, run_ids: Iterable[RunId]) -> None:
        # An engine that was stopped in the middle goes on with what it finds.
        self._session.start_engine()
        follower = follower_of(self._session, self._wish.choice, facts, run_ids)
        self._latest = follower.to_end(Telling(self._session))

    def _end(self, facts: GridFacts, rows: list[RunRow]) -> int:
        """Nothing is left to do: all is well, or what still fails has had its attempts."""
        if self._latest is not None:
            show_end(self._session, self._latest, *words_to_rerun(self._wish.choice, facts))
        spent, what, say = self._spent(), named(facts), self._session.voice.outcome
        failed, held = failed_rows(rows), [row for row in rows if _is_active(row)]
        done = [row for row in failed if spent[_run_id(row)] >= self._attempts.most]
        if done:
            most = counted(self._attempts.most, "attempt")
            say(f"{counted(len(done), 'run')} of {what} still failed after {most}: "
                "a larger --max-attempts allows more")  # fmt: skip
        if others := len(failed) - len(done):
            say(f"{counted(others, 'failed run')} of {what} {agreed(others, 'be')} left alone")
        if held:
            say(f"{counted(len(held), 'run')} of {what} {agreed(len(held), 'stay')} queued, because it was "
                "cancelled: rerun them by their dates")  # fmt: skip
        if not failed and not held:
            say(f"Nothing of {what} has failed any more")
        return self._show(facts, code=1 if failed or held else 0, failed=failed)

    def _show(self, facts: GridFacts, *, code: int, failed: Iterable[RunRow]) -> int:
        if self._session.as_json:
            spent = self._spent()
            self._session.paper.json(
                {
                    "backfill_id": facts.backfill_id if isinstance(facts, BackfillFacts) else None,
                    "dag_id": facts.dag_id,
                    "scope": str(self._wish.scope),
                    "max_attempts": self._attempts.most,
                    "every_seconds": self._attempts.rest_seconds,
                    "attempts": self._told,
                    "failed": [{"run_id": _run_id(row), "attempts": spent[_run_id(row)]} for row in failed],
                    "outcome": None if self._latest is None else self._latest.json,
                }
            )
        return code


def _run_id(row: RunRow) -> RunId:
    return row.run_id or RunId("")


def _is_active(row: RunRow) -> bool:
    return row.state is not None and not row.state.finished


def _comes_to_an_end(facts: GridFacts, row: RunRow) -> bool:
    """Whether it is active, and not queued for ever in a backfill that was cancelled."""
    return _is_active(row) and not (row.state is RunState.QUEUED and is_held_by_cancel(facts))


def _as_it_is(row: RunRow) -> tuple[RunId, Instant | None]:
    return _run_id(row), row.ended_at
