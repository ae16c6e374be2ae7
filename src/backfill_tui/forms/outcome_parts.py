"""The outcome of a backfill in the form that is wanted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from backfill_tui.forms.files import Format
from backfill_tui.forms.outcome import Outcome, Pair
from backfill_tui.forms.outcome_page import outcome_page
from backfill_tui.forms.outcome_rows import outcome_csv, outcome_json


def outcome_parts(
    outcome: Outcome, conf: str, pairs: Iterable[Pair], form: Format, *, dates_only: bool = False
) -> Iterator[str]:
    """Its text in parts; `dates_only` makes a CSV with a row for each date instead of each task instance."""
    if form is Format.CSV:
        return outcome_csv(outcome, pairs, dates_only=dates_only)
    if form is Format.JSON:
        return outcome_json(outcome, conf, pairs)
    return outcome_page(outcome, conf, pairs)
