"""The command `config`."""

from __future__ import annotations

from collections.abc import Mapping

import click

from backfill_tui.commands.options import as_json
from backfill_tui.domain.problems import BadRequest
from backfill_tui.program import Invocation
from backfill_tui.settings import Report


@click.command("config", short_help="Show the settings that count, and where each is set.")
@as_json
@click.option("--path", "only_path", is_flag=True, help="Print only the path of the settings file.")
@click.option("--example", is_flag=True, help="Print a settings file with everything in it, commented out.")
@click.pass_obj
def config(invocation: Invocation, /, *, as_json: bool, only_path: bool, example: bool) -> int:
    """Show the settings that count, and where each is set; starts nothing."""
    if as_json + only_path + example > 1:
        raise BadRequest("--json, --path and --example exclude each other", remedy="give one of them")
    from backfill_tui.headless.streams import paper, voice

    if only_path:
        paper().line(str(invocation.composition.settings_file()))
        return 0
    if example:
        from backfill_tui.settings.example import example as text

        paper().line(text().rstrip("\n"))
        return 0
    from backfill_tui.headless.config import show_settings

    report = invocation.composition.settings(invocation.flags)
    drawn = paper(ascii_signs=invocation.composition.looks(invocation.flags).ascii_signs)
    return show_settings(report, _keys(report), voice(), drawn, as_json=as_json)


def _keys(report: Report) -> Mapping[str, tuple[str, ...]]:
    """The keys that the user gave to commands, in words by id; raises BadRequest as the screen does."""
    if not report.keymap:
        # The commands of the screen are not read for it.
        return {}
    from backfill_tui.ui.keymap_reading import read_keymap

    return read_keymap(report.keymap, report.keymap_from).own_words()
