"""The command line: it reads what was typed, puts the parts together, and says how it ended.

Nothing heavy is imported before the bridge runs: it takes seconds to come up, and everything else can be
imported meanwhile.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

import click

from backfill_tui import __version__
from backfill_tui.domain.problems import BadRequest, Unreachable
from backfill_tui.program import Invocation, Program
from backfill_tui.settings import KEYS

if TYPE_CHECKING:
    from backfill_tui.domain.repairing import RerunScope
    from backfill_tui.headless.engine import EngineRoom
    from backfill_tui.headless.planning import Wish
    from backfill_tui.headless.repairing import RerunWish
    from backfill_tui.headless.session import Session

_REPROCESS: Final = ("none", "failed", "completed")

F = TypeVar("F", bound=Callable[..., object])


_FOLDER = click.Path(path_type=Path)


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
@click.option("--home", type=_FOLDER, metavar="DIR", help="Where the Airflow of its own lives.")
@click.option("--read-only", is_flag=True, help="Refuse everything that changes anything.")
@click.option("--verbose", is_flag=True, help="Show the details of an error.")
@click.version_option(__version__, message="%(prog)s %(version)s")
@click.pass_context
def main(context: click.Context, /, *, verbose: bool, **options: object) -> int:
    """Plan, launch, watch and repair Airflow backfills; without a COMMAND, on the screen."""
    invocation: Invocation = context.obj
    invocation.verbose = verbose
    # A flag that was not given must not hide what the environment or the file says.
    invocation.flags = {key: options[key] for key in KEYS if options[key] not in {None, False}}
    return 0 if context.invoked_subcommand else _run_screen(invocation)


def _run_screen(invocation: Invocation) -> int:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise BadRequest(
            "The screen needs a terminal", remedy="use a command here, backfill-tui --help lists them"
        )
    with invocation.composition.connect(invocation.flags) as connection:
        # Only now: the bridge comes up while Textual is imported.
        from backfill_tui.ui.app import BackfillApp

        app = BackfillApp(
            connect=connection.connect,
            engine=connection.engine,
            read_only=connection.read_only,
            where=connection.where,
            log_folder=connection.log_folder,
        )
        app.run()
    code = app.return_code or 0
    # Textual ends with 1 when the screen breaks, which here would mean a backfill with failures.
    return Unreachable.exit_code if code == 1 else code


_as_json = click.option("--json", "as_json", is_flag=True, help="Data as JSON on stdout.")
_yes = click.option("--yes", is_flag=True, help="Do not ask.")
_wait = click.option("--wait", is_flag=True, help="Follow it to its end; the exit code tells the outcome.")


def _plan_options(command: F) -> F:
    """The options that `plan` and `launch` have in common, in the order of the help."""
    options = [
        click.argument("dag_id"),
        click.option(
            "--from", "from_text", required=True, metavar="INSTANT", help="First date, or an instant."
        ),
        click.option("--to", "to_text", required=True, metavar="INSTANT", help="Last date, inclusive."),
        click.option(
            "--reprocess-behavior",
            type=click.Choice(_REPROCESS),
            default="none",
            show_default=True,
            help="Which finished runs to take again.",
        ),
        click.option("--run-backwards", is_flag=True, help="Newest date first."),
        click.option(
            "--max-active-runs",
            type=click.IntRange(min=1),
            default=10,
            show_default=True,
            metavar="N",
            help="How many runs at a time.",
        ),
        click.option("--conf", default="", metavar="JSON", help="Dag run conf, a JSON object."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def _wish(options: Mapping[str, object]) -> Wish:
    from backfill_tui.domain.planning import ReprocessBehavior
    from backfill_tui.headless.planning import Wish

    return Wish(
        dag_id=str(options["dag_id"]),
        from_text=str(options["from_text"]),
        to_text=str(options["to_text"]),
        reprocess_behavior=ReprocessBehavior(options["reprocess_behavior"]),
        run_backwards=bool(options["run_backwards"]),
        max_active_runs=int(str(options["max_active_runs"])),
        conf=str(options["conf"]),
    )


@main.command("dags")
@_as_json
@click.pass_obj
def dags(invocation: Invocation, /, *, as_json: bool) -> int:
    """List the Dags, and the files that do not import."""
    with _session(invocation, as_json=as_json) as session:
        from backfill_tui.headless.listing import show_dags

        return show_dags(session)


@main.command("plan")
@_plan_options
@_as_json
@click.pass_obj
def plan(invocation: Invocation, /, *, as_json: bool, **options: object) -> int:
    """Show every date of a backfill with its verdict; changes nothing."""
    with _session(invocation, as_json=as_json) as session:
        from backfill_tui.headless.planning import show_plan

        return show_plan(session, _wish(options))


@main.command("launch")
@_plan_options
@_yes
@_wait
@_as_json
@click.pass_obj
def launch(invocation: Invocation, /, *, as_json: bool, yes: bool, wait: bool, **options: object) -> int:
    """Create a backfill, after showing what it does."""
    with _session(invocation, as_json=as_json) as session:
        from backfill_tui.headless.launching import launch as run

        return run(session, _wish(options), yes=yes, wait=wait)


@main.command("watch")
@click.argument("backfill_id", type=click.IntRange(min=1), required=False)
@click.option("--json", "as_json", is_flag=True, help="Each change as a JSON object on a line of stdout.")
@click.pass_obj
def watch(invocation: Invocation, /, *, as_json: bool, backfill_id: int | None) -> int:
    """Follow a backfill to its end: the given one, else the newest active, else the newest."""
    with _session(invocation, as_json=as_json) as session:
        from backfill_tui.headless.watching import watch as run

        return run(session, backfill_id)


@main.command("rerun")
@click.argument("dag_id")
@click.option(
    "--backfill",
    "backfill_id",
    type=click.IntRange(min=1),
    metavar="ID",
    help="This backfill of the Dag; without it the newest.",
)
@click.option("--failed", is_flag=True, help="Of each run only the tasks that failed; the default.")
@click.option("--downstream", is_flag=True, help="Those, and all tasks downstream of them.")
@click.option("--whole-run", is_flag=True, help="All tasks of each run.")
@click.option(
    "--date",
    "dates",
    multiple=True,
    metavar="DAY",
    help="Only the dates of this day, or this instant; may be repeated.",
)
@click.option("--dry-run", is_flag=True, help="Only show what would run again.")
@_yes
@_wait
@_as_json
@click.pass_obj
def rerun(invocation: Invocation, /, *, as_json: bool, **options: object) -> int:
    """Run again what failed in a backfill of a Dag, on all its failed dates or on some."""
    scope = _scope(options)
    with _session(invocation, as_json=as_json) as session:
        from backfill_tui.headless.repairing import rerun as run

        return run(session, _rerun_wish(options, scope))


def _scope(options: Mapping[str, object]) -> RerunScope:
    from backfill_tui.domain.repairing import RerunScope

    if not options["whole_run"]:
        return RerunScope.FAILED_AND_DOWNSTREAM if options["downstream"] else RerunScope.FAILED
    for other in ("failed", "downstream"):
        if options[other]:
            raise BadRequest(f"--whole-run and --{other} exclude each other", remedy="leave one of them out")
    return RerunScope.WHOLE_RUN


def _rerun_wish(options: Mapping[str, object], scope: RerunScope) -> RerunWish:
    from backfill_tui.headless.repairing import RerunWish

    number, dates = options["backfill_id"], options["dates"]
    return RerunWish(
        dag_id=str(options["dag_id"]),
        backfill_id=number if isinstance(number, int) else None,
        scope=scope,
        dates=tuple(map(str, dates)) if isinstance(dates, tuple) else (),
        dry_run=bool(options["dry_run"]),
        yes=bool(options["yes"]),
        wait=bool(options["wait"]),
    )


@main.command("list")
@click.argument("dag_id", required=False)
@_as_json
@click.pass_obj
def list_(invocation: Invocation, /, *, as_json: bool, dag_id: str | None) -> int:
    """List the backfills of one Dag or of all, newest first, each with its status."""
    with _session(invocation, as_json=as_json) as session:
        from backfill_tui.headless.listing import show_backfills

        return show_backfills(session, dag_id)


@main.group("engine")
def engine() -> None:
    """The Airflow that runs a folder's backfills: how it is, stop it, read its logs."""


