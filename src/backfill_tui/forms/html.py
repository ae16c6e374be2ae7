"""A page that stands alone: no script, no foreign address, and outside text that stays text.

Its Content-Security-Policy lets a browser load nothing and use no style but the page's own.
"""

from __future__ import annotations

import base64
import hashlib
import html
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from backfill_tui.domain.text import harmless, one_line
from backfill_tui.forms.page_style import STYLE

_POLICY: Final = "default-src 'none'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'"


@dataclass(frozen=True, slots=True)
class Markup:
    """Text that is HTML already; whatever is not is outside text."""

    html: str


Text = str | Markup


def plain(text: str) -> str:
    """Outside text on one line, escaped, for an attribute or the inside of a picture."""
    return html.escape(one_line(text))


def outside(text: Text) -> str:
    """Outside text, escaped, whose direction of writing does not reach beyond it."""
    return text.html if isinstance(text, Markup) else f"<bdi>{plain(text)}</bdi>"


def page(title: str, parts: Iterable[str]) -> Iterator[str]:
    """The whole document around its parts."""
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    yield (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY.format(digest)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n<meta name="referrer" content="no-referrer">\n'
        f"<title>{plain(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
    )
    yield from parts
    yield "</main>\n</body>\n</html>\n"


def heading(text: Text, level: int = 2) -> str:
    """A heading."""
    return f"<h{level}>{outside(text)}</h{level}>\n"


def paragraph(text: Text, kind: str = "") -> str:
    """A paragraph."""
    return f"<p{_class(kind)}>{outside(text)}</p>\n"


def facts(pairs: Iterable[tuple[str, Text]]) -> Iterator[str]:
    """Names and what they are; a pair without anything is left out."""
    yield "<dl>\n"
    for name, value in pairs:
        if value != "":
            yield f"<div><dt>{plain(name)}</dt><dd>{outside(value)}</dd></div>\n"
    yield "</dl>\n"


def footer(version: str) -> str:
    """Who wrote it."""
    made = f"Written by backfill-tui {plain(version)}"
    return f"<footer>{made}; this page loads nothing and holds no script</footer>\n"


def block(text: str) -> Markup:
    """Outside text of several lines, as it is."""
    return Markup(f"<pre><bdi>{html.escape(harmless(text))}</bdi></pre>")


@dataclass(frozen=True, slots=True)
class Column:
    """A heading of a table; numbers stand right, `kind` is a class of its cells."""

    name: str
    number: bool = False
    kind: str = ""


def table(caption: str, columns: Sequence[Column], rows: Iterable[Sequence[Text]]) -> Iterator[str]:
    """A table, its rows made while it is written."""
    classes = [
        _class(" ".join(filter(None, ["number" if each.number else "", each.kind]))) for each in columns
    ]
    heads = "".join(
        f'<th scope="col"{name}>{plain(each.name)}</th>' for each, name in zip(columns, classes, strict=True)
    )
    yield f'<div class="wide"><table>\n<caption>{plain(caption)}</caption>\n<thead><tr>{heads}</tr></thead>\n'
    yield "<tbody>\n"
    for row in rows:
        cells = (f"<td{name}>{outside(cell)}</td>" for cell, name in zip(row, classes, strict=True))
        yield f"<tr>{''.join(cells)}</tr>\n"
    yield "</tbody>\n</table></div>\n"


def _class(name: str) -> str:
    return f' class="{name}"' if name else ""
