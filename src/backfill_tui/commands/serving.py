"""The command that brings the screen to a browser."""

from __future__ import annotations

import click

from backfill_tui.commands.sessions import program_words
from backfill_tui.commands.words import WORDS
from backfill_tui.domain.problems import BadRequest
from backfill_tui.program import Invocation

_USUAL_PORT = 8000
_EXTRA = frozenset({"aiohttp", "textual_serve"})


@click.command("serve", short_help="Show the screen in a browser.")
@click.option(
    "--host",
    type=WORDS,
    default="127.0.0.1",
    show_default=True,
    metavar="ADDRESS",
    help="Where to listen.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=_USUAL_PORT,
    show_default=True,
    metavar="PORT",
    help="0 takes a free one.",
)
@click.option(
    "--allow-remote", is_flag=True, help="Let other machines in, unencrypted; whoever has the key can launch."
)
@click.option(
    "--allow-host",
    "names",
    type=WORDS,
    multiple=True,
    metavar="NAME",
    help="A name browsers may reach it by, as behind a proxy; may be repeated.",
)
@click.pass_obj
def serve(
    invocation: Invocation, /, *, host: str, port: int, allow_remote: bool, names: tuple[str, ...]
) -> int:
    """Show the screen in a browser: each page is a session of its own, ctrl+c ends them all."""
    # What is set wrong is said here and now, and not on every page.
    invocation.composition.settings(invocation.flags)
    try:
        from backfill_tui.web.serving import serve_screen
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] not in _EXTRA:
            raise
        raise BadRequest(
            "The screen in a browser needs the package textual-serve, which is not installed",
            remedy='pip install textual-serve, or install backfill-tui with its extra "web"',
        ) from missing
    from backfill_tui.headless.streams import paper, voice

    return serve_screen(
        program_words(invocation.flags),
        host=host,
        port=port,
        allow_remote=allow_remote,
        names=names,
        voice=voice(),
        paper=paper(),
    )
