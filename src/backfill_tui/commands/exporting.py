"""The command `export`, and the options of all that is written to a file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from backfill_tui.commands.names import DAG_ID, FILE
from backfill_tui.commands.options import as_json, choice_of, from_date, of_backfill, to_date
from backfill_tui.commands.sessions import session
from backfill_tui.domain.problems import BadRequest
from backfill_tui.program import Invocation

if TYPE_CHECKING:
    from backfill_tui.forms.files import Format

_FORMATS: Final = ("csv", "json", "html")

out_file = click.option(
    "--out",
    type=FILE,
    metavar="FILE",
    help="Write it to this file, for you alone and whole or not at all; - is stdout.",
)
force = click.option("--force", is_flag=True, help="Write over a file that is there.")


@click.command("export", short_help="Write the outcome of a backfill as CSV, JSON or a page.")
@click.argument("dag_id", type=DAG_ID)
@of_backfill
@from_date
@to_date
@click.option(
    "--format",
    "form",
    type=click.Choice(_FORMATS),
    help="The form.  [default: what FILE ends with, else csv]",
)
@click.option("--dates", "dates_only", is_flag=True, help="Of CSV a row for each date, not for each task.")
@out_file
@force
@as_json
@click.pass_obj
def export(invocation: Invocation, /, *, as_json: bool, **options: object) -> int:
    """Write the outcome of a backfill to keep it: as CSV, as JSON, or as a page with the grid as a picture.

    With --from it is that of the runs of the Dag on these dates, whatever made them.
    """
    if as_json and options["form"] not in {None, "json"}:
        raise BadRequest(f"--json and --format {options['form']} contradict", remedy="leave one of them out")
    path = path_of(options)
    form = form_of(path, "json" if as_json else options["form"], "--format csv, json or html")
    if options["dates_only"] and form != "csv":
        raise BadRequest(f"--dates is of CSV, and this is {form}", remedy="leave it out")
    choice = choice_of({**options, "dates": ()}, "export")
    with session(invocation, as_json=as_json) as opened:
        from backfill_tui.headless.exporting import ExportWish
        from backfill_tui.headless.exporting import export as run
        from backfill_tui.headless.targets import Target

        target = Target(path=path, force=bool(options["force"]))
        wish = ExportWish(choice=choice, form=form, target=target, dates_only=bool(options["dates_only"]))
        return run(opened, wish)


def path_of(options: Mapping[str, object]) -> Path | None:
    """The file that is meant, None for stdout; BadRequest for a `--force` of nothing."""
    out = options["out"]
    if out is None or out == "-":
        if options["force"]:
            raise BadRequest("--force is of a file, and there is none", remedy="name one with --out")
        return None
    from backfill_tui.forms.files import path_named

    return path_named(str(out))


def form_of(path: Path | None, named: object, how: str) -> Format:
    """The form: the one that is named, else what the file's name ends with, on stdout CSV."""
    from backfill_tui.forms.files import Format, format_of

    if named not in {None, "table"}:
        return Format(str(named))
    found = Format.CSV if path is None else format_of(path.name)
    if found is None or named == "table":
        raise BadRequest("The name of the file does not tell the form", remedy=f"add {how}")
    return found
