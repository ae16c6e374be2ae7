"""The forms in which a plan can be printed, and which of its dates."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from backfill_tui.domain.enums import StrEnum
from backfill_tui.domain.outcomes import Verdict
from backfill_tui.domain.planning import BackfillPlan, PlannedRun
from backfill_tui.domain.problems import BadRequest
from backfill_tui.domain.text import one_line
from backfill_tui.headless.targets import Target

_WORDS: Final = {
    **{str(verdict): frozenset({verdict}) for verdict in Verdict},
    "skip": frozenset({Verdict.SKIP_EXISTS, Verdict.SKIP_IN_FLIGHT}),
}


class Output(StrEnum):
    """How the dates are printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    HTML = "html"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanForm:
    """How a plan is printed, and where to.

    `only` is None for all dates, `command` for the dates instead of a command.
    """

    output: Output = Output.TABLE
    only: frozenset[Verdict] | None = None
    command: str | None = None
    target: Target = field(default_factory=Target)


def verdicts_of(text: str) -> frozenset[Verdict]:
    """The verdicts that a text names, with commas between; BadRequest for a word that is none."""
    wanted: frozenset[Verdict] = frozenset()
    for word in text.split(","):
        name = word.strip().lower().replace("-", "_").replace(" ", "_")
        if name not in _WORDS:
            raise BadRequest(
                f'"{one_line(word)}" is no verdict', remedy="write --only create,reprocess,skip,not_yet"
            )
        wanted |= _WORDS[name]
    return wanted


class ChosenRuns:
    """Some dates of a plan or all, in the order of execution, each made when it is asked for."""

    def __init__(self, planned: BackfillPlan, only: frozenset[Verdict] | None) -> None:
        self._runs = planned.runs
        self._rows: Sequence[int] = range(len(planned.judged))
        if only is not None:
            self._rows = array("q", sorted(map(planned.place, planned.judged.where(*only))))

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[PlannedRun]:
        runs = self._runs
        return (runs[row] for row in self._rows)
