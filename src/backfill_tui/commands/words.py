"""Texts as options and arguments."""

from __future__ import annotations

from typing import Final

import click


class Words(click.types.StringParamType):
    """A text with something in it.

    An empty one, as a shell makes of a variable that is not set, must not be taken for an option that was
    left out: `--task "$TASK"` would rerun every failed task instead of the one that was meant.
    """

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The text as it is; refused when it is blank."""
        if not value.strip():
            self.fail("it is empty", param, ctx)
        return value


WORDS: Final = Words()
