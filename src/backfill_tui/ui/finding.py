"""What the palette finds: commands, Dags, backfills and dates of the open screen, by a few letters."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.markup import escape

from backfill_tui.domain.fuzzy import fits, folded, loosest_in_sentences, matched_letters
from backfill_tui.domain.problems import Problem
from backfill_tui.domain.text import one_line
from backfill_tui.domain.watching import BackfillSummary
from backfill_tui.ui import opening
from backfill_tui.ui.glyphs import STATUS_MARKS
from backfill_tui.ui.listing import Row, standing_of
from backfill_tui.ui.palette import palette
from backfill_tui.ui.screens.base import PlaceScreen
from backfill_tui.ui.widgets.backfill_table import range_words

if TYPE_CHECKING:
    from backfill_tui.ui.app import BackfillApp

PLACEHOLDER: Final = "A command, a Dag, a backfill or a date"
_MOST: Final = 30
"""So many of a kind are shown; who wants another one types a letter more."""
_PATIENCE_SECONDS: Final = 0.3
_LAST: Final = 0.0001
"""How well something fits, where it is no matter of letters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """Something that fits, the better the lower its rank; its name and what is told of it may be anything."""

    rank: int
    name: str
    told: str
    go: Callable[[], object]
    kind: str = ""


class Finding(Provider):
    """Looks through all of them at once; the backfills come when Airflow has told them."""

    async def startup(self) -> None:
        """What there is when the palette is opened."""
        listing = self.program.listing
        self._commands = [*palette(self.program, self.screen)]
        self._rows: list[Row] = listing.rows if listing is not None else []
        self._names = [row.searched for row in self._rows]
        self._beside = [row.searched_beside for row in self._rows]
        # Not waited for here: the rest is found meanwhile.
        self._backfills = asyncio.create_task(self._read_backfills())

    async def shutdown(self) -> None:
        """The palette was closed."""
        self._backfills.cancel()

    @property
    def program(self) -> BackfillApp:
        """The program it belongs to."""
        return cast("BackfillApp", self.app)

    async def discover(self) -> Hits:
        """Before anything is typed: the commands."""
        for command in sorted(self._commands, key=lambda one: one.title):
            yield DiscoveryHit(
                Content(command.title), command.carry_out, text=command.title, help=escape(command.where)
            )

    async def search(self, query: str) -> Hits:
        """What fits, the best first."""
        for hit in (*self._places(query), *self._found_commands(query), *self._found_dags(query)):
            yield hit
        await asyncio.wait([self._backfills], timeout=_PATIENCE_SECONDS)
        if not self._backfills.done():
            # The palette shows what was found so far when one more is found after a moment, and not before.
            told = "Airflow has not told them yet"
            go = partial(opening.show_backfills, self.program)
            yield Hit(_LAST, Content("Open the list of backfills"), go, text="Open the list", help=told)
        for hit in self._found_backfills(query, await self._backfills):
            yield hit

    async def _read_backfills(self) -> tuple[BackfillSummary, ...]:
        program = self.program

        def read() -> tuple[BackfillSummary, ...]:
            # The gateway is not got before this: it may have to be connected first.
            return program.gateway.backfills()

        try:
            return await asyncio.get_running_loop().run_in_executor(None, read)
        except Problem:
            # Whoever looks for one can still open the list, which says what is wrong.
            return ()

    def _found_commands(self, query: str) -> Iterator[Hit]:
        names = [folded(command.title) for command in self._commands]
        labels = [folded(command.label) for command in self._commands]
        loosest = loosest_in_sentences(query)
        for place, rank in [one for one in fits(query, names, labels) if one[1] <= loosest][:_MOST]:
            command = self._commands[place]
            found = _Found(rank=rank, name=command.title, told=command.where, go=command.carry_out)
            yield self._hit(query, found)

    def _found_dags(self, query: str) -> Iterator[Hit]:
        for place, rank in fits(query, self._names, self._beside)[:_MOST]:
            row = self._rows[place]
            told = "does not import" if row.dag is None else f"plan a backfill of it, {row.dag.schedule}"
            kind = "File " if row.dag is None else "Dag "
            go = partial(opening.plan_row, self.program, row)
            yield self._hit(query, _Found(rank=rank, kind=kind, name=row.name, told=told, go=go))

    def _found_backfills(self, query: str, backfills: tuple[BackfillSummary, ...]) -> Iterator[Hit]:
        # By its number alone, by its Dag, or in words: `backfill 7`.
        wanted = " ".join(word for word in query.casefold().split() if word != "backfill").removeprefix("#")
        names = [folded(str(one.facts.dag_id)) for one in backfills]
        numbers = [str(one.facts.backfill_id) for one in backfills]
        fitting = dict(fits(wanted, names))
        exact = {place: 0 for place, number in enumerate(numbers) if number == wanted}
        begun = {place: 1 for place, number in enumerate(numbers) if wanted and number.startswith(wanted)}
        ranks = {**fitting, **begun, **exact}
        if not wanted:
            ranks = dict.fromkeys(range(len(backfills)), 1)
        for place in sorted(ranks, key=lambda one: (ranks[one], one))[:_MOST]:
            facts = backfills[place].facts
            status = STATUS_MARKS[standing_of(backfills[place]).status].word
            found = _Found(
                rank=ranks[place],
                kind="Backfill ",
                name=f"{facts.backfill_id} {facts.dag_id}",
                told=f"{status}, {range_words(facts)}, watch it",
                go=partial(opening.watch, self.program, facts.backfill_id),
            )
            yield self._hit(wanted, found)

    def _places(self, query: str) -> Iterator[Hit]:
        screen = self.screen
        for meant in (screen.places_meant(query) if isinstance(screen, PlaceScreen) else [])[:_MOST]:
            found = _Found(rank=meant.rank, kind=meant.kind, name=meant.words, told=meant.told, go=meant.go)
            yield self._hit(query, found)

    def _hit(self, query: str, found: _Found) -> Hit:
        """One that fits, with the letters that were meant."""
        name, before = one_line(found.name), len(found.kind)
        shown = Content(found.kind + name)
        if self.match_style is not None:
            for letter in matched_letters(query, name):
                shown = shown.stylize(self.match_style, before + letter, before + letter + 1)
        return Hit(1 / (2 + found.rank), shown, found.go, text=name, help=escape(one_line(found.told)))
