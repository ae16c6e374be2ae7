"""A page as a reader gets it: its tags checked, its text, and what it would load."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

_EMPTY = frozenset({"meta", "rect", "path", "circle", "br"})
_SHAPES = frozenset({"rect", "path", "circle", "use"})


@dataclass
class Page:
    """What was found in a page."""

    tags: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    texts: list[tuple[str, str]] = field(default_factory=list)

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.tags)

    def text(self, tag: str = "") -> list[str]:
        """The texts directly in such tags, or all."""
        return [text for inside, text in self.texts if tag in {"", inside}]

    @property
    def words(self) -> str:
        return " ".join(text for inside, text in self.texts if inside != "style")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.page = Page()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.page.tags.append((tag, dict(attrs)))
        if tag not in _EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in _SHAPES, f"<{tag}/> is no end in HTML"
        self.page.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open[-1] == tag, f"</{tag}> in <{self.open[-1]}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.page.texts.append((self.open[-1] if self.open else "", data))


def read_page(text: str) -> Page:
    """The page, whose tags must fit; it must stand alone and do nothing."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    assert reader.open == []
    page = reader.page
    _check_stands_alone(page, text)
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    drawn = {(attributes["href"] or "")[1:] for tag, attributes in page.tags if tag == "use"}
    assert drawn <= set(ids)
    return page


def _check_stands_alone(page: Page, text: str) -> None:
    assert page.tags[0][0] == "html"
    for tag, attributes in page.tags:
        assert tag not in {"script", "link", "img", "iframe", "object", "base", "form", "a", "image"}
        for name, value in attributes.items():
            assert not name.startswith("on")
            assert name not in {"src", "style", "srcset", "action"}
            assert name != "href" or (value or "").startswith("#")
    (policy,) = [
        attributes["content"]
        for tag, attributes in page.tags
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert "url(" not in style
    assert "@import" not in style
    # Nothing hidden and nothing that turns the direction of writing round.
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]", text)
