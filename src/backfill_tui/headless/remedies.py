"""Next steps in the words of the command line, where the bridge says them in those of the screen."""

from __future__ import annotations

import re
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Final

from backfill_tui.domain.instants import from_datetime, minute, zone_named
from backfill_tui.domain.problems import Problem
from backfill_tui.domain.text import one_line

if TYPE_CHECKING:
    from backfill_tui.domain.planning import PlanWarning
    from backfill_tui.headless.session import Session

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
    if warning.code == "dag_paused":
        return warning.remedy.replace("unpause it", session.how_to_unpause(dag_id), 1)
    if warning.code == "active_backfill" and (named := _BACKFILL.search(warning.message)):
        watching = f"watch it with {session.again('watch', named[1])}"
        return warning.remedy.replace("watch it", watching, 1)
    return in_flags(warning.remedy)


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
