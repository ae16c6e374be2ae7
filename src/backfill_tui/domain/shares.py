"""How the cells of a bar are shared out among what it shows."""

from __future__ import annotations

from collections.abc import Sequence


def shares(numbers: Sequence[int], width: int) -> list[int]:
    """How many of `width` cells each number gets: nothing for 0, else at least one; and all cells go.

    Where there are fewer cells than numbers, the bar is as long as it has to be; of nothing it has no cell.
    """
    total = sum(numbers)
    if not total:
        return [0 for _ in numbers]
    cells = [max(1, number * width // total) if number else 0 for number in numbers]
    largest = max(range(len(numbers)), key=lambda at: numbers[at])
    cells[largest] = max(1, cells[largest] + width - sum(cells))
    return cells
