"""What can go wrong, as values: what happened, to what, and what to do next.

Adapters raise these few; whoever called catches `Problem` and nothing wider. Everything else is a bug and
is meant to be loud.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


class Problem(Exception):  # noqa: N818  # it is the product's word, and not every problem is an error
    """One clear sentence, and what to do next.

    `message` names the thing it happened to; `remedy` says the next step and may be empty; `detail` is
    further text, such as a traceback or the end of a log, shown on demand and never interpreted.
    """

    code: ClassVar[str] = "problem"
    exit_code: ClassVar[int] = 3

    def __init__(self, message: str, *, remedy: str = "", detail: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.message}: {self.remedy}" if self.remedy else self.message

    def __reduce__(self) -> tuple[object, ...]:
        return (_revive, (self.report(),))

    def report(self) -> ProblemReport:
        """The problem as plain data, to cross a process boundary."""
        return ProblemReport(code=self.code, message=self.message, remedy=self.remedy, detail=self.detail)


class BadRequest(Problem):
    """What was asked can not be meant: dates, conf, an unknown name."""

    code = "bad_request"
    exit_code = 2


class NotThere(BadRequest):
    """A Dag, a backfill, a run or a log that does not exist."""

    code = "not_there"


class Refused(Problem):
    """Understood, but not done: read-only, a blocking warning, no confirmation."""

    code = "refused"
    exit_code = 4


class PlanChanged(Refused):
    """The world is no longer the one of the plan that was agreed to; the message lists the differences."""

    code = "plan_changed"


class Unreachable(Problem):
    """The bridge, the engine or Airflow's database does not answer."""

    code = "unreachable"


class AirflowFailed(Problem):
    """Airflow itself refused or broke; its own words are in `detail`."""

    code = "airflow_failed"


class Interrupted(Problem):
    """Stopped because the user asked for it; nothing half-done is left."""

    code = "interrupted"
    exit_code = 130


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemReport:
    """A `Problem` as plain data."""

    code: str
    message: str
    remedy: str = ""
    detail: str = ""

    def revive(self) -> Problem:
        """The problem this reports, of the class it had."""
        kind = _KINDS.get(self.code, Problem)
        return kind(self.message, remedy=self.remedy, detail=self.detail)


_KINDS: dict[str, type[Problem]] = {
    kind.code: kind
    for kind in (BadRequest, NotThere, Refused, PlanChanged, Unreachable, AirflowFailed, Interrupted)
}


def _revive(report: ProblemReport) -> Problem:
    return report.revive()
