"""The turned grid, dates across, against a DataTable with the same content: CPU of the thread that draws.

As in `benchmarks.grid`, both sides run in a real terminal of 200x50, and the table has fewer dates.
"""

from __future__ import annotations

from typing import Final

from benchmarks.grid import COLUMNS, GRID_ROWS, compare

TABLE_DATES: Final = 300
"""A DataTable draws every column of a row, seen or not: with 1,000 of them this would take minutes."""

_ROWS: Final = (
    ("first paint", "first paint", 50, None),
    ("page right", "page down", 50, 8.0),
    ("page right, p95", "page down", 95, 16.0),
    ("page right, half of it folded", "page down, folded", 50, 8.0),
    ("1 visible change", "1 change", 50, 3.0),
    ("100 visible changes", "100 changes", 50, 12.0),
    ("10,000 changes", "10000 changes", 50, 25.0),
)


def main() -> None:
    """Run both sides and print them next to each other."""
    dates = f"{COLUMNS} x {GRID_ROWS:,} dates here, {COLUMNS} x {TABLE_DATES} in the table"
    compare(f"UI thread CPU, ms: {dates}", "benchmarks.transposed_side", _ROWS)


if __name__ == "__main__":
    main()