@engine.command("status")
@_as_json
@click.pass_obj
def engine_status(invocation: Invocation, /, *, as_json: bool) -> int:
    """Say how the engine is; exit code 3 when it does not run."""
    from backfill_tui.headless.engine import show_status

    return show_status(_engine_room(invocation, as_json=as_json))


@engine.command("stop")
@_as_json
@click.pass_obj
def engine_stop(invocation: Invocation, /, *, as_json: bool) -> int:
    """End the engine and its processes; what runs goes on at its next start."""
    from backfill_tui.headless.engine import stop

    return stop(_engine_room(invocation, as_json=as_json))


@engine.command("logs")
@click.argument("component", required=False)
@click.option(
    "--lines",
    type=click.IntRange(min=0),
    default=200,
    show_default=True,
    metavar="N",
    help="How many of the last lines.",
)
@click.option("--follow/--no-follow", default=False, help="Go on with what is written, until ctrl+c.")
@click.option(
    "--json", "as_json", is_flag=True, help="Data as JSON on stdout; with --follow an object a line."
)
@click.pass_obj
def engine_logs(
    invocation: Invocation, /, *, as_json: bool, component: str | None, lines: int, follow: bool
) -> int:
    """Print the end of a log: of the engine, or of its scheduler, api-server, triggerer or bridge."""
    from backfill_tui.headless.engine import show_logs

    return show_logs(_engine_room(invocation, as_json=as_json), component, lines=lines, follow=follow)


@contextmanager
def _session(invocation: Invocation, *, as_json: bool) -> Generator[Session, None, None]:
    with invocation.composition.connect(invocation.flags) as connection:
        from backfill_tui.headless.session import Session
        from backfill_tui.headless.streams import paper, voice

        yield Session(
            gateway=connection.connect(),
            engine=connection.engine,
            voice=voice(),
            paper=paper(),
            as_json=as_json,
            read_only=connection.read_only,
            program=_program_words(invocation.flags),
        )


def _engine_room(invocation: Invocation, *, as_json: bool) -> EngineRoom:
    from backfill_tui.headless.engine import EngineRoom
    from backfill_tui.headless.streams import paper, voice

    parts = invocation.composition.engine(invocation.flags)
    return EngineRoom(
        engine=parts.engine,
        logs=parts.logs,
        voice=voice(),
        paper=paper(),
        as_json=as_json,
        read_only=parts.read_only,
    )


def _program_words(flags: Mapping[str, object]) -> tuple[str, ...]:
    """The words that reach the same Airflow again: only what was typed before the command."""
    words = ["backfill-tui"]
    for name, value in flags.items():
        option = f"--{name.replace('_', '-')}"
        words += [option] if value is True else [option, str(value)]
    return tuple(words)
