"""Where an export is to go: a file's name, whose end tells the form; then how far it is."""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.getters import query_one
from textual.message import Message
from textual.widgets import Input, Static

from backfill_tui.domain.problems import BadRequest, Interrupted, Problem, Refused
from backfill_tui.domain.text import one_line
from backfill_tui.forms.files import Format, check_free, file_name, format_of, path_named
from backfill_tui.ui.command import bindings
from backfill_tui.ui.export_commands import EXPORT
from backfill_tui.ui.exporting import HOW_TO_FORCE, Destination, ExportJob
from backfill_tui.ui.screens.base import Dialog
from backfill_tui.ui.screens.dialog_box import DialogBox
from backfill_tui.ui.text import count
from backfill_tui.ui.widgets.conf_field import Field
from backfill_tui.ui.widgets.key_line import KeyLine
from backfill_tui.ui.workers import Asking, ask

_FORMS: Final = (Format.HTML, Format.CSV, Format.JSON)
_MEANS: Final = {
    Format.HTML: "a page with a picture of the dates, which needs no network",
    Format.CSV: "rows for a spreadsheet",
    Format.JSON: "everything, for programs",
}


class ExportAdvanced(Message):
    """So much of the export is done."""

    def __init__(self, sentence: str, done: int, total: int) -> None:
        super().__init__()
        self.words = f"{sentence} ({done:,} of {total:,})" if total else sentence

    def can_replace(self, message: Message) -> bool:
        """A screen that is slow takes the latest."""
        return isinstance(message, ExportAdvanced)


class ExportWritten(Message):
    """The file is there, with so many bytes."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size


class ExportFailed(Message):
    """There is no file."""

    def __init__(self, problem: Problem) -> None:
        super().__init__()
        self.problem = problem


class ExportDialog(Dialog[str]):
    """Writes a file, and gives the sentence that says where it is; None where none was written."""

    PLACE = "export"
    HELP = (
        "The end of the name tells the form: .html, .csv or .json. The file is for you alone, there "
        "whole or not at all. It holds conf, notes and errors: look before you send it on."
    )
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(EXPORT)]
    DEFAULT_CSS = """
    ExportDialog DialogBox { width: 90; max-width: 98%; }
    ExportDialog Input { width: 1fr; margin: 0 0 1 0; background: $field; }
    ExportDialog Input:focus { background: $cursor-background; }
    ExportDialog #export-verdict { height: auto; min-height: 2; }
    """

    field = query_one(Field)
    verdict = query_one("#export-verdict", Static)

    def __init__(self, job: ExportJob) -> None:
        super().__init__()
        self._job = job
        self._over: Path | None = None
        self._to: Destination | None = None
        self._given_up = threading.Event()

    def compose(self) -> ComposeResult:
        """The field, and what comes of it."""
        box = DialogBox()
        box.border_title = Content(f"Export {self._job.title}").markup
        with box:
            name = file_name(*self._job.name, form=Format.HTML)
            yield Field(name, id="path", placeholder="a file, such as report.html", max_length=4_000)
            yield Static(id="export-verdict")
            yield KeyLine(self.PLACE)

    def on_mount(self) -> None:
        """Type at once."""
        self.field.focus()
        self.field.action_end()
        self._tell()

    @on(Input.Changed)
    def _changed(self) -> None:
        self._over = None
        self._tell()

    def _tell(self) -> None:
        if self._to is None:
            self.verdict.update(self._words())

    def _words(self) -> Content:
        try:
            to = self._destination()
        except BadRequest as problem:
            return Content.styled(one_line(str(problem)), "$error")
        words = f"Writes {_whole(to.path)}"
        try:
            check_free(to.path, force=to.force, how_to_force=HOW_TO_FORCE)
        except Refused:
            return Content.styled(f"{words}: it is there already, enter twice writes over it", "$warning")
        except Problem as problem:
            return Content.styled(one_line(str(problem)), "$error")
        if to.force:
            return Content.styled("It is there already: enter again writes over it", "$warning")
        return Content.styled(f"{words}: {_MEANS[to.form]}", "$muted")

    def _destination(self) -> Destination:
        text = self.field.value.strip()
        form = format_of(text)
        if form is None:
            raise BadRequest("The end of the name tells the form", remedy="end it with .html, .csv or .json")
        path = path_named(text)
        return Destination(path=path, form=form, force=path == self._over)

    def action_next_form(self) -> None:
        """Another end of the name."""
        self.field.once_typed(self._next_form)

    def _next_form(self) -> None:
        if self._to is not None:
            return
        text = self.field.value.strip()
        form = format_of(text)
        at = -1 if form is None else _FORMS.index(form)
        stem = text if form is None else text[: text.rindex(".")]
        self.field.value = f"{stem}.{_FORMS[(at + 1) % len(_FORMS)]}"
        self.field.action_end()

    def action_accept(self) -> None:
        """Write it, or ask once more for a file that is there."""
        self.field.once_typed(self._accept)

    def _accept(self) -> None:
        if self._to is not None:
            return
        try:
            to = self._destination()
        except BadRequest:
            self._tell()
            return
        try:
            check_free(to.path, force=to.force, how_to_force=HOW_TO_FORCE)
        except Refused:
            self._over = to.path
            self._tell()
        except Problem:
            self._tell()
        else:
            self._begin(to)

    def _begin(self, to: Destination) -> None:
        self._to = to
        self.field.disabled = True
        self.verdict.update(Content.styled("Begins", "$muted"))

        def write(asking: Asking) -> int:
            told: tuple[str, int, int] | None = None

            def is_cancelled() -> bool:
                return asking.unwanted() or self._given_up.is_set()

            def tell(sentence: str, done: int, total: int) -> None:
                nonlocal told
                if (sentence, done, total) != told:
                    # Said again as fast as it is read, it would keep what is typed waiting.
                    told = sentence, done, total
                    asking.post(ExportAdvanced(*told))

            return self._job.write(to, tell, is_cancelled)

        ask(self, "export", write, ExportWritten, failure=ExportFailed)

    @on(ExportAdvanced)
    def _advanced(self, message: ExportAdvanced) -> None:
        if not self._given_up.is_set():
            self.verdict.update(Content.styled(message.words, "$muted"))

    @on(ExportWritten)
    def _written(self, message: ExportWritten) -> None:
        path = _whole(self._to.path) if self._to is not None else ""
        self.end(f"Written to {path}, {count(message.size, 'byte')}")

    @on(ExportFailed)
    def _failed(self, message: ExportFailed) -> None:
        if self._given_up.is_set() and isinstance(message.problem, Interrupted):
            self.end("")
            return
        self._to = self._over = None
        self.field.disabled = False
        self.field.focus()
        self.verdict.update(Content.styled(one_line(str(message.problem)), "$error"))

    def action_back(self) -> None:
        """Write nothing; what is being written is given up first."""
        if self._to is None:
            self.end("")
            return
        self._given_up.set()
        self.verdict.update(Content.styled("Gives it up", "$muted"))


def _whole(path: Path) -> str:
    """The path from the root, to be shown; as it is where the folder one is in is gone."""
    with suppress(OSError):
        path = path.absolute()
    return one_line(str(path))
