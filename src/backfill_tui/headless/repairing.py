"""The command `rerun`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo

from backfill_tui.domain.dates import Side, parse_bound
from backfill_tui.domain.grid import GridStore
from backfill_tui.domain.ids import BackfillId, DagId
from backfill_tui.domain.instants import Instant, zone_named
from backfill_tui.domain.problems import BadRequest, NotThere, Unreachable
from backfill_tui.domain.progress import failed_rows
from backfill_tui.domain.repairing import RerunOutcome, RerunRequest, RerunScope
from backfill_tui.domain.text import one_line
from backfill_tui.domain.watching import BackfillFacts, Membership, RunRow
from backfill_tui.headless import encode
from backfill_tui.headless.following import Follower, Reading, show_end, tell_progress
from backfill_tui.headless.listing import range_words
from backfill_tui.headless.session import Session, counted, find_dag


@dataclass(frozen=True, slots=True, kw_only=True)
class RerunWish:
    """What was typed; without a backfill the Dag's newest is meant, without dates all failed ones."""

    dag_id: str
    backfill_id: int | None
    scope: RerunScope
    dates: tuple[str, ...]
    dry_run: bool
    yes: bool
    wait: bool


def rerun(session: Session, wish: RerunWish) -> int:
    """Say what would run again, ask, clear it; with `wait`, follow those runs to their end."""
    if not wish.dry_run:
        session.refuse_writes("A rerun")
    environment = session.open()
    facts, rows, now = _read(session, _choose(session, wish, environment.where))
    _refuse_another_dag(session, wish, facts)
    chosen = chosen_rows(facts, rows, wish.dates, now) if wish.dates else failed_rows(rows)
    request = RerunRequest(
        dag_id=facts.dag_id,
        run_ids=tuple(row.run_id for row in chosen if row.run_id is not None),
        scope=wish.scope,
    )
    preview = session.gateway.preview_rerun(request) if request.run_ids else _NOTHING
    _tell(session, facts, preview)
    if wish.dry_run or not preview.affected:
        if not preview.affected:
            _tell_nothing(session, wish, facts)
        _show(session, facts, wish, preview, done=False, outcome=None)
        return 0
    session.confirm(f"{_question(preview)}?", yes=wish.yes)
    session.start_engine()
    outcome = session.gateway.rerun(request)
    session.voice.say(f"Cleared {counted(len(outcome.affected), 'task instance')}")
    if not wish.wait:
        paused = facts.dag_id if facts.dag_is_paused else None
        session.voice.say(session.how_to_watch(facts.backfill_id, paused=paused))
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
    show_end(session, reading)
    return reading.exit_code


def _choose(session: Session, wish: RerunWish, where: str) -> BackfillId:
    if wish.backfill_id is not None:
        return BackfillId(wish.backfill_id)
    dag = one_line(wish.dag_id)
    summaries = session.gateway.backfills(DagId(wish.dag_id))
    if not summaries:
        find_dag(session.gateway.dags(), wish.dag_id, where)
        raise NotThere(
            f"{dag} has no backfill yet",
            remedy=f"launch one with {session.again('launch', wish.dag_id)} --from DATE --to DATE",
        )
    newest = summaries[0].facts
    session.voice.say(f"The newest backfill of {dag} is {newest.backfill_id}, {range_words(newest)}")
    return newest.backfill_id


def _refuse_another_dag(session: Session, wish: RerunWish, facts: BackfillFacts) -> None:
    if facts.dag_id == wish.dag_id:
        return
    number = facts.backfill_id
    raise BadRequest(
        f"Backfill {number} is of {one_line(facts.dag_id)}, not of {one_line(wish.dag_id)}",
        remedy=f"rerun it with {session.again('rerun', facts.dag_id, '--backfill', number)}",
    )


def _read(session: Session, backfill_id: BackfillId) -> tuple[BackfillFacts, list[RunRow], Instant]:
    """The backfill, its rows, and Airflow's clock."""
    store = GridStore()
    with session.gateway.watch(backfill_id) as updates:
        for update in updates:
            store.apply(update)
            if store.loaded:
                return update.facts, [row for row in store.rows if row is not None], update.read_at
    raise Unreachable(f"The bridge stopped telling about backfill {backfill_id}", remedy="try again")


def chosen_rows(
    facts: BackfillFacts, rows: list[RunRow], dates: tuple[str, ...], now: Instant | None = None
) -> list[RunRow]:
    """The rows of the given dates, in the order of execution; each date must have a run of the backfill.

    Texts that move with the clock, such as `yesterday`, need `now`. Raises BadRequest for a text that is no
    date, and NotThere that names all dates without a run.
    """
    zone = zone_named(facts.timezone)
    found: dict[int, RunRow] = {}
    unknown: list[str] = []
    without_run: list[str] = []
    for text in dates:
        matching = _matching(rows, text, zone, now)
        owned = [row for row in matching if row.membership is Membership.INCLUDED]
        found.update((row.ordinal, row) for row in owned)
        if not matching:
            unknown.append(f'"{one_line(text)}"')
        elif not owned:
            without_run.append(f'"{one_line(text)}", {matching[0].membership.words}')
    if unknown:
        raise NotThere(
            f"Backfill {facts.backfill_id} has no date {' and no '.join(unknown)}",
            remedy=f"a date is one of its logical dates, in {facts.timezone}, or the key of a partition",
        )
    if without_run:
        raise NotThere(
            f"Backfill {facts.backfill_id} has no run for {' and none for '.join(without_run)}",
            remedy="choose dates that it ran",
        )
    return [found[ordinal] for ordinal in sorted(found)]


def _matching(rows: list[RunRow], text: str, zone: tzinfo, now: Instant | None) -> list[RunRow]:
    dated = [(row.logical_date, row) for row in rows if row.logical_date is not None]
    # Of a partitioned Dag a run is named by its partition, and no text has to be a date.
    named = [row for row in rows if row.partition_key == text]
    if named or not dated:
        return named
    try:
        first, last = (parse_bound(text, side, zone, now=now) for side in (Side.FROM, Side.TO))
    except BadRequest as unreadable:
        why = f": {unreadable.__cause__}" if unreadable.__cause__ else ""
        raise BadRequest(f'"{one_line(text)}" is not a date{why}', remedy=unreadable.remedy) from unreadable
    return [row for date, row in dated if first <= date <= last]


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
    if facts.dag_is_paused:
        unpausing = session.how_to_unpause(facts.dag_id)
        session.voice.say(f"Warning: The Dag is paused, so no run will start: {unpausing}")
    for number in preview.unblocked:
        session.voice.say(f"Backfill {number} was cancelled, its pause is lifted so that cleared runs start")


def _tell_nothing(session: Session, wish: RerunWish, facts: BackfillFacts) -> None:
    session.voice.say(f"Nothing of backfill {facts.backfill_id} to run again")
    if wish.backfill_id is not None or wish.dates:
        return
    # Who named no backfill may well have meant an older one.
    for older in session.gateway.backfills(facts.dag_id)[1:]:
        if older.counts.failed:
            number = older.facts.backfill_id
            again = session.again("rerun", facts.dag_id, "--backfill", number)
            failed = counted(older.counts.failed, "failed date")
            session.voice.say(f"Backfill {number} has {failed}: rerun them with {again}")
            return


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
