"""The screens and dialogs that can be opened from anywhere; each is imported when it is."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Final

from backfill_tui.domain.dag_range import DagRange
from backfill_tui.domain.dags import DagFile, DagSummary, ImportProblem
from backfill_tui.domain.environment import EngineStatus, Environment
from backfill_tui.domain.ids import BackfillId, DagId
from backfill_tui.domain.launching import Launched
from backfill_tui.domain.problems import Problem, Refused, Unreachable
from backfill_tui.domain.text import one_line
from backfill_tui.ui.commands import PLACES
from backfill_tui.ui.engine_words import engine_notice
from backfill_tui.ui.keymap import shown_key
from backfill_tui.ui.listing import Row

if TYPE_CHECKING:
    from backfill_tui.ui.app import BackfillApp

_LONG_SECONDS: Final = 15.0


def respect_read_only(program: BackfillApp, environment: Environment) -> None:
    """Write nothing to an Airflow that can only be read, and say why where nobody wished it so."""
    program.read_only = program.read_only or environment.read_only
    if why := environment.read_only_because:
        program.notify(f"Read-only: {one_line(why)}", severity="warning", timeout=_LONG_SECONDS, markup=False)


def tell_engine(program: BackfillApp, old: EngineStatus | None, new: EngineStatus | None) -> None:
    """Say what is worth saying of a change of the engine."""
    notice = engine_notice(old, new)
    if notice is not None:
        program.notify(notice.words, severity=notice.severity, timeout=_LONG_SECONDS, markup=False)


def tell_parsing_asked(program: BackfillApp, file: DagFile) -> None:
    """The Dag processor was asked to parse a file: when that shows, and whether there is one to do it."""
    environment = program.environment
    late = environment is not None and not environment.dag_processors.alive
    when = "no Dag processor is alive, so it waits for one" if late else "the list shows it once it has"
    words = f"Airflow's Dag processor is asked to parse {one_line(file.words)} first: {when}"
    program.notify(words, severity="warning" if late else "information", markup=False)


def watch(program: BackfillApp, watched: BackfillId | DagRange) -> None:
    """Open the watch screen on a backfill, or on the dates of a Dag in a range."""
    from backfill_tui.ui.screens.watch import WatchScreen

    program.push_screen(WatchScreen(watched))


def watch_launched(program: BackfillApp, launched: Launched, dag_id: DagId) -> None:
    """A backfill was created: watch it in the place of its plan, and tell what is not as planned."""
    from backfill_tui.ui.screens.watch import WatchScreen

    program.switch_screen(WatchScreen(launched.backfill_id))
    told = [f'"{dag_id}" was unpaused'] if launched.unpaused else []
    for words in [*told, *launched.remarks]:
        program.notify(one_line(words), timeout=_LONG_SECONDS, markup=False)
    program.start_engine()
    program.read_dags()


def show_backfills(program: BackfillApp, dag_id: DagId | None = None) -> None:
    """Open the list of backfills, with the cursor on the newest of a Dag."""
    from backfill_tui.ui.screens.backfills import BackfillsScreen

    program.push_screen(BackfillsScreen(dag_id))


def plan_row(program: BackfillApp, row: Row) -> None:
    """Plan a backfill of a Dag, from wherever one is, or show why its file does not import."""
    from backfill_tui.ui.screens.dags import DagsScreen

    dags = program.screen_stack[0]
    if isinstance(dags, DagsScreen):
        dags.plan_row(row)


def find_anything(program: BackfillApp) -> None:
    """Open the palette."""
    from textual.command import CommandPalette

    from backfill_tui.ui.finding import PLACEHOLDER, Finding

    if not isinstance(program.screen, CommandPalette):
        program.push_screen(CommandPalette([Finding], placeholder=PLACEHOLDER, id="--command-palette"))


def show_problem(program: BackfillApp, problem: Problem) -> None:
    """Show a problem over whatever is on the screen."""
    from backfill_tui.ui.screens.problem import ProblemDialog

    program.push_screen(ProblemDialog(problem))


def show_import_problem(program: BackfillApp, problem: ImportProblem) -> None:
    """Show why a Dag file does not import."""
    from backfill_tui.ui.screens.problem import ProblemDialog

    program.push_screen(ProblemDialog.of_import(problem))


def show_why_not(program: BackfillApp, dag: DagSummary) -> None:
    """Show why a Dag can not be backfilled."""
    show_problem(
        program,
        Refused(
            f'"{dag.dag_id}" can not be backfilled: {dag.not_backfillable_because}',
            remedy="a backfill needs a schedule with periods, such as @daily or a cron expression",
        ),
    )


def show_lost(program: BackfillApp, problem: Problem) -> None:
    """Show that the bridge is lost, and how to start another one."""
    key = shown_key("app.reconnect")
    remedy = f"close this and press {key} to start it again; what was last read stays on the screen"
    show_problem(program, Unreachable(problem.message, remedy=remedy, detail=problem.detail))


def save_screenshot(program: BackfillApp) -> None:
    """Write the screen as a picture, and tell where; in a browser it is downloaded there."""
    from backfill_tui.ui.pictures import picture_name, write_picture

    picture = program.export_screenshot(title=f"{program.TITLE}: {place_title(program)}")
    name = picture_name(place_title(program), program.clock())
    if program.is_web:
        program.deliver_text(StringIO(picture), save_filename=name, mime_type="image/svg+xml")
        return
    try:
        path = write_picture(picture, Path(), name)
    except Problem as problem:
        program.notify(one_line(str(problem)), severity="error", timeout=_LONG_SECONDS, markup=False)
    else:
        program.notify(f"Saved as {one_line(str(path))}", timeout=_LONG_SECONDS, markup=False)


def place_title(program: BackfillApp) -> str:
    """What the help and the palette call the open screen."""
    return PLACES[getattr(program.screen, "PLACE", "dags")].title


def show_help(program: BackfillApp) -> None:
    """Open the help for the open screen and what has the focus on it."""
    from backfill_tui.ui.help_text import HelpText
    from backfill_tui.ui.screens.help import HelpDialog

    screen, focused = program.screen, program.screen.focused
    purposes = [getattr(screen, "HELP", ""), focused.HELP if focused else ""]
    place = PLACES[getattr(screen, "PLACE", "dags")]
    bound = screen.active_bindings.values()
    held = {one.binding.id for one in bound if one.node is focused and one.binding.id}
    program.push_screen(HelpDialog(HelpText(place, "\n\n".join(filter(None, purposes)), held)))
