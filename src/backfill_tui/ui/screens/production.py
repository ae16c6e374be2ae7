"""The last question before a change to an Airflow that is marked production: its name has to be typed."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.getters import query_one
from textual.widgets import Input, Static

from backfill_tui.domain.profiles import Profile
from backfill_tui.domain.text import one_line
from backfill_tui.ui.command import bindings
from backfill_tui.ui.profile_commands import PRODUCTION
from backfill_tui.ui.screens.base import Dialog
from backfill_tui.ui.screens.dialog_box import DialogBox
from backfill_tui.ui.widgets.conf_field import Field
from backfill_tui.ui.widgets.key_line import KeyLine
from backfill_tui.ui.widgets.profile_mark import profile_mark


class ProductionDialog(Dialog[bool]):
    """Gives True once the name of the profile was typed; `what` is what is done then, in words."""

    PLACE = "production"
    HELP = "This Airflow is marked production in the settings file, so that nothing is changed in passing."
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(PRODUCTION)]
    DEFAULT_CSS = """
    ProductionDialog Input { width: 1fr; margin: 1 0; background: $field; }
    ProductionDialog Input:focus { background: $cursor-background; }
    """

    field = query_one(Field)
    verdict = query_one("#verdict", Static)

    def __init__(self, profile: Profile, what: str) -> None:
        super().__init__()
        self.profile = profile
        self.what = what

    def compose(self) -> ComposeResult:
        """What is about to happen and where, and the field."""
        box = DialogBox()
        box.border_title = "Production"
        with box:
            yield Static(
                Content.assemble(
                    "This changes the Airflow of ", profile_mark(self.profile), ", which is production"
                )
            )
            name = one_line(self.profile.name)
            yield Static(Content.styled(f"Type {name} to {one_line(self.what)}", "bold"))
            yield Field("", id="name", placeholder=name, max_length=200)
            yield Static(id="verdict")
            yield KeyLine(self.PLACE)

    def on_mount(self) -> None:
        """Type at once."""
        self.field.focus()

    @on(Input.Changed)
    def _typed(self) -> None:
        self.verdict.update("")

    def action_accept(self) -> None:
        """Do it when the name is right."""
        self.field.once_typed(self._accept)

    def _accept(self) -> None:
        if self.field.value.strip() == self.profile.name:
            self.end(True)  # noqa: FBT003  # the answer itself
            return
        self.verdict.update(Content.styled("That is not the name of this profile", "$error"))
        self.field.focus()

    def action_back(self) -> None:
        """Change nothing."""
        self.end(False)  # noqa: FBT003  # the answer itself
