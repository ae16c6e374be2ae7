"""What was typed for a plan or a launch, and the request that it means for a Dag."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import tzinfo

from backfill_tui.domain.dags import DagSummary
from backfill_tui.domain.dates import not_a_date
from backfill_tui.domain.instants import Instant, zone_named
from backfill_tui.domain.planning import BackfillRequest, ReprocessBehavior
from backfill_tui.domain.problems import BadRequest
from backfill_tui.domain.ranges import RangeContext, parse_bounds, parse_range
from backfill_tui.domain.spans import Side, Span
from backfill_tui.domain.text import one_line


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What was typed, the range still as text, because only the Dag gives it a meaning.

    It is one text, or two bounds, or neither where `holes` are wanted: then all of the Dag's dates are meant.
    `conf` is a literal, `@` with a file, or `-` for stdin.
    """

    dag_id: str
    range_text: str | None = None
    from_text: str | None = None
    to_text: str | None = None
    holes: bool = False
    reprocess_behavior: ReprocessBehavior = ReprocessBehavior.NONE
    run_backwards: bool = False
    max_active_runs: int
    conf: str = ""
    run_on_latest_version: bool = True


def request_of(wish: Wish, dag: DagSummary, now: Instant) -> BackfillRequest:
    """The request of a wish, by Airflow's clock; raises BadRequest for a range that can not be meant."""
    context = RangeContext(
        zone=dag_zone(dag.clock, dag.dag_id),
        now=now,
        start=dag.start_date,
        last_success=dag.last_success,
    )
    span = _span(wish, dag, context)
    return BackfillRequest(
        dag_id=dag.dag_id,
        from_date=span.first,
        to_date=span.last,
        reprocess_behavior=ReprocessBehavior.FAILED if wish.holes else wish.reprocess_behavior,
        max_active_runs=wish.max_active_runs,
        run_backwards=wish.run_backwards,
        conf=wish.conf,
        run_on_latest_version=wish.run_on_latest_version,
    )


def dag_zone(name: str, dag_id: str) -> tzinfo:
    """A timezone that a Dag names; BadRequest for one that this machine does not know."""
    try:
        return zone_named(name)
    except ValueError as unknown:
        raise BadRequest(
            f'The timezone "{one_line(name)}" of {one_line(dag_id)} is not known here',
            remedy="install the package tzdata",
        ) from unknown


def _span(wish: Wish, dag: DagSummary, context: RangeContext) -> Span:
    if wish.range_text is not None:
        return parse_range(wish.range_text, context)
    if wish.from_text is None or wish.to_text is None:
        return _whole_life(dag, context)
    if not wish.to_text.strip():
        # An empty second bound would make a whole range of the first one.
        raise not_a_date(wish.to_text, Side.TO)
    return parse_bounds(wish.from_text, wish.to_text, context)


def _whole_life(dag: DagSummary, context: RangeContext) -> Span:
    """From the Dag's start date until now, or until its end date: after that it has no dates to miss."""
    if dag.start_date is None:
        raise BadRequest(
            f"{one_line(dag.dag_id)} has no start date from which holes could be looked for",
            remedy="give a range with --range",
        )
    if context.now < dag.start_date:
        raise BadRequest(f"{one_line(dag.dag_id)} has not begun yet", remedy="give a range with --range")
    life = parse_range("since start", context)
    if dag.end_date is None or dag.end_date < life.first:
        return life
    return replace(life, last=min(life.last, dag.end_date))
