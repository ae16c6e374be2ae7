"""Putting the parts together: what the commands are given to work with, and how it is made."""

from __future__ import annotations

from backfill_tui.composition.parts import Composition, Connection, EngineParts
from backfill_tui.composition.real import RealComposition, names_of

__all__ = ["Composition", "Connection", "EngineParts", "RealComposition", "names_of"]
