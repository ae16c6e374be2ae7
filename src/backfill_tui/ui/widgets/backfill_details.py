"""The backfill under the cursor in a few lines: where it stands and what to do, and what it was asked for."""

from __future__ import annotations

from collections.abc import Iterator

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from backfill_tui.domain.dates import Span
from backfill_tui.domain.instants import minute, zone_named
from backfill_tui.domain.ranges import describe
from backfill_tui.domain.text import one_line
from backfill_tui.ui.glyphs import STATUS_MARKS
from backfill_tui.ui.listing import BackfillRow, standing_of, took_words
from backfill_tui.ui.text import count, fit, in_words


class BackfillDetails(Widget):
    """Draws one `BackfillRow`; every text from outside is plain."""

    DEFAULT_CSS = """
    BackfillDetails {
        height: 8; padding: 0 2; border-top: solid $hairline; color: $foreground; background: $background;
        text-wrap: nowrap;
    }
    """

    row: reactive[BackfillRow | None] = reactive[BackfillRow | None](None)

    def render(self) -> Content:
        """Its lines."""
        if self.row is None:
            return Content("")
        width = self.content_size.width
        lines = [line.truncate(width, ellipsis=True) for line in _lines(self.row, width)]
        return Content("\n").join(lines)


def _lines(row: BackfillRow, width: int) -> Iterator[Content]:
    facts, stands = row.summary.facts, standing_of(row.summary)
    mark = STATUS_MARKS[stands.status]
    name = Content.styled(one_line(facts.dag_id), "bold")
    yield Content.assemble(name, (f"   backfill {facts.backfill_id}", "$muted"))
    status = Content.styled(f"{mark.sign} {mark.word}", f"bold ${mark.variable}")
    remedy = (f"  ({stands.remedy})", "$muted") if stands.remedy else ""
    yield Content.assemble(status, f"  {stands.sentence}", remedy)
    if row.rivals:
        # Airflow means there to be one, and refuses a second that is asked for later than the first.
        numbers = in_words([str(number) for number in row.rivals])
        yield Content.styled(f"! {len(row.rivals)} active of this Dag: {numbers}", "$warning")
    zone = zone_named(facts.timezone)
    words = describe(Span(facts.from_date, facts.to_date), zone, facts.timezone)
    yield Content.assemble(words.local, (f"  {words.timezone}   {words.length}", "$muted"))
    at_once = f"at most {count(facts.max_active_runs, 'run')} at a time"
    yield Content.styled(
        f"{facts.reprocess_behavior.label}, {at_once}{_limit(facts.stop_after_failures)}", "$muted"
    )
    by = f" by {one_line(facts.triggering_user)}" if facts.triggering_user else ""
    took = took_words(row.summary)
    created = f"Created {minute(facts.created_at, zone)[:16]}{by}"
    lasted = f"took {took}" if row.ended else f"{took} so far"
    yield Content.styled(f"{created}   {lasted if took else ''}", "$muted")
    if facts.note:
        yield Content.styled(fit(f"Note: {facts.note}", width), "$muted")


def _limit(limit: int | None) -> str:
    return "" if limit is None else f", stops after {count(limit, 'failure')}"
