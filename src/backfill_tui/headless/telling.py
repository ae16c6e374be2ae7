"""What is told of a backfill or a range that somebody follows: how far it has come, and its end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from backfill_tui.domain.dag_range import GridFacts
from backfill_tui.domain.instants import minute, zone_named
from backfill_tui.domain.numbers import counted
from backfill_tui.domain.progress import Standing
from backfill_tui.domain.text import one_line
from backfill_tui.domain.watching import BackfillFacts, RunCounts, RunRow
from backfill_tui.forms import encode
from backfill_tui.headless.progress import Progress
from backfill_tui.headless.session import Session

_FAILED_SHOWN: Final = 20


class AnyReading(Protocol):
    """A reading of a backfill, or of a range of dates, as it is told and shown."""

    @property
    def facts(self) -> GridFacts:
        """What it is about."""

    @property
    def counts(self) -> RunCounts:
        """Its runs, counted."""

    @property
    def stands(self) -> Standing:
        """Where it stands."""

    @property
    def failed(self) -> tuple[RunRow, ...]:
        """The rows whose run failed."""

    @property
    def progress(self) -> Progress:
        """How far it has come."""

    @property
    def sentence(self) -> str:
        """One line that says how it stands."""

    @property
    def exit_code(self) -> int:
        """0 when all of it succeeded."""

    @property
    def json(self) -> encode.JsonObject:
        """Its object."""


class Telling:
    """Progress as talk: drawn on a terminal, a line at each change in a pipe."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def tell(self, reading: AnyReading, *, differs: bool) -> None:  # noqa: ARG002  # drawn is more than that
        """A reading came; `differs` says whether it is another one than that before."""
        self._session.voice.progress(reading.progress)


class Changes(Telling):
    """The same for `watch`, with `--json` an object a line too; starts the engine where something is left."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._started = False

    def tell(self, reading: AnyReading, *, differs: bool) -> None:
        """A reading came."""
        session = self._session
        if not self._started and not reading.stands.status.finished and not session.read_only:
            # An engine that was stopped in the middle goes on with what it finds.
            session.start_engine()
        self._started = True
        # Objects that come to the same terminal would be drawn over.
        if not (session.as_json and session.paper.is_terminal):
            super().tell(reading, differs=differs)
        if session.as_json and differs:
            session.paper.json_line(reading.json)


def show_end(session: Session, reading: AnyReading, *again: str | int) -> None:
    """The outcome for people: one line, and the failed dates; nothing where JSON is wanted.

    `again` are the words that name it to `rerun`.
    """
    if session.as_json:
        return
    session.paper.line(reading.sentence)
    if not reading.failed:
        return
    _show_failed(session, reading.failed, reading.facts.timezone)
    session.voice.say(f"Rerun what failed with {session.again('rerun', *again)}")


def words_of(facts: BackfillFacts) -> tuple[str | int, ...]:
    """The words that name a backfill to `rerun`."""
    return (facts.dag_id, "--backfill", facts.backfill_id)


def _show_failed(session: Session, failed: Sequence[RunRow], timezone: str) -> None:
    """The failed dates, a line each, as far as they are not too many."""
    zone = zone_named(timezone)
    for row in failed[:_FAILED_SHOWN]:
        date = row.partition_key if row.logical_date is None else minute(row.logical_date, zone)
        session.paper.line(f"  failed  {one_line(date or '')}")
    more = len(failed) - _FAILED_SHOWN
    if more > 0:
        session.paper.line(f"  and {counted(more, 'more failed date')}")
