"""A rerun in words: what a choice touches, what it leaves alone and why, and how far it has come."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from textual.content import Content

from backfill_tui.domain.ids import RunId
from backfill_tui.domain.repairing import RerunOutcome, can_go_on
from backfill_tui.domain.text import one_line
from backfill_tui.ui.text import count, in_words
from backfill_tui.ui.writes import HOW_TO_KNOW

_NAMED_AT_MOST: Final = 4


def scope_words(outcome: RerunOutcome) -> str:
    """What a choice runs again: `10 task instances in 2 runs, 4 succeeded`."""
    words = []
    if outcome.affected:
        words.append(
            f"{count(len(outcome.affected), 'task instance')} in {count(len(outcome.cleared), 'run')}"
        )
    if outcome.overwritten_successes:
        words.append(f"{outcome.overwritten_successes:,} succeeded")
    if outcome.let_go:
        words.append(f"{count(len(outcome.let_go), 'run')} let go")
    return ", ".join(words) or "nothing to run again"


def consequences(outcome: RerunOutcome, dates: Mapping[RunId, str]) -> list[Content]:
    """What stays untouched, which runs are left alone and why, and what else the rerun does."""
    lines = [Content("")]
    if outcome.affected:
        lines.append(Content(_untouched_words(outcome)))
    if outcome.overwritten_successes:
        lost = f"{count(outcome.overwritten_successes, 'success', 'successes')} will be overwritten"
        lines.append(Content.styled(lost, "bold $warning"))
    left = [(dates.get(run.run_id, run.run_id), run.reason) for run in outcome.left_alone]
    for reason, named in _by_reason(left).items():
        few = named[:_NAMED_AT_MOST]
        if len(named) > _NAMED_AT_MOST:
            few.append(f"{len(named) - _NAMED_AT_MOST:,} more")
        lines.append(Content.styled(one_line(f"Left alone: {in_words(few)}: {reason}"), "$muted"))
    return lines + [Content.styled(words, "$muted") for words in _besides(outcome)]


def _besides(outcome: RerunOutcome) -> list[str]:
    words = []
    if outcome.let_go:
        words.append(f"Lets {count(len(outcome.let_go), 'queued run')} go, with nothing left to run")
    if outcome.unblocked:
        numbers = in_words([str(number) for number in outcome.unblocked])
        words.append(f"Lifts the pause of cancelled backfill {numbers}, or these runs would never start")
    if outcome.completed:
        numbers = in_words([str(number) for number in outcome.completed])
        stay = "stays" if len(outcome.completed) == 1 else "stay"
        words.append(f"Backfill {numbers} {stay} complete in Airflow: it can be cancelled, not paused")
    if outcome.unversioned:
        runs = count(outcome.unversioned, "run")
        words.append(f"The bundle of the Dag keeps no versions: {runs} on the code as it is now")
    return words


def rerun_words(outcome: RerunOutcome) -> str:
    """What a rerun did, for the notice."""
    nothing = "It is not known what was rerun" if outcome.unsure else "Nothing was rerun"
    words = [] if outcome.changes else [nothing]
    if outcome.affected:
        tasks, runs = count(len(outcome.affected), "task instance"), count(len(outcome.cleared), "run")
        words.append(f"{tasks} of {runs} will run again")
    if outcome.let_go:
        words.append(f"{count(len(outcome.let_go), 'run')} let go")
    left = [(run.run_id, run.reason) for run in outcome.left_alone]
    reasons = [f"{count(len(runs), 'run')} left alone: {why}" for why, runs in _by_reason(left).items()]
    ended = [f"{_still_to_do(outcome)}: {outcome.stopped}"] if outcome.stopped else []
    ended += [HOW_TO_KNOW] if outcome.unsure else []
    return ", ".join([*words, *map(one_line, [*reasons, *ended, *outcome.remarks])])


def halfway_words(outcome: RerunOutcome) -> list[str]:
    """What is done of a rerun that ended early, and what is not, a line each."""
    left = [(run.run_id, run.reason) for run in outcome.left_alone]
    lines = [
        f"Stopped: {outcome.stopped}",
        f"Done: {scope_words(outcome)}",
        *(f"Left alone: {count(len(runs), 'run')}: {why}" for why, runs in _by_reason(left).items()),
    ]
    if outcome.not_done or not outcome.unsure:
        lines.append(f"Not done: {count(len(outcome.not_done), 'run')}")
    if outcome.unsure:
        then = "which going on looks at first" if can_go_on(outcome) else "which may be cleared or not"
        lines += [f"Not known: {count(len(outcome.unsure), 'run')}, {then}", f"To know it: {HOW_TO_KNOW}"]
    return [one_line(line) for line in [*lines, *outcome.remarks]]


def _still_to_do(outcome: RerunOutcome) -> str:
    words = [f"{count(len(outcome.not_done), 'run')} not done"] if outcome.not_done else []
    words += [f"{count(len(outcome.unsure), 'run')} cleared or not"] if outcome.unsure else []
    return ", ".join(words)


def _by_reason(left: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, reason in left:
        found.setdefault(reason, []).append(name)
    return found


def _untouched_words(outcome: RerunOutcome) -> str:
    runs = count(len(outcome.cleared), "run")
    if not outcome.untouched:
        return f"{runs} from beginning to end"
    rest = count(outcome.untouched, "other task instance")
    return f"In {runs}, {rest} {'stays as it is' if outcome.untouched == 1 else 'stay as they are'}"
