"""What the pane about a cell is told by the threads that ask for it."""

from __future__ import annotations

from pathlib import Path

from textual.message import Message

from backfill_tui.domain.problems import Problem
from backfill_tui.domain.tasks import (
    CellDetails,
    CellQuery,
    LogMatch,
    LogMatches,
    LogQuery,
    LogSearch,
    TaskLog,
)


class CellRead(Message):
    """The task instances of a cell were read."""

    def __init__(self, query: CellQuery, details: CellDetails) -> None:
        super().__init__()
        self.query = query
        self.details = details


class LogRead(Message):
    """A log was read."""

    def __init__(self, query: LogQuery, log: TaskLog) -> None:
        super().__init__()
        self.query = query
        self.log = log


class LogPageRead(Message):
    """Another page of a log was read."""

    def __init__(self, query: LogQuery, log: TaskLog) -> None:
        super().__init__()
        self.query = query
        self.log = log


class PageNotRead(Message):
    """Another page could not be read."""

    def __init__(self, problem: Problem) -> None:
        super().__init__()
        self.problem = problem


class LogMatched(Message):
    """The next line of a log was looked for."""

    def __init__(self, search: LogSearch, match: LogMatch) -> None:
        super().__init__()
        self.search = search
        self.match = match


class LogCounted(Message):
    """Lines of a log were counted."""

    def __init__(self, search: LogSearch, matches: LogMatches) -> None:
        super().__init__()
        self.search = search
        self.matches = matches


class MatchFailed(Message):
    """The next line of a log could not be looked for."""

    def __init__(self, problem: Problem) -> None:
        super().__init__()
        self.problem = problem


class CountFailed(Message):
    """Lines of a log could not be counted."""

    def __init__(self, problem: Problem) -> None:
        super().__init__()
        self.problem = problem


class LogWritten(Message):
    """A whole log was written to a file, for the pager that some words start."""

    def __init__(self, words: list[str], path: Path) -> None:
        super().__init__()
        self.words = words
        self.path = path


class LogNotRead(Message):
    """A cell or its log could not be read; the pane says so itself."""

    def __init__(self, problem: Problem) -> None:
        super().__init__()
        self.problem = problem
