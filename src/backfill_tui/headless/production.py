"""Asking on a terminal, or by an option, before a change to an Airflow that is marked production."""

from __future__ import annotations

from backfill_tui.domain.problems import Refused
from backfill_tui.domain.profiles import Profile
from backfill_tui.domain.text import one_line
from backfill_tui.gateway.agreement import Question
from backfill_tui.headless.voice import Voice


def typed(voice: Voice, confirmed: str | None) -> Question:
    """The question of one command; a command that changes in several parts asks once.

    `confirmed` is the name that was given as an option.
    """
    agreed: set[str] = set()

    def ask(profile: Profile, what: str) -> bool:
        name = one_line(profile.name)
        if profile.name in agreed:
            return True
        if confirmed is not None and confirmed != profile.name:
            raise Refused(
                f'Nothing was done: the profile is {name}, not "{one_line(confirmed)}"',
                remedy="give its name with --confirm",
            )
        answer = confirmed or voice.ask_name(f"{name} is production. Type {name} to {what}:")
        if answer is None:
            raise Refused(
                f"Nothing was done: {name} is marked production, and nobody can be asked here",
                remedy=f"add --confirm {name} before the command",
            )
        if answer.strip() != profile.name:
            return False
        agreed.add(profile.name)
        return True

    return ask
