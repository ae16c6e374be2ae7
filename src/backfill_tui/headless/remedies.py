"""Next steps in the words of the command line, where the bridge says them in those of the screen."""

from __future__ import annotations

import re
from typing import Final

from backfill_tui.domain.problems import Problem
from backfill_tui.domain.text import one_line

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
}
# A local time with the name of the Dag's zone behind it is typed without that name: it means the same.
_BOUND: Final = re.compile(
    r"\b(begin|end) the (range|first) at (\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?) [^\s,]+"
)
_NOW: Final = re.compile(r"^end the range now\b")
_NUMBER: Final = re.compile(r"^give (\d+), or ")
_OPTION: Final = {"begin": "--from", "end": "--to"}


def in_flags(remedy: str) -> str:
    """The remedy as one would type it; one that is the same everywhere stays as it is."""
    if remedy in _FLAGS_FOR:
        return _FLAGS_FOR[remedy]
    typed = _BOUND.sub(lambda found: _bound(*found.groups()), remedy)
    typed = _NOW.sub("end the range with --to now", typed)
    return _NUMBER.sub(r"give --max-active-runs \1, or ", typed)


def sentence_of(problem: Problem) -> str:
    """The problem in one line, with its next step."""
    remedy = in_flags(problem.remedy)
    return one_line(f"{problem.message}: {remedy}" if remedy else problem.message)


def _bound(verb: str, what: str, day: str, time: str) -> str:
    return f"{verb} the {what} with {_OPTION[verb]} {day}T{time}"
