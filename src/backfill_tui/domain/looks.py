"""How the screen is to look: which colours and which signs the terminal it is on can show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from backfill_tui.domain.enums import StrEnum


class ThemeChoice(StrEnum):
    """The themes by the names that a user gives them; `auto` is what suits the terminal."""

    AUTO = "auto"
    DARK = "dark"
    LIGHT = "light"
    HIGH_CONTRAST = "high-contrast"
    ANSI = "ansi"


class SignChoice(StrEnum):
    """The signs that states, borders and bars are drawn with; `auto` is what the terminal can show."""

    AUTO = "auto"
    UNICODE = "unicode"
    ASCII = "ascii"


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """The looks of one session. `theme` is never `auto`.

    `charset` is the name of an encoding: what it has no character for can not be shown at all, outside text
    neither. `in_colour` is False where NO_COLOR is set.
    """

    theme: ThemeChoice = ThemeChoice.DARK
    ascii_signs: bool = False
    charset: str = "utf-8"
    in_colour: bool = True


_MANY_COLOURS: Final = ("256color", "kitty", "direct")
"""The endings of the names of terminals that have more than sixteen colours."""
_LIGHT_BACKGROUNDS: Final = ("7", "15")
_FEW_SIGNS: Final = ("linux", "dumb", "ansi", "unknown", "cons25", "sun")
"""Terminals whose fonts lack most signs. The names of DEC's begin with `vt`."""
_LOCALE_VARIABLES: Final = ("LC_ALL", "LC_CTYPE", "LANG")
"""The variables that set the encoding of a terminal, the one that counts first."""


def looks_of(theme: ThemeChoice, signs: SignChoice, environment: Mapping[str, str], codeset: str) -> Looks:
    """The looks that were chosen or suit the terminal; `codeset` is the encoding that the locale set."""
    in_browser = "web_driver" in environment.get("TEXTUAL_DRIVER", "")
    # A browser shows everything, whatever terminal the server was started from.
    charset = "utf-8" if in_browser else _charset(environment, codeset)
    # A locale without Unicode was set by who knows that terminal; who asks for Unicode all the same gets it.
    charset = "utf-8" if signs is SignChoice.UNICODE else charset
    if theme is ThemeChoice.AUTO:
        theme = ThemeChoice.DARK if in_browser else _suitable_theme(environment)
    if signs is SignChoice.AUTO:
        few = not in_browser and _has_few_signs(environment.get("TERM", ""))
        signs = SignChoice.ASCII if few or not _is_unicode(charset) else SignChoice.UNICODE
    return Looks(
        theme=theme,
        ascii_signs=signs is SignChoice.ASCII,
        charset=charset,
        # The convention: set, to whatever, but not to nothing.
        in_colour=not environment.get("NO_COLOR"),
    )


def _suitable_theme(environment: Mapping[str, str]) -> ThemeChoice:
    term = environment.get("TERM", "").lower()
    many = environment.get("COLORTERM", "").strip().lower() in {"truecolor", "24bit"}
    if not many and term.rpartition("-")[2] not in _MANY_COLOURS:
        return ThemeChoice.ANSI
    # `15;0`: some terminals say by numbers of the sixteen colours what they write with, and on what.
    background = environment.get("COLORFGBG", "").rpartition(";")[2]
    return ThemeChoice.LIGHT if background in _LIGHT_BACKGROUNDS else ThemeChoice.DARK


def _has_few_signs(term: str) -> bool:
    name = term.lower().partition("-")[0]
    return name in _FEW_SIGNS or name.startswith("vt")


def _charset(environment: Mapping[str, str], codeset: str) -> str:
    """The encoding by the name of the locale, which the machine may not have, else the one that was set."""
    named = next((value for key in _LOCALE_VARIABLES if (value := environment.get(key))), "")
    if _is_unicode(named.partition(".")[2].partition("@")[0]):
        return "utf-8"
    return "utf-8" if _is_unicode(codeset) else codeset or "ascii"


def _is_unicode(charset: str) -> bool:
    return charset.lower().replace("-", "").replace("_", "") in {"utf8", "utf16", "utf32", "gb18030"}
