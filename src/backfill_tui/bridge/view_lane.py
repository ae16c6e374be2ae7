"""The rows that somebody looks at, read again in turn, so that what was edited in them is seen soon."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Sequence


class ViewLane:
    """Gives some of the rows in view at each tick; those that have just come into view are the first."""

    def __init__(self) -> None:
        self._in_view: Sequence[int] = ()
        self._order: deque[int] = deque()

    def next(self, in_view: Sequence[int], number: int, besides: Collection[int] = ()) -> list[int]:
        """So many of the ordinals in view, but none of those that are read `besides`."""
        if in_view != self._in_view:
            before, now = set(self._in_view), set(in_view)
            stays = [ordinal for ordinal in self._order if ordinal in now]
            self._order = deque([ordinal for ordinal in in_view if ordinal not in before] + stays)
            self._in_view = in_view
        found: list[int] = []
        for _ in range(len(self._order)):
            if len(found) == number:
                break
            ordinal = self._order[0]
            self._order.rotate(-1)
            if ordinal not in besides:
                found.append(ordinal)
        return found
