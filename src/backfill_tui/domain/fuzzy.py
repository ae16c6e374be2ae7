"""Finding names by some of their letters: which match, in which order, and which letters it was.

What has the letters in a row comes before what has them only in their order, so that typing on never loses
what was seen to be meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Final

_WHOLE, _BEGINNING, _OF_A_WORD, _WITHIN, _BESIDE, LOOSE = range(6)
"""How well a word fits a name, the best first; from the last on less so with every letter between."""
_PER_LETTER: Final = 2


def folded(text: str) -> str:
    """The text in small letters, one for each of its own, so that a place in one is a place in the other."""
    small = text.casefold()
    if len(small) == len(text):
        return small
    return "".join(letter.casefold()[:1] or letter for letter in text)


def ranked(query: str, names: Sequence[str], beside: Sequence[str] = ()) -> list[int]:
    """The places of the names that a query fits, the best first; as `fits` has them."""
    return [place for place, _ in fits(query, names, beside)]


def fits(query: str, names: Sequence[str], beside: Sequence[str] = ()) -> list[tuple[int, int]]:
    """The places of the names that every word of `query` fits, the best first, else in their own order.

    With each place comes how badly it fits: 0 for a name that is the word itself, and so on.
    `names` and `beside` are folded. A word fits a name that has its letters in their order, or that has the
    word itself in its entry of `beside`, its tags for instance. All fit an empty query.
    """
    words = folded(query).split()
    if not words:
        return [(place, 0) for place in range(len(names))]
    found = _ranks(words[0], range(len(names)), names, beside)
    for word in words[1:]:
        further = dict(_ranks(word, [place for place, _ in found], names, beside))
        found = [(place, rank + further[place]) for place, rank in found if place in further]
    found.sort(key=itemgetter(1))
    return found


def fitting_sentences(query: str, sentences: Sequence[str], beside: Sequence[str] = ()) -> list[int]:
    """The places of the sentences that a query fits, in their own order; as `fits` takes them.

    Almost anything fits a whole sentence somehow; what is meant has not many letters between.
    """
    loosest = loosest_in_sentences(query)
    return sorted(place for place, rank in fits(query, sentences, beside) if rank <= loosest)


def loosest_in_sentences(query: str) -> int:
    """How badly a query may fit a sentence that is still meant."""
    return LOOSE + 3 * len(query)


def matched_letters(query: str, text: str) -> tuple[int, ...]:
    """The places of the letters of a text that the words of a query stand for; none for a word without."""
    name = folded(text)
    places: set[int] = set()
    for word in folded(query).split():
        start = _best_start(word, name)
        if start >= 0:
            places.update(range(start, start + len(word)))
        elif (found := _loosely(word).search(name)) is not None:
            places.update(_backwards(word, name, found.end()))
    return tuple(sorted(places))


def _ranks(
    word: str, places: Iterable[int], names: Sequence[str], beside: Sequence[str]
) -> list[tuple[int, int]]:
    """Of the names at these places those that a word fits, each with how badly."""
    search, size = _loosely(word).search, len(word)
    found = []
    for place in places:
        name = names[place]
        at = name.find(word)
        if at >= 0:
            found.append((place, _tight_rank(word, name, at)))
        elif beside and word in beside[place]:
            found.append((place, _BESIDE))
        elif (match := search(name)) is not None:
            end = at = match.end()
            for letter in reversed(word):
                at = name.rfind(letter, 0, at)
            inside = at > 0 and name[at - 1].isalnum()
            found.append((place, LOOSE + (end - at - size) * _PER_LETTER + inside))
    return found


def _tight_rank(word: str, name: str, at: int) -> int:
    if at == 0:
        return _WHOLE if len(word) == len(name) else _BEGINNING
    while at >= 0:
        if not name[at - 1].isalnum():
            return _OF_A_WORD
        at = name.find(word, at + 1)
    return _WITHIN


def _best_start(word: str, name: str) -> int:
    """Where a word stands in a name, at the beginning of one of its words if it does there; else -1."""
    first = at = name.find(word)
    while at > 0:
        if not name[at - 1].isalnum():
            return at
        at = name.find(word, at + 1)
    return first


def _backwards(word: str, name: str, end: int) -> Iterator[int]:
    """The letters of a word in a name, the last that end there."""
    for letter in reversed(word):
        end = name.rfind(letter, 0, end)
        yield end


@lru_cache(maxsize=64)
def _loosely(word: str) -> re.Pattern[str]:
    """What has the letters of a word in their order."""
    first, *rest = map(re.escape, word)
    return re.compile(first + "".join(f"[^{letter}]*{letter}" for letter in rest), re.DOTALL)
