"""The dates of a Dag in a range, as a command names them: `sales --from 2024-01 --to 2024-02`."""

from __future__ import annotations

from dataclasses import dataclass

from backfill_tui.domain.dag_range import DagRange, GridFacts, RangeFacts, range_words
from backfill_tui.domain.dates import Side, parse_bound
from backfill_tui.domain.instants import zone_named
from backfill_tui.domain.problems import BadRequest
from backfill_tui.domain.text import one_line
from backfill_tui.headless.session import Session, dag_named


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeWish:
    """What was typed: a Dag, the first and the last date; without the last, until now."""

    dag_id: str
    from_text: str
    to_text: str | None = None

    @property
    def words(self) -> tuple[str, ...]:
        """The same as one would type it again."""
        last = () if self.to_text is None else ("--to", self.to_text)
        return (self.dag_id, "--from", self.from_text, *last)


def dates_of(session: Session, wish: RangeWish, where: str) -> DagRange:
    """The range on the Dag's clock; raises NotThere for an unknown Dag, BadRequest for what is no range."""
    dag, now = dag_named(session, wish.dag_id, where)
    zone = zone_named(dag.clock)
    first = parse_bound(wish.from_text, Side.FROM, zone, now=now)
    last = now if wish.to_text is None else parse_bound(wish.to_text, Side.TO, zone, now=now)
    if first > last:
        raise BadRequest("The range ends before it begins", remedy="swap --from and --to")
    return DagRange(dag_id=dag.dag_id, from_date=first, to_date=last)


def named(facts: GridFacts) -> str:
    """What a sentence calls it: `backfill 7 of sales`, `sales 2024-01-01..2024-01-31`."""
    dag = one_line(facts.dag_id)
    if isinstance(facts, RangeFacts):
        return f"{dag} {range_words(facts)}"
    return f"backfill {facts.backfill_id} of {dag}"
