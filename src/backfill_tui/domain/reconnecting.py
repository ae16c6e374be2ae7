"""How long to go on trying when the way to a bridge elsewhere breaks, as networks do."""

from __future__ import annotations

from typing import Final

WAITS: Final = (1.0, 2.0, 5.0, 10.0, 20.0, *([30.0] * 20))
"""Seconds before each try: soon at first, then for ten minutes, then no more."""
