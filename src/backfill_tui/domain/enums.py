"""`StrEnum` on every Python this program supports."""

from __future__ import annotations

import sys

if sys.version_info >= (3, 11):
    from enum import StrEnum as StrEnum  # noqa: PLC0414  # an explicit re-export
else:
    from enum import Enum

    class StrEnum(str, Enum):
        """An enumeration whose members are their own words (Python 3.10 has none)."""

        __str__ = str.__str__
        __format__ = str.__format__  # type: ignore[assignment]  # what StrEnum itself does
