"""The plain signs of terminals without Unicode."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual._border import BORDER_CHARS
from textual.color import Color
from textual.scrollbar import ScrollBarRender

import backfill_tui.ui
from backfill_tui.ui.signs import ASCII_SIGNS, PlainSigns, plain_sign

GROUND = Color(0, 0, 0)


def shown(text: str, *, ascii_signs: bool = True, charset: str = "utf-8") -> str:
    (segment,) = PlainSigns(ascii_signs=ascii_signs, charset=charset).apply([Segment(text)], GROUND)
    return segment.text


def texts_of(module: Path) -> Iterator[str]:
    """The texts that a module can draw: all of them but those that document it."""
    tree = ast.parse(module.read_text("utf-8"))
    documenting = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documenting:
            yield node.value


def test_every_sign_of_the_screen_has_a_plain_one() -> None:
    folder = Path(backfill_tui.ui.__file__).parent
    signs = {
        sign
        for module in folder.rglob("*.py")
        if module.name != "signs.py"
        for text in texts_of(module)
        for sign in text
        if not sign.isascii()
    }
    assert len(signs) > 20
    assert [sign for sign in signs if not plain_sign(sign).isascii()] == []


def test_every_border_of_the_screen_has_a_plain_one() -> None:
    for name in ("round", "solid", "heavy", "double", "thick"):
        for sign in {sign for row in BORDER_CHARS[name] for sign in row}:
            assert plain_sign(sign).isascii(), (name, sign)
    assert "".join(map(plain_sign, "╭─╮│╰━┌┘")) == "+-+|+=++"


def test_a_plain_sign_takes_the_cells_of_the_other() -> None:
    for sign, plain in ASCII_SIGNS.items():
        assert plain.isascii()
        assert cell_len(sign) == len(plain)


def test_only_signs_change_and_outside_text_stays() -> None:
    assert shown("✗ Überweisung 日本 … (•)") == "X Überweisung 日本 ~ (*)"
    assert shown("plain") == "plain"


def test_what_the_encoding_lacks_is_a_question_mark_for_every_cell() -> None:
    assert shown("✗ Über 日本", charset="ISO-8859-1") == "X Über ????"
    assert shown("✗ Über 日本", charset="ANSI_X3.4-1968") == "X ?ber ????"
    assert shown("Über", charset="no such encoding") == "?ber"
    assert shown("█ é", ascii_signs=False, charset="ISO-8859-1") == "? é"


@pytest.mark.parametrize("text", ["👩‍🚀 went", "e\u0301tude", "🏳️‍🌈"])
def test_characters_that_are_drawn_as_one_keep_their_cells(text: str) -> None:
    assert cell_len(shown(text, charset="ascii")) == Segment(text).cell_length


def test_the_ends_of_a_scroll_bar_are_left_out() -> None:
    grabbed = Style(meta={"@mouse.down": "grab"})
    for sign in ScrollBarRender.VERTICAL_BARS:
        (segment,) = PlainSigns(ascii_signs=True, charset="utf-8").apply([Segment(sign, grabbed)], GROUND)
        assert segment.text == " "
