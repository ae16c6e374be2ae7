"""Which colours and signs suit a terminal."""

from __future__ import annotations

import pytest

from backfill_tui.domain.looks import Looks, SignChoice, ThemeChoice, looks_of

XTERM = {"TERM": "xterm-256color", "LANG": "en_US.UTF-8"}


def looks(codeset: str = "UTF-8", **environment: str) -> Looks:
    return looks_of(ThemeChoice.AUTO, SignChoice.AUTO, {**XTERM, **environment}, codeset)


def test_a_terminal_of_today_gets_everything() -> None:
    assert looks() == Looks(theme=ThemeChoice.DARK, ascii_signs=False, charset="utf-8", in_colour=True)


@pytest.mark.parametrize(
    ("environment", "theme"),
    [
        ({"TERM": "xterm-256color"}, ThemeChoice.DARK),
        ({"TERM": "screen"}, ThemeChoice.ANSI),
        ({"TERM": "linux"}, ThemeChoice.ANSI),
        ({"TERM": ""}, ThemeChoice.ANSI),
        ({"TERM": "screen", "COLORTERM": "truecolor"}, ThemeChoice.DARK),
        ({"COLORFGBG": "0;15"}, ThemeChoice.LIGHT),
        ({"COLORFGBG": "0;default;7"}, ThemeChoice.LIGHT),
        ({"COLORFGBG": "15;0"}, ThemeChoice.DARK),
        ({"TERM": "linux", "COLORFGBG": "0;15"}, ThemeChoice.ANSI),
    ],
)
def test_the_theme_suits_the_terminal_unless_one_is_chosen(
    environment: dict[str, str], theme: ThemeChoice
) -> None:
    assert looks(**environment).theme is theme
    chosen = looks_of(ThemeChoice.HIGH_CONTRAST, SignChoice.AUTO, {**XTERM, **environment}, "UTF-8")
    assert chosen.theme is ThemeChoice.HIGH_CONTRAST


@pytest.mark.parametrize("term", ["linux", "linux-16color", "dumb", "vt100", "vt220-w", "ansi", "DUMB"])
def test_a_terminal_that_lacks_the_signs_gets_ascii(term: str) -> None:
    found = looks(TERM=term)
    assert found.ascii_signs
    assert found.charset == "utf-8", "what is outside text can still be shown"


@pytest.mark.parametrize(
    ("environment", "codeset", "charset"),
    [
        ({"LC_ALL": "C"}, "ANSI_X3.4-1968", "ANSI_X3.4-1968"),
        ({"LC_ALL": "de_DE", "LANG": "de_DE.UTF-8"}, "ISO-8859-1", "ISO-8859-1"),
        ({"LANG": "", "LC_CTYPE": "POSIX"}, "", "ascii"),
    ],
)
def test_a_locale_without_unicode_gets_ascii_and_nothing_it_can_not_show(
    environment: dict[str, str], codeset: str, charset: str
) -> None:
    found = looks(codeset, **environment)
    assert found.ascii_signs
    assert found.charset == charset


@pytest.mark.parametrize(
    ("environment", "codeset"),
    [
        ({"LANG": ""}, "UTF-8"),
        # A machine without that locale falls back to C; the terminal is what its user says all the same.
        ({"LC_ALL": "xx_YY.utf8"}, "ANSI_X3.4-1968"),
        ({"LANG": "", "LC_CTYPE": "de_DE.UTF-8@euro"}, "ANSI_X3.4-1968"),
    ],
)
def test_a_locale_with_unicode_gets_the_signs(environment: dict[str, str], codeset: str) -> None:
    found = looks(codeset, **environment)
    assert not found.ascii_signs
    assert found.charset == "utf-8"


def test_signs_that_are_chosen_are_drawn_whatever_the_terminal_says() -> None:
    poor = {"TERM": "linux", "LC_ALL": "C"}
    assert looks_of(ThemeChoice.AUTO, SignChoice.UNICODE, poor, "ANSI_X3.4-1968") == Looks(
        theme=ThemeChoice.ANSI
    )
    assert looks_of(ThemeChoice.AUTO, SignChoice.ASCII, XTERM, "UTF-8").ascii_signs


@pytest.mark.parametrize(("value", "in_colour"), [("1", False), ("0", False), ("", True)])
def test_no_color_counts_when_it_is_set_to_anything(value: str, *, in_colour: bool) -> None:
    assert looks(NO_COLOR=value).in_colour is in_colour


def test_a_browser_shows_everything_whatever_the_server_was_started_from() -> None:
    web = {"TERM": "dumb", "LC_ALL": "C", "TEXTUAL_DRIVER": "textual.drivers.web_driver:WebDriver"}
    assert looks_of(ThemeChoice.AUTO, SignChoice.AUTO, web, "ANSI_X3.4-1968") == Looks()
