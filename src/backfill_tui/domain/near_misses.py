"""What somebody meant who wrote a date in another way than the ones that are read."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from typing import Final

_UNITS: Final = {"min": "minutes", "h": "hours", "d": "days", "w": "weeks", "mo": "months", "y": "years"}
_MONTH_NAMES: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WORDS: Final = (
    (re.compile(r"since"), "it does not say since when"),
    (re.compile(r"since .*|.*\.\..*"), "it is a whole range, with both of its bounds"),
    (re.compile(r"tomorrow|next .*"), "a backfill runs dates that are past"),
    (
        re.compile(r"(?:last |this )?(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?"),
        "a day of the week has to be written as a date",
    ),
    (
        re.compile(r"(?:last|past|previous) (?:minute|hour|day|week|month|quarter|year)s"),
        "it does not say how many",
    ),
    (
        re.compile(
            r"(?:last|past|previous) [a-z-]+(?: [a-z-]+)? (?:minute|hour|day|week|month|quarter|year)s"
        ),
        "its number has to be in digits",
    ),
    (re.compile(r"\d{1,2}([/.-])\d{1,2}\1\d{2,4}"), "the year comes first, with four digits"),
    (
        re.compile(r"\d{4}-\d{2}-\d{2}[t ](?:\d{1,2}(?::\d?)?|\d:\d{2}.*)"),
        "hours and minutes have two digits each",
    ),
)
_PLAIN_DATE: Final = re.compile(r"(\d{4})(?:(\d{2})(\d{2})|[/.](\d{1,2})[/.](\d{1,2}))", re.ASCII)
_YEAR_LAST: Final = re.compile(r"(q\d|w\d{1,2}|[a-z]{3,9}) ?(\d{4})|(\d{4}) ([a-z]{3,9})", re.ASCII)
_COUNTED: Final = re.compile(
    r"(?:last )?(\d{1,6}) ?(?:(min|h|d|w|mo|y)|(minute|hour|day|week|month|quarter|year)s?)(?: ago)?",
    re.ASCII,
)


def near_miss(text: str, phrases: Sequence[str]) -> str:
    """The hint for a text that nothing reads, empty when there is none.

    `text` is short, of one line and in small letters; `phrases` are fixed expressions it may be a misspelling
    of.
    """
    for pattern, hint in _WORDS:
        if pattern.fullmatch(text):
            return hint
    meant = _rewritten(text)
    return would_do(meant) if meant else misspelt(text, phrases)


def misspelt(text: str, phrases: Sequence[str]) -> str:
    """The hint for a text that is nearly one of these expressions; empty when it is none or exactly one."""
    close = difflib.get_close_matches(text, phrases, n=1, cutoff=0.8)
    return would_do(close[0]) if close and close[0] != text else ""


def would_do(expression: str) -> str:
    """The hint that names what can be written instead, to follow "... is not a date"."""
    return f'"{expression}" would be one'


def _rewritten(text: str) -> str:
    if found := _PLAIN_DATE.fullmatch(text):
        year, month, day, month_too, day_too = found.groups()
        return f"{year}-{(month or month_too):0>2}-{(day or day_too):0>2}"
    if found := _YEAR_LAST.fullmatch(text):
        part, year, year_too, part_too = found.groups()
        return _in_year(year or year_too, part or part_too)
    if found := _COUNTED.fullmatch(text):
        number, letter, word = found.groups()
        return f"last {number} {_UNITS[letter] if letter else word + 's'}"
    return ""


def _in_year(year: str, part: str) -> str:
    if part[1].isdigit():
        return f"{year}-{part[0].upper()}{part[1:]:0>{1 if part[0] == 'q' else 2}}"
    month = part[:3]
    return f"{year}-{_MONTH_NAMES.index(month) + 1:02}" if month in _MONTH_NAMES else ""
