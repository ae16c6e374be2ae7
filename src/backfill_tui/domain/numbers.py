"""Numbers in sentences: what is counted, and the words that agree with it."""

from __future__ import annotations


def counted(number: int, one: str, many: str = "") -> str:
    """`1 run`, `3 runs`, `12,000 runs`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def agreed(number: int, verb: str) -> str:
    """The verb as it goes with the number: one run goes, two go; one is, two are."""
    if verb == "be":
        return "is" if number == 1 else "are"
    if number != 1:
        return verb
    return f"{verb}es" if verb == "go" else f"{verb}s"


def their(number: int) -> str:
    """`its` of one, `their` of several."""
    return "its" if number == 1 else "their"
