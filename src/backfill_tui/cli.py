"""The command line: it reads what was typed before the command, and opens the screen where there is none."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any, Final

import click

from backfill_tui import __version__
from backfill_tui.commands.completing import completion
from backfill_tui.commands.configuring import config
from backfill_tui.commands.controlling import cancel, pause, remove, reopen, resume
from backfill_tui.commands.engine import engine
from backfill_tui.commands.exporting import export
from backfill_tui.commands.failing import failures
from backfill_tui.commands.following import rerun, watch
from backfill_tui.commands.lists import dags, journal, list_
from backfill_tui.commands.marking import mark, undo
from backfill_tui.commands.names import PROFILE
from backfill_tui.commands.pausing import pause_dag, unpause_dag
from backfill_tui.commands.plans import launch, plan
from backfill_tui.commands.serving import serve
from backfill_tui.commands.sessions import shown_words
from backfill_tui.commands.words import WORDS
from backfill_tui.domain.looks import SignChoice, ThemeChoice
from backfill_tui.domain.problems import BadRequest, Unreachable
from backfill_tui.program import Invocation, Program
from backfill_tui.settings import FLAGS


class _Folder(click.Path):
    """A path with something in it: an empty one would be the folder one stands in."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return super().convert(WORDS.convert(str(value), param, ctx), param, ctx)


_FOLDER: Final = _Folder(path_type=Path)


@click.group(cls=Program, invoke_without_command=True, context_settings={"max_content_width": 100})
@click.option(
    "--dags-folder",
    type=_FOLDER,
    metavar="DIR",
    help="Use the Dags of this folder, on an Airflow of its own.",
)
@click.option(
    "--airflow-home", type=_FOLDER, metavar="DIR", help="Attach to the Airflow of this AIRFLOW_HOME."
)
@click.option(
    "--airflow-python",
    type=_FOLDER,
    metavar="PATH",
    help="The Python of that Airflow; this program need not be installed there.",
)
@click.option(
    "--bridge-command",
    type=WORDS,
    metavar="COMMAND",
    help="Reach an Airflow elsewhere: a command that starts python -m backfill_tui.bridge there.",
)
@click.option(
    "--profile", type=PROFILE, metavar="NAME", help="The Airflow of this profile of the settings file."
)
@click.option("--home", type=_FOLDER, metavar="DIR", help="Where the Airflow of its own lives.")
@click.option(
    "--confirm",
    type=PROFILE,
    metavar="NAME",
    help="The name of a production profile, where nobody can be asked.",
)
@click.option("--read-only", is_flag=True, help="Refuse everything that changes anything.")
@click.option(
    "--theme",
    type=click.Choice([*map(str, ThemeChoice)]),
    help="The colours of the screen; auto suits the terminal.",
)
@click.option(
    "--signs",
    type=click.Choice([*map(str, SignChoice)]),
    help="The signs that are drawn; auto suits the terminal.",
)
@click.option("--verbose", is_flag=True, help="Show the details of an error.")
@click.version_option(__version__, message="%(prog)s %(version)s")
@click.pass_context
def main(context: click.Context, /, *, verbose: bool, confirm: str | None, **options: object) -> int:
    """Plan, launch, watch and repair Airflow backfills; without a COMMAND, on the screen."""
    invocation: Invocation = context.obj
    invocation.verbose = verbose
    invocation.confirmed = confirm
    # A flag that was not given must not hide what the environment or the file says.
    invocation.flags = {key: options[key] for key in FLAGS if options[key] not in {None, False}}
    return 0 if context.invoked_subcommand else _run_screen(invocation)


_COMMANDS: Final = (
    *(dags, plan, launch, watch, failures, export, rerun, mark, undo, list_, journal),
    *(pause, resume, cancel, reopen, remove),
    *(pause_dag, unpause_dag, engine, config, completion, serve),
)
for _command in _COMMANDS:
    main.add_command(_command)


def _run_screen(invocation: Invocation) -> int:
    # A page in a browser has no terminal, but a driver of Textual that `serve` names.
    if not os.environ.get("TEXTUAL_DRIVER") and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise BadRequest(
            "The screen needs a terminal", remedy="use a command here, backfill-tui --help lists them"
        )
    with invocation.composition.connect(invocation.flags) as connection:
        # Only now: the bridge comes up while Textual is imported.
        from backfill_tui.ui.app import BackfillApp
        from backfill_tui.ui.keymap_reading import read_keymap
        from backfill_tui.ui.producing import asking_on

        app = BackfillApp(
            connect=connection.connect,
            engine=connection.engine,
            read_only=connection.read_only,
            where=connection.where,
            profile=connection.profile,
            reconnects=connection.reconnects,
            log_folder=connection.log_folder,
            program_words=shown_words(invocation.flags),
            may_notify=connection.notify,
            notify_command=connection.notify_command,
            looks=connection.looks,
            first_times=connection.first_times,
            keymap=read_keymap(connection.keymap, connection.keymap_from),
        )
        connection.agreement.asked_by(asking_on(app))
        app.run()
    code = app.return_code or 0
    # Textual ends with 1 when the screen breaks, which here would mean a backfill with failures.
    return Unreachable.exit_code if code == 1 else code
