"""Ranges by their names: what each means for this Dag now, a key for each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from typing import ClassVar, Final

from rich.style import Style
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.getters import query_one
from textual.widgets import Input

from backfill_tui.domain.dates import Span
from backfill_tui.domain.fuzzy import folded, ranked
from backfill_tui.domain.presets import Preset, presets
from backfill_tui.domain.ranges import RangeContext, describe
from backfill_tui.ui.command import bindings
from backfill_tui.ui.glyphs import Look
from backfill_tui.ui.keymap import shown_key
from backfill_tui.ui.plan_commands import PRESETS_DIALOG, preset_command
from backfill_tui.ui.plan_values import without_weekdays
from backfill_tui.ui.screens.base import Dialog
from backfill_tui.ui.screens.dialog_box import DialogBox
from backfill_tui.ui.text import Part, fit, lit
from backfill_tui.ui.widgets.filter_line import FilterLine
from backfill_tui.ui.widgets.key_line import KeyLine
from backfill_tui.ui.widgets.line_list import LineList

_NAME: Final = 23
_SPAN: Final = 46
_PLAIN: Final = Style()


class PresetList(LineList):
    """The ranges, each with its key."""

    HELP = "Each range with what it means today; one that this Dag has no date for says why."

    DEFAULT_CSS = """
    PresetList { background: $surface; }
    """

    def __init__(self, rows: Sequence[Preset], context: RangeContext, timezone: str) -> None:
        super().__init__()
        self._rows = rows
        self._facts = context
        self._timezone = timezone
        self.styles.height = len(rows) + 1
        self._wanted = ""

    @property
    def row_count(self) -> int:
        """How many there are."""
        return len(self._rows)

    @property
    def current(self) -> Preset | None:
        """The range under the cursor."""
        return self._rows[self.cursor] if self._rows else None

    def show(self, rows: Sequence[Preset], wanted: str) -> None:
        """Show these ranges, with the cursor on the first that is `wanted`, whose letters stand out."""
        under = self.current
        self._rows, self._wanted = rows, wanted
        self.reload()
        self.cursor = 0
        if under is not None and under in rows and not wanted:
            self.point_at(under)

    def point_at(self, preset: Preset) -> None:
        """Put the cursor on one of them."""
        self.cursor = self._rows.index(preset)

    def draw_header(self, width: int) -> str:  # noqa: ARG002  # as long as it is
        """The names of the columns."""
        return f"   {fit('Range', _NAME)} {fit(f'Means now, in {self._timezone}', _SPAN)}"

    def draw_row(self, row: int, width: int, look: Look) -> list[Part]:
        """One range, or why it has none."""
        preset = self._rows[row]
        key = shown_key(preset_command(preset.expression))
        name = lit(preset.name, _NAME, self._wanted, look.text, look.match)
        parts = [(f"{fit(key, 2)} ", look.accent), *name, (" ", look.text)]
        room = width - _NAME - 4
        if preset.span is None:
            return [*parts, (fit(preset.reason, room), look.muted)]
        parts.append((fit(_span_words(preset.span, self._facts.zone), min(_SPAN, room)), look.text))
        words = describe(preset.span, self._facts.zone, self._timezone)
        return [
            *parts,
            (" " if room > _SPAN else "", _PLAIN),
            (fit(words.length, room - _SPAN - 1), look.muted),
        ]


class PresetsDialog(Dialog[Preset | None]):
    """Gives the range that was chosen, None when none was."""

    PLACE = "presets"
    HELP = (
        "A range is taken as it is written, so that it means the same tomorrow from tomorrow's point of view."
    )
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(PRESETS_DIALOG)]
    DEFAULT_CSS = """
    PresetsDialog DialogBox { width: 96; max-width: 98%; padding: 1 1 0 1; }
    """

    filter = query_one(FilterLine)
    list = query_one(PresetList)

    def __init__(self, context: RangeContext, timezone: str) -> None:
        super().__init__()
        self._rows = presets(context)
        self._facts = context
        self._timezone = timezone

    def compose(self) -> ComposeResult:
        """The list and its keys."""
        box = DialogBox()
        box.border_title = "Ranges"
        with box:
            yield FilterLine()
            yield PresetList(self._rows, self._facts, self._timezone)
            yield KeyLine(self.PLACE)

    def on_mount(self) -> None:
        """The keys are those of the list."""
        self.list.focus()

    def action_take(self, key: str) -> None:
        """Take the range of a key."""
        self._take(next(preset for preset in self._rows if preset.key == key))

    @on(LineList.Chosen)
    def action_take_chosen(self) -> None:
        """Take the range under the cursor."""
        if self.list.current is not None:
            self._take(self.list.current)

    def _take(self, preset: Preset) -> None:
        if preset.span is not None:
            self.dismiss(preset)
            return
        # Its row says why it can not be taken.
        if preset not in self._shown():
            self.filter.clear()
            self._show()
        self.list.point_at(preset)

    # The filter

    def action_filter(self) -> None:
        """Type what the list is to be narrowed to."""
        self.filter.edit()
        self.refresh_bindings()

    @on(Input.Changed)
    def _show(self) -> None:
        shown = self._shown()
        self.filter.say(f"{len(shown)} of {len(self._rows)} ranges")
        self.list.empty = (self.filter.none_fits("range", "presets.cancel"),)
        self.list.show(shown, self.filter.wanted)

    @on(Input.Submitted)
    def _filter_done(self) -> None:
        self.filter.done()
        self.list.focus()

    def _shown(self) -> Sequence[Preset]:
        """The ranges that fit what is typed, the best first."""
        names = [folded(preset.name) for preset in self._rows]
        return [self._rows[place] for place in ranked(self.filter.wanted, names)]

    def action_cancel(self) -> None:
        """Show all ranges again, else keep the range as it is."""
        if self.filter.filters:
            self.filter.clear()
            self.list.focus()
        else:
            self.dismiss(None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """While it is typed there is no other way to begin it."""
        return not isinstance(self.focused, Input) if action == "filter" else True


def _span_words(span: Span, zone: tzinfo) -> str:
    """A span in fewer cells."""
    return without_weekdays(describe(span, zone, "").local)
