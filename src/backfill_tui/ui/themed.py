"""An app in the looks that were chosen: its themes, its signs, and whether it has colours at all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from textual.app import App
from textual.filter import ANSIToTruecolor, LineFilter

from backfill_tui.domain.looks import Looks
from backfill_tui.ui.attributes import Attributes
from backfill_tui.ui.signs import PlainSigns
from backfill_tui.ui.themes import THEMES, next_choice, state_colours, theme_of

PLAIN_LOOKS: Final = Looks()


class ThemedApp(App[None], inherit_bindings=False):
    """An app with the themes of this program, drawn with what the terminal can show."""

    def __init__(self, *, looks: Looks = PLAIN_LOOKS) -> None:
        super().__init__()
        self.looks = looks
        self.no_color = not looks.in_colour
        self._filters_for = ""
        self._line_filters: tuple[LineFilter, ...] = ()
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = theme_of(looks.theme).name

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """The colours of the states, for themes that know nothing of them."""
        theme = self.current_theme
        return state_colours(dark=theme.dark, ansi=theme.ansi)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """What each line goes through before the terminal gets it; the same ones as long as the theme is."""
        # Lines that were drawn are kept by the filters they went through, so these must not be made anew.
        if self._filters_for != self.theme:
            self._line_filters = tuple(self._new_filters())
            self._filters_for = self.theme
        return self._line_filters

    def action_next_theme(self) -> None:
        """Change to the next theme, and say how to keep it."""
        choice = next_choice(self.theme)
        self.theme = theme_of(choice).name
        self.clear_notifications()
        self.notify(f'Theme {choice}: theme = "{choice}" in the settings keeps it', timeout=3, markup=False)

    def _new_filters(self) -> Iterator[LineFilter]:
        if self.no_color or self.native_ansi_color:
            yield Attributes(self.get_css_variables(), in_colour=not self.no_color)
        else:
            yield ANSIToTruecolor(self.ansi_theme)
        if self.looks.ascii_signs or self.looks.charset != "utf-8":
            yield PlainSigns(ascii_signs=self.looks.ascii_signs, charset=self.looks.charset)
