"""What the command `rerun` says: what would run again, what is left alone and why, and what came of it."""

from __future__ import annotations

from backfill_tui.domain.dag_range import GridFacts, RangeFacts
from backfill_tui.domain.numbers import counted
from backfill_tui.domain.repairing import RerunOutcome
from backfill_tui.domain.text import one_line
from backfill_tui.headless.chosen_runs import Choice
from backfill_tui.headless.left_alone import tell_left_alone
from backfill_tui.headless.ranges import named
from backfill_tui.headless.session import Session


def tell_preview(
    session: Session, facts: GridFacts, preview: RerunOutcome, *, is_outcome: bool = False
) -> None:
    """What would run again, and what else there is to know before one agrees, if one is to."""
    if not preview.changes and not preview.left_alone:
        return
    runs, tasks = counted(len(preview.cleared), "run"), counted(len(preview.affected), "task instance")
    good = preview.overwritten_successes
    had = f", {good:,} of them had succeeded" if good else ""
    tell = session.voice.outcome if is_outcome else session.voice.say
    tell(f"{_subject(facts)}: {tasks} in {runs} run again{had}, {preview.untouched:,} stay as they are")
    if preview.let_go:
        runs = counted(len(preview.let_go), "queued run")
        session.voice.say(f"{runs} with nothing left to run let go, to come to an end")
    tell_left_alone(session, preview.left_alone)
    if facts.dag_is_paused:
        unpausing = session.how_to_unpause(facts.dag_id)
        session.voice.say(f"Warning: The Dag is paused, so no run will start: {unpausing}")
    for number in preview.unblocked:
        session.voice.say(f"Backfill {number} was cancelled, its pause is lifted so that cleared runs start")
    for number in preview.completed:
        session.voice.say(f"Backfill {number} stays complete in Airflow: it can be cancelled, not paused")
    if preview.unversioned:
        runs = counted(preview.unversioned, "run")
        session.voice.say(f"The bundle of the Dag keeps no versions: {runs} on the code as it is now")


def tell_outcome(session: Session, outcome: RerunOutcome, *, is_followed: bool) -> None:
    """What was cleared; of a rerun that ended early also what was not, and how to go on.

    Of one that is followed how that ends is the outcome.
    """
    tasks, runs = counted(len(outcome.affected), "task instance"), counted(len(outcome.cleared), "run")
    let_go = f", let {counted(len(outcome.let_go), 'run')} go" if outcome.let_go else ""
    tell = session.voice.say if is_followed and not outcome.stopped else session.voice.outcome
    tell(f"Cleared {tasks} in {runs}{let_go}")
    if not outcome.changes:
        # Who did something to them since the question was asked is known only now.
        tell_left_alone(session, outcome.left_alone)
    for remark in outcome.remarks:
        session.voice.problem(one_line(remark))
    if not outcome.stopped:
        return
    session.voice.problem(one_line(f"Stopped: {outcome.stopped}"))
    rest = f"{counted(len(outcome.not_done), 'run')} not done"
    doubt = f", of {len(outcome.unsure):,} it is not known" if outcome.unsure else ""
    session.voice.problem(f"{rest}{doubt}: the same command goes on, what waits or runs is left alone by it")


def tell_nothing(session: Session, choice: Choice, facts: GridFacts) -> None:
    """That there is nothing to run again, and where there may be."""
    if isinstance(facts, RangeFacts):
        session.voice.outcome(f"Nothing of {named(facts)} to run again")
        return
    session.voice.outcome(f"Nothing of backfill {facts.backfill_id} to run again")
    if choice.backfill_id is not None or choice.dates:
        return
    # Who named no backfill may well have meant an older one.
    for older in session.gateway.backfills(facts.dag_id)[1:]:
        if older.counts.failed:
            number = older.facts.backfill_id
            again = session.again("rerun", facts.dag_id, "--backfill", number)
            failed = counted(older.counts.failed, "failed date")
            session.voice.say(f"Backfill {number} has {failed}: rerun them with {again}")
            return


def _subject(facts: GridFacts) -> str:
    words = named(facts)
    return words if isinstance(facts, RangeFacts) else words[0].upper() + words[1:]


def question(preview: RerunOutcome) -> str:
    """`Run 3 task instances in 2 runs again`."""
    tasks, runs = counted(len(preview.affected), "task instance"), counted(len(preview.cleared), "run")
    asked = [f"run {tasks} in {runs} again"] if preview.affected else []
    if preview.let_go:
        asked.append(f"let {counted(len(preview.let_go), 'run')} go")
    words = " and ".join(asked)
    return words[0].upper() + words[1:]
