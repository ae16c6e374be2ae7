"""The browser of the tests, which takes no download of its own."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from scripts.installing import MissingError, install


@dataclass(frozen=True, kw_only=True)
class Tool:
    """A program that tests need; `variable` is the one that names it, `names` are its usual ones."""

    title: str
    variable: str
    names: Sequence[str]
    packages: Mapping[str, str]

    def path(self, environment: Mapping[str, str]) -> str | None:
        """Where it is; None where it is not. MissingError when another one is named than can be run."""
        named = environment.get(self.variable)
        if named:
            if not os.access(named, os.X_OK):
                raise MissingError(f"{self.variable} names {named}, which can not be run")
            return named
        return next((found for name in self.names if (found := shutil.which(name))), None)

    def had(self, environment: Mapping[str, str]) -> str:
        """Where it is, installed if need be; MissingError when there is no way to it."""
        if not self.path(environment):
            install(self.title, self.packages)
        found = self.path(environment)
        if found is None:
            raise MissingError(
                f"{self.title} is needed and could not be installed: "
                f"install it, or name its program with {self.variable}"
            )
        return found


CHROMIUM: Final = Tool(
    title="Chromium",
    variable="BACKFILL_TUI_TEST_CHROMIUM",
    names=(
        "chromium",
        "chromium-browser",
        "google-chrome",
        "google-chrome-stable",
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
    ),
    packages={"": "chromium"},
)
