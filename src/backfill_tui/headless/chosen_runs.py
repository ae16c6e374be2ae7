"""The runs that a command is about: of a backfill of a Dag, its failed dates or some that were named."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo

from backfill_tui.domain.dag_range import GridFacts, RangeFacts, Watchable, range_words
from backfill_tui.domain.dates import Side, parse_bound
from backfill_tui.domain.ids import BackfillId, DagId
from backfill_tui.domain.instants import Instant, zone_named
from backfill_tui.domain.problems import BadRequest, NotThere
from backfill_tui.domain.progress import failed_rows
from backfill_tui.domain.text import one_line
from backfill_tui.domain.watching import BackfillFacts, Membership, RunRow
from backfill_tui.headless.ranges import RangeWish, dates_of, named
from backfill_tui.headless.readings import read_rows
from backfill_tui.headless.session import Session, dag_named


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What was typed; without a backfill the Dag's newest is meant, without dates all failed ones.

    With `within` it is no backfill, but whatever has a date of that range.

    `again` are the words of the command that would choose otherwise: `("rerun",)`, `("mark", "failed")`.
    """

    dag_id: str
    backfill_id: int | None = None
    dates: tuple[str, ...] = ()
    within: RangeWish | None = None
    again: tuple[str, ...] = ("rerun",)


def chosen_runs(session: Session, choice: Choice, where: str) -> tuple[GridFacts, list[RunRow]]:
    """The backfill or the range, and those of its rows that are meant.

    Raises NotThere for a Dag, a backfill or a date that does not exist, BadRequest for what contradicts.
    """
    facts, rows, now = read_chosen(session, choice, meant(session, choice, where))
    return facts, chosen_rows(facts, rows, choice.dates, now) if choice.dates else failed_rows(rows)


def meant(session: Session, choice: Choice, where: str) -> Watchable:
    """The backfill or the range that is meant, of which the newest and now are those of this moment."""
    if choice.within is not None:
        return dates_of(session, choice.within, where)
    return _choose(session, choice, where)


def read_chosen(
    session: Session, choice: Choice, about: Watchable
) -> tuple[GridFacts, list[RunRow], Instant]:
    """What `meant` has found, all its rows, and Airflow's clock."""
    facts, rows, now = read_rows(session, about)
    check_dag(session, choice, facts)
    return facts, rows, now


def check_dag(session: Session, choice: Choice, facts: GridFacts) -> None:
    """Raise BadRequest for a backfill that is of another Dag than the one that was named."""
    if isinstance(facts, BackfillFacts) and facts.dag_id != choice.dag_id:
        number = facts.backfill_id
        raise BadRequest(
            f"Backfill {number} is of {one_line(facts.dag_id)}, not of {one_line(choice.dag_id)}",
            remedy=f"{choice.again[0]} it with "
            f"{session.again(*choice.again, facts.dag_id, '--backfill', number)}",
        )


def _choose(session: Session, choice: Choice, where: str) -> BackfillId:
    if choice.backfill_id is not None:
        return BackfillId(choice.backfill_id)
    dag = one_line(choice.dag_id)
    summaries = session.gateway.backfills(DagId(choice.dag_id))
    if not summaries:
        dag_named(session, choice.dag_id, where)
        raise NotThere(
            f"{dag} has no backfill yet",
            remedy=f"launch one with {session.again('launch', choice.dag_id)} --from DATE --to DATE",
        )
    newest = summaries[0].facts
    session.voice.say(f"The newest backfill of {dag} is {newest.backfill_id}, {range_words(newest)}")
    return newest.backfill_id


def chosen_rows(
    facts: GridFacts, rows: list[RunRow], dates: tuple[str, ...], now: Instant | None = None
) -> list[RunRow]:
    """The rows of the given dates, in the order of execution; each date must have a run of it.

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
            f"{_subject(facts)} has no date {' and no '.join(unknown)}",
            remedy=f"a date is one of its logical dates, in {facts.timezone}, or the key of a partition",
        )
    if without_run:
        raise NotThere(
            f"{_subject(facts)} has no run for {' and none for '.join(without_run)}",
            remedy="choose dates that it ran",
        )
    return [found[ordinal] for ordinal in sorted(found)]


def _subject(facts: GridFacts) -> str:
    return named(facts) if isinstance(facts, RangeFacts) else f"Backfill {facts.backfill_id}"


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
