"""Outside text as it may stand in a spreadsheet."""

from __future__ import annotations

from typing import Final

from backfill_tui.domain.text import harmless

# A spreadsheet runs what begins so, also in the letters of Asian keyboards.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def safe_cell(text: str | None) -> str | None:
    """Outside text for a spreadsheet: harmless, and behind an apostrophe where it would be a formula."""
    if text is None:
        return None
    plain = harmless(text)
    return f"'{plain}" if plain.startswith(_FORMULA) else plain
