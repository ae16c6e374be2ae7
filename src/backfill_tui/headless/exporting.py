"""The command `export`."""

from __future__ import annotations

from dataclasses import dataclass, replace

from backfill_tui import __version__
from backfill_tui.domain.watching import BackfillFacts
from backfill_tui.forms.files import Format
from backfill_tui.forms.outcome import Outcome, read_outcome, task_instances
from backfill_tui.forms.outcome_parts import outcome_parts
from backfill_tui.headless.chosen_runs import Choice, check_dag, meant
from backfill_tui.headless.remedies import causes_in_commands, standing_in_commands
from backfill_tui.headless.session import Session
from backfill_tui.headless.targets import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportWish:
    """What was typed: of which runs, in which form, and where to; `dates_only` is for CSV."""

    choice: Choice
    form: Format
    target: Target
    dates_only: bool = False


def export(session: Session, wish: ExportWish) -> int:
    """Write the outcome of a backfill, or of the dates of a Dag in a range."""
    wish.target.check()
    environment = session.open()
    about = meant(session, wish.choice, environment.where)

    def tell(sentence: str, done: int, total: int) -> None:
        session.voice.activity(sentence, done, total, key=sentence)

    try:
        outcome = read_outcome(session.gateway, about, environment, __version__, tell=tell)
        check_dag(session, wish.choice, outcome.whole.facts)
        outcome = _in_commands(session, outcome)
        with task_instances(session.gateway, outcome, tell=tell) as (conf, pairs):
            parts = outcome_parts(outcome, conf, pairs, wish.form, dates_only=wish.dates_only)
            wish.target.write(session, parts)
    finally:
        session.voice.settle()
    return 0


def _in_commands(session: Session, outcome: Outcome) -> Outcome:
    """The same with remedies as one would type them."""
    facts = outcome.whole.facts
    if not isinstance(facts, BackfillFacts):
        return outcome
    causes = tuple(causes_in_commands(outcome.whole.causes, facts, session))
    return replace(
        outcome,
        whole=replace(outcome.whole, causes=causes),
        stands=standing_in_commands(outcome.stands, facts, session),
    )
