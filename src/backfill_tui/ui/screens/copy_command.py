"""The plan as commands that ask for the same, each to be copied by a key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, Final

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content

from backfill_tui.domain.as_command import Commands, commands_of
from backfill_tui.domain.planning import BackfillPlan
from backfill_tui.domain.problems import BadRequest
from backfill_tui.domain.text import harmless
from backfill_tui.ui import opening
from backfill_tui.ui.command import bindings
from backfill_tui.ui.keymap import shown_key
from backfill_tui.ui.plan_commands import COPY
from backfill_tui.ui.plan_values import Wishes, size_words
from backfill_tui.ui.screens.base import Dialog
from backfill_tui.ui.screens.dialog_box import DialogBox
from backfill_tui.ui.widgets.key_line import KeyLine
from backfill_tui.ui.widgets.scrolled_text import ScrolledText

if TYPE_CHECKING:
    from backfill_tui.ui.app import BackfillApp

_SHOWN: Final = 4_000
_NAMES: Final = {
    "airflow": "Airflow's own command",
    "own": "The command of this program",
    "rest": "The call of Airflow's REST API",
}


def open_copy_dialog(program: BackfillApp, plan: BackfillPlan, wishes: Wishes) -> None:
    """Show the commands of a plan, or why there are none."""
    try:
        commands = commands_of(
            plan,
            program=program.program_words,
            note=wishes.note,
            stop_after_failures=wishes.stop_after_failures,
        )
    except BadRequest as problem:
        opening.show_problem(program, problem)
        return
    program.push_screen(CopyCommandDialog(commands))


class CopyCommandDialog(Dialog[None]):
    """Shows three lines of shell; what is copied is the whole line, also of one too long to be shown."""

    PLACE = "copy"
    HELP = (
        "Three commands that ask for this plan. The clipboard is set through the terminal (OSC 52), which "
        "works over SSH, but not every terminal takes it."
    )
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(COPY)]
    DEFAULT_CSS = """
    CopyCommandDialog DialogBox { width: 120; }
    """

    def __init__(self, commands: Commands) -> None:
        super().__init__()
        self._lines = {"airflow": commands.airflow, "own": commands.own, "rest": commands.rest}

    def compose(self) -> ComposeResult:
        """The commands and their keys."""
        box = DialogBox()
        box.border_title = "As a command"
        with box:
            yield ScrolledText(Content("\n").join([*self._words()]))
            yield KeyLine(self.PLACE)

    def action_copy(self, name: str) -> None:
        """Put one of them on the clipboard of the terminal."""
        line = self._lines[name]
        self.app.copy_to_clipboard(line)
        self.notify(
            f"{_NAMES[name]} was sent to the clipboard ({_size(line)}), "
            "which needs a terminal that takes OSC 52",
            markup=False,
        )

    def action_close(self) -> None:
        """Close it."""
        self.dismiss(None)

    def _words(self) -> Iterator[Content]:
        for name, words in _NAMES.items():
            yield Content.assemble((f"{shown_key(f'copy.{name}')}  ", "$accent"), (words, "bold"))
            yield Content(harmless(self._lines[name][:_SHOWN]))
            if len(self._lines[name]) > _SHOWN:
                yield Content.styled(f"… {_size(self._lines[name])} in all, copied whole", "$muted")
            yield Content("")
        yield Content.styled(
            "The variables stand for what only you know; nothing secret is in here", "$muted"
        )


def _size(line: str) -> str:
    return f"{len(line):,} letters" if len(line) <= _SHOWN else size_words(line)
