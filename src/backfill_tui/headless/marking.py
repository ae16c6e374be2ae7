"""The command `mark`."""

from __future__ import annotations

from dataclasses import dataclass

from backfill_tui.domain.dag_range import GridFacts, RangeFacts
from backfill_tui.domain.ids import TaskId
from backfill_tui.domain.mark_words import consequences, done_words, mark_words
from backfill_tui.domain.marking import MarkAs, MarkOutcome, MarkProgress, MarkRequest, MarkScope
from backfill_tui.domain.problems import BadRequest
from backfill_tui.domain.text import one_line
from backfill_tui.forms import encode
from backfill_tui.headless.chosen_runs import Choice, chosen_runs
from backfill_tui.headless.interrupts import until_stopped
from backfill_tui.headless.left_alone import tell_left_alone
from backfill_tui.headless.ranges import named
from backfill_tui.headless.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkWish:
    """What was typed."""

    choice: Choice
    mark_as: MarkAs
    scope: MarkScope
    task_id: str | None = None
    map_index: int | None = None
    dry_run: bool = False
    yes: bool = False


def mark(session: Session, wish: MarkWish) -> int:
    """Say what would be marked, what it ends and what stays, ask, and mark it."""
    if not wish.dry_run:
        session.refuse_writes("A mark")
    if wish.mark_as is MarkAs.FAILED and not wish.choice.dates:
        raise BadRequest("Nothing says which dates to mark failed", remedy="name them with --date")
    environment = session.open()
    facts, chosen = chosen_runs(session, wish.choice, environment.where)
    request = MarkRequest(
        dag_id=facts.dag_id,
        run_ids=tuple(row.run_id for row in chosen if row.run_id is not None),
        mark_as=wish.mark_as,
        scope=wish.scope,
        task_id=None if wish.task_id is None else TaskId(wish.task_id),
        map_index=wish.map_index,
    )
    preview = session.gateway.preview_mark(request) if request.run_ids else MarkOutcome()
    _tell(session, facts, request, preview)
    if wish.dry_run or not preview.changes:
        _show(session, facts, request, preview, done=False)
        return 0
    session.confirm(f"{_sentence(mark_words(request, preview))} of {one_line(facts.dag_id)}?", yes=wish.yes)
    if preview.again:
        # What failed downstream is to run again, as after a rerun.
        session.start_engine()
    outcome = _mark(session, request)
    session.voice.say(done_words(request, outcome))
    for remark in outcome.remarks:
        session.voice.say(one_line(remark))
    _show(session, facts, request, outcome, done=outcome.changes)
    return 0


def _mark(session: Session, request: MarkRequest) -> MarkOutcome:
    """Mark them, telling how far it has come; ctrl+c stops it with nothing marked, or comes too late."""

    def tell(progress: MarkProgress) -> None:
        session.voice.activity("Marking runs", progress.done, progress.total, key="mark")

    return until_stopped(
        session,
        lambda is_interrupted: session.gateway.mark(request, tell, is_interrupted),
        said="The mark was stopped before anything was marked",
    )


def _tell(session: Session, facts: GridFacts, request: MarkRequest, preview: MarkOutcome) -> None:
    if preview.changes:
        session.voice.say(f"Of {named(facts)}: {mark_words(request, preview)}")
    else:
        session.voice.say(f"Nothing of {named(facts)} to mark")
    for sentence in consequences(request, preview):
        session.voice.say(sentence)
    tell_left_alone(session, preview.left_alone)


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def _show(
    session: Session, facts: GridFacts, request: MarkRequest, outcome: MarkOutcome, *, done: bool
) -> None:
    if session.as_json:
        session.paper.json(
            {
                "backfill_id": None if isinstance(facts, RangeFacts) else facts.backfill_id,
                "dag_id": facts.dag_id,
                "mark_as": str(request.mark_as),
                "scope": str(request.scope),
                "marked": done,
                **encode.mark(outcome),
            }
        )
