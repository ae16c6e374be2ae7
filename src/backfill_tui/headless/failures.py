"""The command `failures`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import tzinfo
from typing import Final

from backfill_tui.domain.dag_range import DagRange, Watchable
from backfill_tui.domain.failures import (
    Failure,
    FailureGroup,
    FailureKind,
    FailuresFound,
    FailuresQuery,
    grouped,
)
from backfill_tui.domain.ids import BackfillId, DagId
from backfill_tui.domain.instants import minute, zone_named
from backfill_tui.domain.numbers import counted
from backfill_tui.domain.problems import BadRequest, NotThere
from backfill_tui.domain.text import one_line
from backfill_tui.forms import encode_failures
from backfill_tui.headless.ranges import RangeWish, dates_of
from backfill_tui.headless.session import Session, dag_named
from backfill_tui.headless.tables import Cell, Column, Table, Tone

_MIDNIGHT: Final = " 00:00"


@dataclass(frozen=True, slots=True, kw_only=True)
class FailuresWish:
    """What was typed; without a backfill the newest is meant, of the Dag if one is named.

    With `within` it is no backfill, but whatever has a date of that range.
    """

    dag_id: str | None
    backfill_id: int | None
    within: RangeWish | None = None


def failures(session: Session, wish: FailuresWish) -> int:
    """Read the ends of the logs of what failed, and show the failures in groups."""
    environment = session.open()
    about = _meant(session, wish, environment.where)
    backfill_id = None if isinstance(about, DagRange) else about
    found: list[Failure] = []

    def more(part: FailuresFound) -> None:
        found.extend(part.failures)
        session.voice.activity("Reading the ends of logs", part.done, part.total, key="logs")

    try:
        read = session.gateway.failures(FailuresQuery(about=about), more)
    finally:
        session.voice.settle()
    if backfill_id is not None and wish.dag_id is not None and read.dag_id != wish.dag_id:
        raise BadRequest(
            f"Backfill {backfill_id} is of {one_line(read.dag_id)}, not of {one_line(wish.dag_id)}",
            remedy=f"list its failures with {session.again('failures', '--backfill', backfill_id)}",
        )
    groups = grouped(found)
    if session.as_json:
        session.paper.json(
            {
                "backfill_id": backfill_id,
                "dag_id": read.dag_id,
                "timezone": read.timezone,
                "total": read.total,
                "groups": [encode_failures.group(one) for one in groups],
            }
        )
        return 0
    if not groups:
        of = "on these dates" if backfill_id is None else f"in backfill {backfill_id}"
        session.voice.say(f"Nothing has failed {of} of {one_line(read.dag_id)}")
        return 0
    zone = zone_named(read.timezone)
    session.paper.table(Table(columns=_COLUMNS, rows=[_row(group, zone) for group in groups]))
    session.voice.say(
        f"{counted(len(found), 'failure')} in {counted(len(groups), 'group')}: rerun the dates of one with "
        f"{session.again('rerun', read.dag_id, *_words(wish, about))} --date DATE"
    )
    return 0


_COLUMNS: Final = (
    Column(heading="Dates", number=True),
    Column(heading="Failed", number=True),
    Column(heading="Task"),
    Column(heading="First"),
    Column(heading="Last"),
    Column(heading="Error", folds=True, least=24),
)


def _meant(session: Session, wish: FailuresWish, where: str) -> Watchable:
    return _choose(session, wish, where) if wish.within is None else dates_of(session, wish.within, where)


def _words(wish: FailuresWish, about: Watchable) -> tuple[str, ...]:
    """The options that mean the same to another command."""
    return ("--backfill", str(about)) if wish.within is None else wish.within.words[1:]


def _choose(session: Session, wish: FailuresWish, where: str) -> BackfillId:
    if wish.backfill_id is not None:
        return BackfillId(wish.backfill_id)
    summaries = session.gateway.backfills(None if wish.dag_id is None else DagId(wish.dag_id))
    if not summaries:
        if wish.dag_id is not None:
            dag_named(session, wish.dag_id, where)
        whose = "There is" if wish.dag_id is None else f"{one_line(wish.dag_id)} has"
        launch = session.again("launch", wish.dag_id or "DAG_ID")
        raise NotThere(f"{whose} no backfill yet", remedy=f"launch one with {launch} --from DATE --to DATE")
    newest = summaries[0].facts
    session.voice.say(f"The newest backfill of {one_line(newest.dag_id)} is {newest.backfill_id}")
    return newest.backfill_id


def _row(group: FailureGroup, zone: tzinfo) -> tuple[Cell, ...]:
    first, last = _span([group.failures[0], group.failures[-1]], zone)
    return (
        Cell(f"{len(group.ordinals):,}"),
        Cell(f"{len(group.failures):,}", Tone.FAINT),
        Cell(group.task_id or "-"),
        Cell(first),
        Cell(last),
        Cell(group.words, Tone.BAD if group.kind is FailureKind.ERROR else Tone.FAINT),
    )


def _span(ends: Iterable[Failure], zone: tzinfo) -> list[str]:
    """Their dates: as days where all of them begin one."""
    words = [
        (one.partition_key or "") if (date := one.logical_date) is None else minute(date, zone)
        for one in ends
    ]
    days = all(word.endswith(_MIDNIGHT) for word in words)
    return [word.removesuffix(_MIDNIGHT) if days else word for word in words]
