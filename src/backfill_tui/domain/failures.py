"""What failed in a backfill, grouped by task and by what went wrong.

Errors that differ only in numbers, dates, ids or paths are one: `normalised` folds these away.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from backfill_tui.domain.dag_range import Watchable
from backfill_tui.domain.enums import StrEnum
from backfill_tui.domain.ids import DagId, RunId, TaskId
from backfill_tui.domain.instants import Instant


class FailureKind(StrEnum):
    """What is known of why a task failed; only the first has an error of the log.

    With the others may go what Airflow's scheduler noted of it, or why a log could not be read.
    """

    ERROR = "error"
    NO_ERROR = "no_error"
    NO_LOG = "no_log"
    NEVER_RAN = "never_ran"
    NO_TASK = "no_task"

    @property
    def words(self) -> str:
        """What stands in place of an error; empty where there is one."""
        return _WORDS[self]


_WORDS: Final[dict[FailureKind, str]] = {
    FailureKind.ERROR: "",
    FailureKind.NO_ERROR: "failed, but its log names no error",
    FailureKind.NO_LOG: "failed, but its log can not be found",
    FailureKind.NEVER_RAN: "failed before it began",
    FailureKind.NO_TASK: "the run failed, but none of its tasks did",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FailuresQuery:
    """The backfill, or the dates of a Dag, whose failures are wanted."""

    about: Watchable


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One task instance that failed, in its latest try; or a run that failed without one (no task id).

    `ordinal` is the place of its date in the backfill, as in `RunRow`; a range has no places of its own, so
    there it is that among the runs in which something failed. `error` is one line of its log, else what is
    known without one.
    """

    ordinal: int
    logical_date: Instant | None
    partition_key: str | None
    run_id: RunId
    task_id: TaskId
    map_index: int
    try_number: int
    kind: FailureKind
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FailuresFound:
    """Some more failures; `done` of `total` are known by now."""

    failures: tuple[Failure, ...]
    done: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FailuresRead:
    """All failures were told; `dag_id` and `timezone` are those of the backfill or the range."""

    dag_id: DagId
    timezone: str
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureGroup:
    """The failures of one task for one reason, in the order of execution.

    `error` is what they have in common: what differs in it is folded, `KeyError: 'sku-<number>'`.
    """

    task_id: TaskId
    kind: FailureKind
    error: str
    failures: tuple[Failure, ...]

    @property
    def words(self) -> str:
        """What went wrong, in a line."""
        return ": ".join(filter(None, (self.kind.words, self.error)))

    @property
    def ordinals(self) -> tuple[int, ...]:
        """The dates of the group, each once, in the order of execution."""
        return tuple(dict.fromkeys(failure.ordinal for failure in self.failures))

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes it this group, also after more of it has failed."""
        first = self.failures[0]
        return (self.task_id, self.kind, normalised(first.error))


def grouped(failures: Iterable[Failure]) -> tuple[FailureGroup, ...]:
    """The groups, that of the most dates first, then the earliest."""
    found: dict[tuple[str, str, str], list[Failure]] = {}
    for failure in failures:
        found.setdefault((failure.task_id, failure.kind, normalised(failure.error)), []).append(failure)
    groups = [_group(pattern, members) for (_, _, pattern), members in found.items()]
    return tuple(sorted(groups, key=lambda group: (-len(group.ordinals), group.ordinals[0], group.task_id)))


def _group(pattern: str, members: list[Failure]) -> FailureGroup:
    members.sort(key=lambda failure: (failure.ordinal, failure.map_index))
    first = members[0]
    return FailureGroup(
        task_id=first.task_id,
        kind=first.kind,
        error=_in_common(pattern, {failure.error for failure in members}),
        failures=tuple(members),
    )


def _in_common(pattern: str, errors: set[str]) -> str:
    """The pattern of some errors, in which what is the same in all of them is not folded."""
    if len(errors) == 1:
        return next(iter(errors))
    folded = [[found[0] for found in _FOLDED.finditer(error)] for error in errors]
    if len(set(map(len, folded))) > 1:
        # A text that has such marks of its own.
        return pattern
    kept = iter([at[0] if len(set(at)) == 1 else "" for at in zip(*folded, strict=True)])
    return _FOLDED.sub(lambda found: next(kept) or f"<{found.lastgroup}>", next(iter(errors)))


_DATE: Final = (
    r"\d{4}-\d{2}-\d{2}(?:[T_ ]\d{2}[:_]?\d{2}(?:[:_]?\d{2}(?:[.,]\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?"
    r"|(?<!\d)\d{1,2}:\d{2}:\d{2}(?:[.,]\d+)?(?!\d)"
    r"|(?<!\d)\d{4}/\d{2}/\d{2}(?!\d)"
)
_ID: Final = r"(?<![0-9A-Fa-f])[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}(?![0-9A-Fa-f])"
_HEX: Final = r"\b0[xX][0-9A-Fa-f]+\b|\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{8,}\b"
_PART: Final = r"[^\s'\"`,;:()\[\]{}<>|/]+"
# A single name after a slash is no path: `[/red]`, `<br />`.
_PATH: Final = (
    r"\b[A-Za-z][A-Za-z0-9+.-]*://[^\s'\"`,;()\[\]{}<>|]+"
    # In quotes a path may have spaces in it.
    r"|(?<=')[~.]{0,2}/[^'/][^']*(?=')|(?<=\")[~.]{0,2}/[^\"/][^\"]*(?=\")"
    rf"|(?<![\w<>/~.])(?:[~.]{{1,2}}(?:/{_PART})+|(?:/{_PART}){{2,}}|/{_PART}\.\w+)/?"
    r"|\b[A-Za-z]:\\[^\s'\"`,;()\[\]{}<>|]+"
)
_NUMBER: Final = r"(?:(?<!\w)[+-])?\d[\d_]*(?:[.,]\d+)*(?:[eE][+-]?\d+)?"
_FOLDED: Final = re.compile(
    f"(?P<path>{_PATH})|(?P<id>{_ID})|(?P<date>{_DATE})|(?P<hex>{_HEX})|(?P<number>{_NUMBER})"
)


@lru_cache(maxsize=8192)
def normalised(error: str) -> str:
    """The error with what differs from date to date folded into `<path>`, `<date>`, `<id>` and the like."""
    return _FOLDED.sub(lambda found: f"<{found.lastgroup}>", error)
