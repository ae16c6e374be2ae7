"""Ranges by their names: what each means for this Dag now, a key for each."""

from __future__ import annotations

from datetime import tzinfo
from typing import ClassVar, Final

from rich.style import Style
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.getters import query_one

from backfill_tui.domain.dates import Span
from backfill_tui.domain.presets import Preset, presets
from backfill_tui.domain.ranges import RangeContext, describe
from backfill_tui.ui.command import bindings
from backfill_tui.ui.glyphs import Look
from backfill_tui.ui.keymap import shown_key
from backfill_tui.ui.plan_commands import PRESETS_DIALOG, preset_command
from backfill_tui.ui.plan_values import without_weekdays
from backfill_tui.ui.screens.base import Dialog
from backfill_tui.ui.screens.dialog_box import DialogBox
from backfill_tui.ui.text import Part, fit
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

    def __init__(self, rows: tuple[Preset, ...], context: RangeContext, timezone: str) -> None:
        super().__init__()
        self._rows = rows
        self._facts = context
        self._timezone = timezone
        self.styles.height = len(rows) + 1

    @property
    def row_count(self) -> int:
        """How many there are."""
        return len(self._rows)

    @property
    def current(self) -> Preset:
        """The range under the cursor."""
        return self._rows[self.cursor]

    def draw_header(self, width: int) -> str:  # noqa: ARG002  # as long as it is
        """The names of the columns."""
        return f"   {fit('Range', _NAME)} {fit(f'Means now, in {self._timezone}', _SPAN)}"

    def draw_row(self, row: int, width: int, look: Look) -> list[Part]:
        """One range, or why it has none."""
        preset = self._rows[row]
        key = shown_key(preset_command(preset.expression))
        parts = [(f"{fit(key, 2)} ", look.accent), (f"{fit(preset.name, _NAME)} ", look.text)]
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
            yield PresetList(self._rows, self._facts, self._timezone)
            yield KeyLine(self.PLACE)

    def action_take(self, key: str) -> None:
        """Take the range of a key."""
        self._take(next(preset for preset in self._rows if preset.key == key))

    @on(LineList.Chosen)
    def action_take_chosen(self) -> None:
        """Take the range under the cursor."""
        self._take(self.list.current)

    def action_cancel(self) -> None:
        """Keep the range as it is."""
        self.dismiss(None)

    def _take(self, preset: Preset) -> None:
        if preset.span is None:
            # Its row says why it can not be taken.
            self.list.cursor = self._rows.index(preset)
        else:
            self.dismiss(preset)


def _span_words(span: Span, zone: tzinfo) -> str:
    """A span in fewer cells."""
    return without_weekdays(describe(span, zone, "").local)
