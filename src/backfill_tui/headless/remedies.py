"""Next steps in the words of the command line, where the bridge says them in those of the screen."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Final

from backfill_tui.domain.ids import BackfillId
from backfill_tui.domain.instants import from_datetime, minute, zone_named
from backfill_tui.domain.problems import Problem
from backfill_tui.domain.text import one_line

if TYPE_CHECKING:
    from backfill_tui.domain.causes import Cause
    from backfill_tui.domain.planning import BackfillPlan, PlanWarning
    from backfill_tui.domain.progress import Standing
    from backfill_tui.domain.watching import BackfillFacts
    from backfill_tui.headless.session import Session

DAG_PAUSED: Final = "dag_paused"
"""The code of the warning that a plan of a paused Dag has."""

_FLAGS_FOR: Final = {
    "choose Missing and Errored Runs or All Runs": "add --reprocess-behavior failed or completed",
    "choose another reprocess behavior or range": "give another --reprocess-behavior or range",
    "run them forwards": "leave out --run-backwards",
    "swap its bounds": "swap --from and --to, or the sides of --range",
    "leave the other one empty": "give it as --range instead",
    "change the conf": "change --conf",
    "look at it again, then launch": "run it again to see the plan as it is now",
    "look at the list of backfills": "backfill-tui list shows them",
    "look at the list of Dags": "backfill-tui dags lists them",
    "watch it, and launch when it is done": "watch it with backfill-tui watch, and launch when it is done",
}
_BOUND: Final = re.compile(
    r"\b(begin|end) the (range|first) at "
    r"(\d{4}-\d{2}-\d{2} \d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?) ([^\s,]+)(?: ([^\s,]+))?"
)
_BACKFILL: Final = re.compile(r"Backfill (\d+)\b")
_ABOUT_ANOTHER: Final = frozenset({"active_backfill", "orphaned_backfill"})
_NOW: Final = re.compile(r"^end the range now\b")
_NUMBER: Final = re.compile(r"^give (\d+), or ")
_OPTION: Final = {"begin": "--from", "end": "--to"}


def in_flags(remedy: str) -> str:
    """The remedy as one would type it; one that is the same everywhere stays as it is."""
    if remedy in _FLAGS_FOR:
        return _FLAGS_FOR[remedy]
    typed = _BOUND.sub(lambda found: _bound(*found.groups("")), remedy)
    typed = _NOW.sub("end the range with --to now", typed)
    return _NUMBER.sub(r"give --max-active-runs \1, or ", typed)


def remedy_of(warning: PlanWarning, dag_id: str, session: Session) -> str:
    """The remedy of a warning about a plan as one would type it, with the command where one does it."""
    if warning.code == DAG_PAUSED:
        return warning.remedy.replace("unpause it", session.how_to_unpause(dag_id), 1)
    if warning.code in _ABOUT_ANOTHER and (named := _BACKFILL.search(warning.message)):
        watching = f"watch it with {session.again('watch', named[1])}"
        remedy = warning.remedy.replace("watch it", watching, 1)
        return control_in_commands(remedy, BackfillId(int(named[1])), session)
    return in_flags(warning.remedy)


def remedies_for(planned: BackfillPlan, session: Session) -> Callable[[PlanWarning], str]:
    """What gives the remedy of each warning about a plan as one would type it."""
    return lambda warning: remedy_of(warning, planned.request.dag_id, session)


def standing_in_commands(stands: Standing, facts: BackfillFacts, session: Session) -> Standing:
    """The standing with its remedy as one would type it; one that no command carries out stays as it is."""
    return replace(stands, remedy=_typed(stands.remedy, facts, session))


def _typed(remedy: str, facts: BackfillFacts, session: Session) -> str:
    number = facts.backfill_id
    if remedy == "unpause the Dag":
        return session.how_to_unpause(facts.dag_id)
    if remedy == "rerun them from here":
        return f"rerun them with {session.again('rerun', facts.dag_id, '--backfill', number)}"
    if remedy == _RERUN_WHAT_FAILED:
        # Whoever asks for that gets the command in a sentence of its own.
        return remedy
    return control_in_commands(remedy, number, session)


def causes_in_commands(causes: Iterable[Cause], facts: BackfillFacts, session: Session) -> tuple[Cause, ...]:
    """The causes with their remedies as one would type them."""
    return tuple(replace(cause, remedy=_typed(cause.remedy, facts, session)) for cause in causes)


def control_in_commands(remedy: str, backfill_id: BackfillId, session: Session) -> str:
    """A remedy that is a deed on a backfill as one would type it; another one stays as it is."""
    if remedy not in _CONTROL:
        return remedy
    command, template = _CONTROL[remedy]
    return template.format(session.again(*(word or backfill_id for word in command)))


_RERUN_WHAT_FAILED: Final = "rerun what failed"
_RERUN: Final = ("rerun", "DAG_ID", "--backfill", "")
# An empty word stands for the number of the backfill.
_CONTROL: Final = {
    "resume": (("resume", ""), "resume it with {}"),
    "remove it": (("remove", ""), "remove it with {}"),
    "cancel it": (("cancel", ""), "cancel it with {}"),
    "cancel it to stop its runs": (("cancel", ""), "cancel it with {}, to stop its runs"),
    "reopen it first": (("reopen", ""), "reopen it first, with {}"),
    "reopen it, to pause or cancel it": (("reopen", ""), "reopen it with {}, to pause or cancel it"),
    "reopen it, to pause or cancel it again": (
        ("reopen", ""),
        "reopen it with {}, to pause or cancel it again",
    ),
    "cancel what of it is left to run, or pause the Dag": (
        ("cancel", ""),
        "cancel what of it is left to run with {}, or pause the Dag",
    ),
    _RERUN_WHAT_FAILED: (_RERUN, "rerun what failed with {}"),
    "rerun its runs from here": (_RERUN, "rerun its runs with {}"),
    "rerun its runs instead": (_RERUN, "rerun its runs with {}"),
    "cancel its running runs too, to end them": (("cancel", "", "--running"), "end them with {}"),
    "cancel the running runs too, to end them": (("cancel", "", "--running"), "end them with {}"),
}


def sentence_of(problem: Problem) -> str:
    """The problem in one line, with its next step."""
    remedy = in_flags(problem.remedy)
    return one_line(f"{problem.message}: {remedy}" if remedy else problem.message)


def _bound(verb: str, what: str, local: str, word: str, next_word: str) -> str:
    """A bound as an option.

    A local time with the name of the Dag's zone behind it is typed without that name, as it means the same;
    one that occurs twice has its abbreviation or offset before that name, and is typed with its offset.
    """
    begin = f"{verb} the {what} with {_OPTION[verb]}"
    day, time = local.split()
    if time == "24:00":
        return f"{begin} {day}{_behind(next_word)}"
    if next_word and (zone := _zone(next_word)) is not None:
        both = (datetime.fromisoformat(local).replace(tzinfo=zone, fold=fold) for fold in (0, 1))
        for moment in both:
            if minute(from_datetime(moment), zone) == f"{local} {word}":
                return f"{begin} {moment.isoformat()}"
    return f"{begin} {day}T{time}{_behind(next_word)}"


def _behind(word: str) -> str:
    return f" {word}" if word else ""


def _zone(name: str) -> tzinfo | None:
    try:
        return zone_named(name)
    except ValueError:
        return None
