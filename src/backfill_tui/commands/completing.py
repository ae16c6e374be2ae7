"""The command `completion`."""

from __future__ import annotations

import os
from pathlib import PurePath
from typing import Final

import click
from click.shell_completion import get_completion_class

from backfill_tui.domain.problems import BadRequest

_SHELLS: Final = ("bash", "zsh", "fish")


@click.command("completion", short_help="Print the script that completes commands at the tab key.")
@click.argument("shell", type=click.Choice(_SHELLS), required=False)
@click.pass_context
def completion(context: click.Context, /, *, shell: str | None) -> int:
    """Print what lets a shell complete the commands with the tab key; without a name, for yours.

    For bash: eval "$(backfill-tui completion bash)"
    """
    name = shell or PurePath(os.environ.get("SHELL", "")).name
    found = get_completion_class(name) if name in _SHELLS else None
    if found is None:
        raise BadRequest("It is not known which shell this is", remedy=f"name one of {', '.join(_SHELLS)}")
    from backfill_tui.headless.streams import paper

    root = context.find_root()
    script = found(root.command, {}, root.info_name or "", "_BACKFILL_TUI_COMPLETE").source()
    paper().line(script.rstrip("\n"))
    return 0
