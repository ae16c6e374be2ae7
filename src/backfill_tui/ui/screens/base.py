"""What every screen of the program has: a place in the registry, and the program itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar, TypeVar

from textual import events
from textual.binding import BindingType
from textual.screen import ModalScreen, Screen

from backfill_tui.ui.app_commands import EVERYWHERE
from backfill_tui.ui.clicks import action_under
from backfill_tui.ui.command import bindings
from backfill_tui.ui.program import program_of

if TYPE_CHECKING:
    from backfill_tui.ui.app import BackfillApp

T = TypeVar("T")


class _Behind(Screen[T]):
    """A screen that is painted only where it changes while a dialog stands over it.

    Textual 8.2 keeps such a screen in need of another paint for ever after the first: each of its messages
    then has all of it painted again, and all of it tinted for the dialog.
    """

    def _compositor_refresh(self) -> None:
        super()._compositor_refresh()
        if not self.is_active:
            # What has changed was handed to the dialog, which paints it.
            self._repaint_required = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceMeant:
    """A date or a task of a screen that a text means, in words, and the way to it; lower ranks fit better."""

    kind: str
    words: str
    told: str
    rank: int
    go: Callable[[], object]


class PlaceScreen(_Behind[T]):
    """A screen whose commands are those of `PLACE` in the registry; `HELP` says what it is for.

    `NEEDS_DAGS` says that the Dags are read again and again while it is seen.
    """

    PLACE: ClassVar[str]
    NEEDS_DAGS: ClassVar[bool] = False
    HELP: ClassVar[str | None] = ""
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012  # declared by Textual, not as a class variable
        (0, "-narrow"),
        (100, "-medium"),
        (160, "-wide"),
    ]

    @property
    def program(self) -> BackfillApp:
        """The program: its gateway, its engine, and what it last read of them."""
        return program_of(self)

    def offers(self, command_id: str) -> bool:  # noqa: ARG002  # a screen that offers less looks at it
        """Whether footer and palette name a command that applies; its key works, if only to say why not."""
        return True

    def label_of(self, command_id: str) -> str:  # noqa: ARG002  # a screen that says more looks at it
        """What a command does now, where its label does not tell; else empty."""
        return ""

    def note(self) -> str:
        """What stands before the keys at the foot of the screen; empty for nothing."""
        return ""

    def places_meant(self, text: str) -> list[PlaceMeant]:  # noqa: ARG002  # a screen with dates looks at it
        """The dates and tasks of this screen that a text means."""
        return []

    def say_read_only(self, what: str) -> None:
        """Say that a key does nothing, for `what`: `nothing is launched`."""
        environment = program_of(self).environment
        why = environment.read_only_because if environment is not None else ""
        remedy = why or "start it without --read-only"
        self.notify(f"This session is read-only, so {what}: {remedy}", markup=False)


class Dialog(_Behind[T], ModalScreen[T]):
    """A modal screen; its commands are those of `PLACE` in the registry."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(EVERYWHERE)]
    PLACE: ClassVar[str]
    HELP: ClassVar[str | None] = ""

    _end: Callable[[], object] | None = None

    def end(self, result: T) -> None:
        """Give what came of it, and close; under another dialog as soon as that is closed.

        Textual closes whatever is uppermost.
        """
        if self.is_active:
            self.dismiss(result)
        else:
            self._end = partial(self.dismiss, result)

    async def on_click(self, event: events.Click) -> None:
        """Do what the words under the pointer say, where they can be clicked."""
        if action := action_under(event):
            await self.run_action(action)

    def on_screen_resume(self) -> None:
        """It is uppermost again."""
        if self._end is not None:
            self._end()

    def label_of(self, command_id: str) -> str:  # noqa: ARG002  # a dialog that says more looks at it
        """What a command does now, where its label does not tell; else empty."""
        return ""

    @property
    def program(self) -> BackfillApp:
        """The program: its gateway, its engine, and what it last read of them."""
        return program_of(self)
