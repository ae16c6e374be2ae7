"""Next steps in the words of the command line, where the bridge says them in those of the screen."""

from __future__ import annotations

from typing import Final

from backfill_tui.domain.problems import Problem
from backfill_tui.domain.text import one_line

_FLAGS_FOR: Final = {
    "choose Missing and Errored Runs or All Runs": "add --reprocess-behavior failed or completed",
    "choose another reprocess behavior or range": "give another --reprocess-behavior or range",
    "run them forwards": "leave out --run-backwards",
    "swap its bounds": "swap --from and --to",
    "look at the list of backfills": "backfill-tui list shows them",
    "look at the list of Dags": "backfill-tui dags lists them",
}


def in_flags(remedy: str) -> str:
    """The remedy as one would type it; one that is the same everywhere stays as it is."""
    return _FLAGS_FOR.get(remedy, remedy)


def sentence_of(problem: Problem) -> str:
    """The problem in one line, with its next step."""
    remedy = in_flags(problem.remedy)
    return one_line(f"{problem.message}: {remedy}" if remedy else problem.message)
