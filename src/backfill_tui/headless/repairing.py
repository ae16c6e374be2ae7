"""The command `rerun`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo

from backfill_tui.domain.dates import Side, parse_bound
from backfill_tui.domain.grid import GridStore
from backfill_tui.domain.ids import BackfillId
from backfill_tui.domain.instants import zone_named
from backfill_tui.domain.problems import NotThere, Unreachable
from backfill_tui.domain.progress import failed_rows
from backfill_tui.domain.repairing import RerunOutcome, RerunRequest, RerunScope
from backfill_tui.domain.text import one_line
from backfill_tui.domain.watching import BackfillFacts, Membership, RunRow
from backfill_tui.headless import encode
from backfill_tui.headless.following import Follower, Reading, show_end, tell_progress
from backfill_tui.headless.session import Session, counted


@dataclass(frozen=True, slots=True, kw_only=True)
class RerunWish:
    """What was typed; without dates all failed ones are meant."""

    backfill_id: int
    scope: RerunScope
    dates: tuple[str, ...]
    dry_run: bool
    yes: bool
    wait: bool


def rerun(session: Session, wish: RerunWish) -> int:
    """Say what would run again, ask, clear it; with `wait`, follow those runs to their end."""
    if not wish.dry_run:
        session.refuse_writes("A rerun")
    session.open()
    facts, rows = _read(session, BackfillId(wish.backfill_id))
    chosen = chosen_rows(facts, rows, wish.dates) if wish.dates else failed_rows(rows)
    request = RerunRequest(
        dag_id=facts.dag_id,
        run_ids=tuple(row.run_id for row in chosen if row.run_id is not None),
        scope=wish.scope,
    )
    preview = session.gateway.preview_rerun(request) if request.run_ids else _NOTHING
    _tell(session, facts, preview)
    if wish.dry_run or not preview.affected:
        if not preview.affected:
            session.voice.say(f"Nothing of backfill {facts.backfill_id} to run again")
        _show(session, facts, wish, preview, done=False, outcome=None)
        return 0
    session.confirm(f"{_question(preview)}?", yes=wish.yes)
    session.start_engine()
    outcome = session.gateway.rerun(request)
    session.voice.say(f"Cleared {counted(len(outcome.affected), 'task instance')}")
    if not wish.wait:
        session.voice.say(session.how_to_watch(facts.backfill_id))
        _show(session, facts, wish, outcome, done=True, outcome=None)
        return 0
    return _wait(session, facts, wish, outcome)


_NOTHING = RerunOutcome(affected=(), untouched=0)


def _wait(session: Session, facts: BackfillFacts, wish: RerunWish, outcome: RerunOutcome) -> int:
    follower = Follower(session, facts.backfill_id, run_ids=frozenset(outcome.run_ids))
    try:
        reading = follower.to_end(tell_progress(session))
    finally:
        _show(session, facts, wish, outcome, done=True, outcome=follower.latest)
    if not session.as_json:
        show_end(session, reading)
    return reading.exit_code


def _read(session: Session, backfill_id: BackfillId) -> tuple[BackfillFacts, list[RunRow]]:
    store = GridStore()
    with session.gateway.watch(backfill_id) as updates:
        for update in updates:
            store.apply(update)
            if store.loaded:
                return update.facts, [row for row in store.rows if row is not None]
    raise Unreachable(f"The bridge stopped telling about backfill {backfill_id}", remedy="try again")


def chosen_rows(facts: BackfillFacts, rows: list[RunRow], dates: tuple[str, ...]) -> list[RunRow]:
    """The rows of the given dates, in the order of execution; each date must be one of the backfill."""
    zone = zone_named(facts.timezone)
    found: dict[int, RunRow] = {}
    for text in dates:
        # Of a partitioned Dag a run is named by its partition.
        matching = [row for row in rows if row.partition_key == text] or _on_date(rows, text, zone)
        if not matching:
            raise NotThere(
                f'Backfill {facts.backfill_id} has no date "{one_line(text)}"',
                remedy=f"a date is one of its logical dates, in {facts.timezone}",
            )
        owned = [row for row in matching if row.membership is Membership.INCLUDED]
        if not owned:
            why = matching[0].membership.words
            raise NotThere(
                f'Backfill {facts.backfill_id} has no run for "{one_line(text)}", {why}',
                remedy="choose a date that it ran",
            )
        found.update((row.ordinal, row) for row in owned)
    return [found[ordinal] for ordinal in sorted(found)]


def _on_date(rows: list[RunRow], text: str, zone: tzinfo) -> list[RunRow]:
    first, last = parse_bound(text, Side.FROM, zone), parse_bound(text, Side.TO, zone)
    return [row for row in rows if row.logical_date is not None and first <= row.logical_date <= last]


def _tell(session: Session, facts: BackfillFacts, preview: RerunOutcome) -> None:
    if not preview.affected and not preview.left_alone:
        return
    runs, tasks = counted(len(preview.run_ids), "run"), counted(len(preview.affected), "task instance")
    good = preview.overwritten_successes
    had = f", {good:,} of them had succeeded" if good else ""
    session.voice.say(
        f"Backfill {facts.backfill_id} of {one_line(facts.dag_id)}: "
        f"{tasks} in {runs} run again{had}, {preview.untouched:,} stay as they are"
    )
    for left in preview.left_alone:
        session.voice.say(one_line(f"{left.run_id} is left alone: {left.reason}"))
    for number in preview.unblocked:
        session.voice.say(f"Backfill {number} was cancelled, its pause is lifted so that cleared runs start")


def _question(preview: RerunOutcome) -> str:
    tasks = counted(len(preview.affected), "task instance")
    return f"Run {tasks} in {counted(len(preview.run_ids), 'run')} again"


def _show(
    session: Session,
    facts: BackfillFacts,
    wish: RerunWish,
    touched: RerunOutcome,
    *,
    done: bool,
    outcome: Reading | None,
) -> None:
    if not session.as_json:
        return
    session.paper.json(
        {
            "backfill_id": facts.backfill_id,
            "dag_id": facts.dag_id,
            "scope": str(wish.scope),
            "cleared": done,
            **encode.rerun(touched),
            "outcome": None if outcome is None else outcome.json,
        }
    )
