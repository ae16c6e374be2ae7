from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backfill_tui.domain.text import harmless, one_line


@pytest.mark.parametrize(
    ("outside", "shown"),
    [
        ("plain", "plain"),
        ("[/red] [bold]x[/]", "[/red] [bold]x[/]"),
        ("日本語 ✗ é", "日本語 ✗ é"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b[2J\x1b[Hgone?", "gone?"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b]52;c;c2VjcmV0\x1b\\copied", "copied"),
        ("\x1bPq#0;2;0;0;0\x1b\\sixel", "sixel"),
        ("\x1bcreset", "reset"),
        ("\x9b31mc1", "c1"),
        ("bell\x07", "bell\ufffd"),
        ("back\x08space", "back\ufffdspace"),
        ("cr\rover", "cr\ufffdover"),
        ("dos\r\nline", "dos\nline"),
        ("evil\u202egpj.exe", "evil\ufffdgpj.exe"),
        ("mark\u061cof an alphabet", "mark\ufffdof an alphabet"),
        ("caf\udce9 is not UTF-8", "caf\ufffd is not UTF-8"),
        ("tab\tand\nnewline", "tab\tand\nnewline"),
    ],
)
def test_outside_text_is_shown_literally_and_without_control(outside: str, shown: str) -> None:
    assert harmless(outside) == shown


def test_a_string_sequence_that_never_ends_takes_only_its_own_line() -> None:
    assert harmless("\x1b]0;never closed\nthe next line") == "\nthe next line"


@given(st.text())
def test_nothing_that_controls_a_terminal_is_left(outside: str) -> None:
    shown = harmless(outside)
    assert not [
        letter for letter in shown if letter not in "\n\t" and (ord(letter) < 32 or 127 <= ord(letter) < 160)
    ]


@given(st.text())
def test_making_harmless_twice_changes_nothing(outside: str) -> None:
    assert harmless(harmless(outside)) == harmless(outside)


@given(st.text(alphabet=st.characters(categories=["L", "N", "P", "S", "Zs"])))
def test_text_without_control_stays_as_it_is(outside: str) -> None:
    assert harmless(outside) == outside


@given(st.text())
def test_one_line_is_one_line(outside: str) -> None:
    assert "\n" not in one_line(outside)
    assert "\t" not in one_line(outside)
