"""A snapshot fixture for whole screens."""

from __future__ import annotations

import re

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode
from syrupy.types import PropertyFilter, PropertyMatcher, SerializableData, SerializedData


class Picture(SingleFileSnapshotExtension):
    """An SVG a file, without the ids that Rich derives from the content and without the fonts it links."""

    file_extension = "svg"
    _write_mode = WriteMode.TEXT

    def serialize(
        self,
        data: SerializableData,
        *,
        exclude: PropertyFilter | None = None,
        include: PropertyFilter | None = None,
        matcher: PropertyMatcher | None = None,
    ) -> SerializedData:
        """The picture's text."""
        del exclude, include, matcher
        plain = re.sub(r"@font-face\s*\{.*?\}\s*", "", str(data), flags=re.DOTALL)
        return re.sub(r"terminal-\d+", "terminal", plain)


@pytest.fixture
def picture(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """Compares `app.export_screenshot()` with the picture that was looked at and kept."""
    return snapshot.use_extension(Picture)
