"""The commands `plan` and `launch`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, TypeVar, cast

import click

from backfill_tui.commands.exporting import force, form_of, out_file, path_of
from backfill_tui.commands.names import DAG_ID, VERDICTS
from backfill_tui.commands.options import as_json, quiet, wait, yes
from backfill_tui.commands.sessions import session
from backfill_tui.commands.words import WORDS
from backfill_tui.domain.problems import BadRequest
from backfill_tui.program import Invocation

if TYPE_CHECKING:
    from backfill_tui.headless.agreeing import LaunchTerms
    from backfill_tui.headless.plan_forms import PlanForm
    from backfill_tui.headless.wishes import Wish

_REPROCESS: Final = ("none", "failed", "completed")
_OUTPUTS: Final = ("table", "json", "csv", "html")
_COMMANDS: Final = ("airflow", "own", "rest", "all")

F = TypeVar("F", bound=Callable[..., object])


def _plan_options(command: F) -> F:
    """The options that `plan` and `launch` have in common, in the order of the help."""
    options = [
        click.argument("dag_id", type=DAG_ID),
        click.option(
            "--range",
            "range_text",
            type=WORDS,
            metavar="RANGE",
            help="The dates: 2024-03, 2024-Q1, last 30 days, since last success, 2024-01-01..2024-02-15.",
        ),
        click.option(
            "--from", "from_text", type=WORDS, metavar="DATE", help="Or their first date, or an instant."
        ),
        click.option("--to", "to_text", type=WORDS, metavar="DATE", help="And their last date, inclusive."),
        click.option(
            "--holes",
            is_flag=True,
            help="Missing and failed dates, of the range or since the Dag's start.",
        ),
        click.option(
            "--reprocess-behavior",
            type=click.Choice(_REPROCESS),
            help="Which finished runs to take again.  [default: none]",
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
        click.option(
            "--original-version",
            is_flag=True,
            help="Runs taken again keep the Dag version they had, instead of the latest.",
        ),
        click.option(
            "--conf",
            type=WORDS,
            metavar="JSON|@FILE|-",
            help="Dag run conf: a JSON object, a file of it, or - for stdin.",
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command


@click.command("plan", short_help="Show every date with its verdict; changes nothing.")
@_plan_options
@click.option(
    "--only",
    type=VERDICTS,
    metavar="VERDICTS",
    help="Show only these dates: create, reprocess, skip, not_yet, with commas between.",
)
@click.option("--output", type=click.Choice(_OUTPUTS), help="How to print the dates.  [default: table]")
@click.option("--json", "as_json", is_flag=True, help="Short for --output json.")
@out_file
@force
@click.option(
    "--as-command",
    is_flag=False,
    flag_value="all",
    type=click.Choice(_COMMANDS),
    help="Print the plan as a command that launches it: Airflow's, ours, or the REST call.",
)
@click.pass_obj
def plan(invocation: Invocation, /, **options: object) -> int:
    """Show every date of a backfill with its verdict; changes nothing."""
    _check_usage(options)
    form = _form(options)
    with session(invocation) as opened:
        from backfill_tui.headless.planning import show_plan

        return show_plan(opened, _wish(options), form)


@click.command("launch")
@_plan_options
@yes
@click.option(
    "--accept",
    "accepted",
    type=WORDS,
    multiple=True,
    metavar="CODE",
    help="Do not ask if no warning but this wants a yes; may be repeated.",
)
@click.option("--unpause", is_flag=True, help="Unpause the Dag with the launch, if it is paused.")
@click.option("--paused", is_flag=True, help="Create the backfill paused; no run starts until it is resumed.")
@click.option("--note", type=WORDS, metavar="TEXT", help="A note for each of its runs that has none.")
@click.option(
    "--stop-after-failures",
    type=click.IntRange(min=1),
    metavar="N",
    help="Pause it once N runs have failed, as long as it is watched: by --wait, by watch, or on the screen.",
)
@click.option(
    "--if-unchanged",
    type=WORDS,
    metavar="FINGERPRINT",
    help="Only if the plan is still the one that plan --json gave this fingerprint.",
)
@wait
@quiet
@as_json
@click.pass_obj
def launch(invocation: Invocation, /, *, as_json: bool, quiet: bool, **options: object) -> int:
    """Create a backfill, after showing what it does."""
    _check_usage(options)
    if options["paused"] and options["wait"]:
        raise BadRequest(
            "--paused and --wait contradict: a paused backfill never ends", remedy="leave one of them out"
        )
    _check_note(str(options["note"] or ""))
    with session(invocation, as_json=as_json, quiet=quiet) as opened:
        from backfill_tui.headless.launching import launch as run

        return run(opened, _wish(options), _terms(options))


def _check_note(note: str) -> None:
    from backfill_tui.domain.launching import MOST_NOTE_CHARACTERS

    if len(note) > MOST_NOTE_CHARACTERS:
        raise BadRequest(
            f"--note has {len(note):,} characters, and Airflow keeps {MOST_NOTE_CHARACTERS:,}",
            remedy="make it shorter",
        )


def _check_usage(options: Mapping[str, object]) -> None:
    """Refuse what contradicts itself, before anything is started for it."""
    given = {name for name, value in options.items() if value not in {None, False}}
    for pair in (
        {"range_text", "from_text"},
        {"range_text", "to_text"},
        {"as_command", "output"},
        {"as_command", "as_json"},
        {"as_command", "only"},
        {"as_command", "out"},
    ):
        if pair <= given:
            one, other = (_OPTION_OF[name] for name in _OPTION_OF if name in pair)
            raise BadRequest(f"{one} and {other} exclude each other", remedy="leave one of them out")
    if "as_json" in given and options.get("output") not in {None, "json"}:
        raise BadRequest(
            f"--json and --output {options['output']} contradict", remedy="leave one of them out"
        )
    if options["holes"] and options["reprocess_behavior"] not in {None, "failed"}:
        behavior = options["reprocess_behavior"]
        raise BadRequest(
            f"--holes takes failed runs again, which contradicts --reprocess-behavior {behavior}",
            remedy="leave one of them out",
        )
    bounds = {"from_text", "to_text"} & given
    if len(bounds) == 1:
        missing = "--to" if "from_text" in bounds else "--from"
        raise click.UsageError(f"Missing option '{missing}'", click.get_current_context())
    if not bounds and not {"range_text", "holes"} & given:
        raise click.UsageError("Missing option '--range'", click.get_current_context())


_OPTION_OF: Final = {
    "range_text": "--range",
    "from_text": "--from",
    "to_text": "--to",
    "as_command": "--as-command",
    "output": "--output",
    "as_json": "--json",
    "only": "--only",
    "out": "--out",
}


def _wish(options: Mapping[str, object]) -> Wish:
    from backfill_tui.domain.planning import ReprocessBehavior
    from backfill_tui.headless.wishes import Wish

    return Wish(
        dag_id=str(options["dag_id"]),
        range_text=cast("str | None", options["range_text"]),
        from_text=cast("str | None", options["from_text"]),
        to_text=cast("str | None", options["to_text"]),
        holes=bool(options["holes"]),
        reprocess_behavior=ReprocessBehavior(options["reprocess_behavior"] or "none"),
        run_backwards=bool(options["run_backwards"]),
        max_active_runs=int(str(options["max_active_runs"])),
        conf=str(options["conf"] or ""),
        run_on_latest_version=not options["original_version"],
    )


def _terms(options: Mapping[str, object]) -> LaunchTerms:
    from backfill_tui.headless.agreeing import LaunchTerms

    return LaunchTerms(
        yes=bool(options["yes"]),
        accepted=frozenset(cast("tuple[str, ...]", options["accepted"])),
        wait=bool(options["wait"]),
        unpause=bool(options["unpause"]),
        paused=bool(options["paused"]),
        note=str(options["note"] or ""),
        stop_after_failures=cast("int | None", options["stop_after_failures"]),
        if_unchanged=str(options["if_unchanged"] or ""),
    )


def _form(options: Mapping[str, object]) -> PlanForm:
    from backfill_tui.headless.plan_forms import Output, PlanForm, verdicts_of
    from backfill_tui.headless.targets import Target

    only = options["only"]
    if only is None and options["holes"]:
        only = "create,reprocess"
    path = path_of(options)
    output = "json" if options["as_json"] else str(options["output"] or "table")
    if path is not None and output == "table":
        output = str(form_of(path, options["output"], "--output csv, json or html"))
    return PlanForm(
        output=Output(output),
        only=None if only is None else verdicts_of(str(only)),
        command=cast("str | None", options["as_command"]),
        target=Target(path=path, force=bool(options["force"])),
    )
