"""The backfill under the cursor in a few lines: where it stands and what to do, and what it was asked for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timezone
from typing import Final

from rich.cells import cell_len
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from backfill_tui.domain.dates import Span
from backfill_tui.domain.instants import minute, zone_named
from backfill_tui.domain.ranges import describe
from backfill_tui.domain.text import one_line
from backfill_tui.ui.glyphs import STATUS_MARKS
from backfill_tui.ui.listing import BackfillRow, standing_of, took_words
from backfill_tui.ui.text import count, fit, in_words, wrapped

_LEAST_NAME: Final = 12
_TO_THE_MINUTE: Final = len("2024-06-15 12:00")


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
    facts = row.summary.facts
    zone = zone_named(facts.timezone)
    made = f"   backfill {facts.backfill_id}   {_made(row)}"
    name = one_line(facts.dag_id)
    shown = fit(name, min(cell_len(name), max(_LEAST_NAME, width - cell_len(made))))
    yield Content.assemble((shown, "bold"), (made, "$muted"))
    yield from _standing(row, width)
    if row.rivals:
        numbers = in_words([str(number) for number in row.rivals])
        yield Content.styled(f"! {len(row.rivals)} active of this Dag: {numbers}", "$warning")
    words = describe(Span(facts.from_date, facts.to_date), zone, facts.timezone)
    yield Content.assemble(words.local, (f"  {words.timezone}   {words.length}", "$muted"))
    at_once = f"at most {count(facts.max_active_runs, 'run')} at a time"
    limit = _limit(facts.stop_after_failures)
    yield Content.styled(f"{facts.reprocess_behavior.label}, {at_once}{limit}", "$muted")
    if facts.note:
        yield Content.styled(fit(f"Note: {facts.note}", width), "$muted")


def _made(row: BackfillRow) -> str:
    """`created 2024-06-15 12:00 UTC by ci   took 1:09`."""
    facts = row.summary.facts
    by = f" by {one_line(facts.triggering_user)}" if facts.triggering_user else ""
    created = f"created {minute(facts.created_at, timezone.utc)[:_TO_THE_MINUTE]} UTC{by}"
    took = took_words(row.summary)
    if not took:
        return created
    return f"{created}   took {took}" if row.ended else f"{created}   {took} so far"


def _standing(row: BackfillRow, width: int) -> Iterator[Content]:
    """The status, the sentence that goes with it, and what to do, on two lines where one is too short."""
    stands = standing_of(row.summary)
    mark = STATUS_MARKS[stands.status]
    status = f"{mark.sign} {mark.word}  "
    said = f"{stands.sentence} ({stands.remedy})" if stands.remedy else stands.sentence
    first, *others = wrapped(said, width - cell_len(status), 2)
    yield Content.assemble((status, f"bold ${mark.variable}"), first)
    yield from (Content(" " * cell_len(status) + words) for words in others)


def _limit(limit: int | None) -> str:
    return "" if limit is None else f", stops after {count(limit, 'failure')}"
