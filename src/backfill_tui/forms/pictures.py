"""The grid and the strip as pictures in a page: a sign a cell, drawn while they are written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from backfill_tui.forms.html import Markup, plain
from backfill_tui.forms.signs import Sign, symbols

_STEP: Final = 12
_SIZE: Final = 10
_LABEL: Final = 108
_A_LINE: Final = 75
_LETTER: Final = 5.4
_MOST_LETTERS: Final = 28
MOST_STRIP_CELLS: Final = 15_000
"""A longer strip lets a cell stand for several dates."""


def shapes(signs: Iterable[Sign]) -> str:
    """The shapes that the pictures and the texts of a page draw by name, once for all."""
    return f'<svg class="shapes" aria-hidden="true">{"".join(symbols(signs))}</svg>\n'


def inline(sign: Sign) -> str:
    """A sign in running text."""
    return f'<svg class="sign {sign.colour}" aria-hidden="true"><use href="#{sign.name}"/></svg>'


def said(sign: Sign, words: str = "") -> Markup:
    """A sign with its word, or with others."""
    return Markup(f"{inline(sign)}<bdi>{plain(words or sign.word)}</bdi>")


def legend(signs: Iterable[Sign]) -> str:
    """What the signs mean."""
    items = "".join(f"<li>{said(sign).html}</li>" for sign in dict.fromkeys(signs) if sign.shape)
    return f'<ul class="legend" aria-label="Legend">{items}</ul>\n'


@dataclass(frozen=True, slots=True)
class Strip:
    """So many dates, each with a sign and a name; `gravest` chooses of those that share a cell."""

    number: int
    sign_at: Callable[[int], Sign]
    name_at: Callable[[int], str]
    gravest: Callable[[Iterable[Sign]], Sign]

    @property
    def dates_a_cell(self) -> int:
        """How many dates one cell stands for: 1, unless there are very many."""
        return max(1, -(-self.number // MOST_STRIP_CELLS))


def strip(dates: Strip, caption: str) -> Iterator[str]:
    """The strip: lines of cells, each line begun by the name of its first date."""
    each = dates.dates_a_cell
    cells = -(-dates.number // each)
    lines = -(-cells // _A_LINE)
    width = _LABEL + min(cells, _A_LINE) * _STEP
    yield _opening(width, lines * _STEP + 2, caption)
    for cell in range(cells):
        line, place = divmod(cell, _A_LINE)
        first, last = cell * each, min(dates.number, (cell + 1) * each) - 1
        if place == 0:
            yield f'<text x="0" y="{line * _STEP + 9}">{_cut(dates.name_at(first))}</text>\n'
        sign = dates.gravest(map(dates.sign_at, range(first, last + 1))) if each > 1 else dates.sign_at(first)
        name = dates.name_at(first) if first == last else f"{dates.name_at(first)} to {dates.name_at(last)}"
        yield _cell(sign, _LABEL + place * _STEP, line * _STEP, f"{name}: {sign.word}")
    yield _closing(caption)


def grid(
    names: Sequence[str],
    tasks: Sequence[str],
    sign_of: Callable[[int], Sign],
    cells_of: Callable[[int], Sequence[Sign]],
    caption: str,
) -> Iterator[str]:
    """The grid: a line a date with the sign of its run, then a cell a task."""
    heads = ["Run", *map(_cut, tasks)]
    head = int(max(len(_plain_cut(task)) for task in ["Run", *tasks]) * _LETTER) + 8
    # The last heading leans out of the picture's right side.
    width = _LABEL + (len(heads) + 1) * _STEP + head
    yield _opening(width, head + len(names) * _STEP + 2, caption)
    for place, words in enumerate(heads):
        x = _LABEL + place * _STEP + 8 + (6 if place else 0)
        yield f'<text transform="translate({x} {head - 4}) rotate(-60)">{words}</text>\n'
    for row, name in enumerate(names):
        y = head + row * _STEP
        yield f'<text x="0" y="{y + 9}">{_cut(name)}</text>\n'
        run = sign_of(row)
        yield _cell(run, _LABEL, y, f"{name}: {run.word}")
        for place, sign in enumerate(cells_of(row)):
            if sign.shape:
                x = _LABEL + 6 + (place + 1) * _STEP
                yield _cell(sign, x, y, f"{name}, {tasks[place]}: {sign.word}")
    yield _closing(caption)


def _opening(width: int, height: int, caption: str) -> str:
    return (
        f'<figure><svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        f'aria-label="{plain(caption)}">\n'
    )


def _closing(caption: str) -> str:
    return f"</svg><figcaption>{plain(caption)}</figcaption></figure>\n"


def _cell(sign: Sign, x: int, y: int, words: str) -> str:
    return (
        f'<use href="#{sign.name}" class="{sign.colour}" x="{x}" y="{y + 1}" '
        f'width="{_SIZE}" height="{_SIZE}">'
        f"<title>{plain(words)}</title></use>\n"
    )


def _plain_cut(text: str) -> str:
    return text if len(text) <= _MOST_LETTERS else f"{text[: _MOST_LETTERS - 1]}…"


def _cut(text: str) -> str:
    return plain(_plain_cut(text))
