"""What is asked before each change to an Airflow that is marked production, whoever makes the change."""

from __future__ import annotations

from collections.abc import Callable

from backfill_tui.domain.problems import Refused
from backfill_tui.domain.profiles import Profile

Question = Callable[[Profile, str], bool]
"""Asks the user whether what continues "Type the name of the profile to ..." is to be done; blocks."""


class Agreement:
    """Stands before every change of a gateway, so that no screen and no command can forget to ask.

    Without a profile, or with one that is not production, nothing is asked. With one that is, nothing is
    changed until somebody has said by `asked_by` how to ask.
    """

    def __init__(self, profile: Profile | None = None) -> None:
        self._profile = profile if profile is not None and profile.production else None
        self._question: Question | None = None

    def asked_by(self, question: Question) -> None:
        """Ask by this from now on."""
        self._question = question

    def require(self, what: str) -> None:
        """Return when the user agrees; raises Refused otherwise. May wait as long as the user does."""
        if self._profile is None:
            return
        if self._question is None or not self._question(self._profile, what):
            raise Refused("Nothing was done: the name of the profile was not typed")
