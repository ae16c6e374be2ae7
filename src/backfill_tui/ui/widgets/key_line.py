"""The keys of this place on one line, from the registry: what fits, the most useful first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from textual import events
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input

from backfill_tui.ui.commands import PLACES
from backfill_tui.ui.declaration import Command
from backfill_tui.ui.key_names import key_words, types_a_letter
from backfill_tui.ui.keymap import keymap_in_use
from backfill_tui.ui.screens.base import Dialog, PlaceScreen

_URGENT = ("app.reconnect", "app.engine")
_ALWAYS = ("watch.back", "app.help", "app.quit")
_GAP = "  "


class KeyLine(Widget):
    """Shows the commands of a place that have a label and apply now; way back, help and quit keep their room.

    A click on one carries it out. Under a dialog help has room only where the dialog's own leave it.
    Those of the widget that has the focus come first, or last for `own_first`, and the note of the
    screen before them all. `words` says by command id what it does here, where that is more than its
    label tells.
    """

    DEFAULT_CSS = """
    KeyLine { dock: bottom; height: 1; padding: 0 1; background: $background; color: $muted; }
    """

    def __init__(
        self, place: str, *, words: Mapping[str, str] | None = None, own_first: bool = False
    ) -> None:
        super().__init__()
        self._own_first = own_first
        self._place = PLACES[place]
        self._named = words or {}
        self._clickable: list[tuple[range, str]] = []

    def on_mount(self) -> None:
        """Follow the bindings: they change with the focus and with what applies."""
        self.screen.bindings_updated_signal.subscribe(self, self._bindings_updated)

    def render(self) -> Content:
        """The line, cut at whole commands."""
        shown = dict(self._words())
        always = () if self._place.modal else _ALWAYS
        last = {command_id: shown.pop(command_id) for command_id in always if command_id in shown}
        note = self.screen.note() if isinstance(self.screen, PlaceScreen) else ""
        first = {"": Content.styled(note, "bold $accent")} if note else {}
        room = self.content_size.width - sum(
            len(words) + len(_GAP) for words in [*last.values(), *first.values()]
        )
        urgent = {command_id: shown.pop(command_id) for command_id in _URGENT if command_id in shown}
        for command_id, words in [*urgent.items(), *shown.items()]:
            room -= len(words) + len(_GAP)
            if room < 0:
                break
            first[command_id] = words
        return self._laid_out({**first, **last})

    def _laid_out(self, words: Mapping[str, Content]) -> Content:
        """The words in a row; where each stands is kept for the pointer."""
        self._clickable, left = [], 0
        for command_id, content in words.items():
            self._clickable.append((range(left, left + content.cell_length), command_id))
            left += content.cell_length + len(_GAP)
        return Content(_GAP).join(words.values())

    async def on_click(self, event: events.Click) -> None:
        """Carry out the command under the pointer, where its key would be carried out."""
        at = event.get_content_offset(self)
        if at is None:
            return
        clicked = next((command_id for cells, command_id in self._clickable if at.x in cells), "")
        for bound in self.screen.active_bindings.values():
            if clicked and bound.binding.id == clicked and bound.enabled:
                await self.app.run_action(bound.binding.action, bound.node)
                return

    def _words(self) -> Iterator[tuple[str, Content]]:
        typing = isinstance(self.screen.focused, Input)
        active: dict[str, tuple[list[str], bool]] = {}
        held: set[str] = set()
        for bound in self.screen.active_bindings.values():
            if bound.binding.id:
                keys, _ = active.setdefault(bound.binding.id, ([], bound.enabled))
                keys.append(bound.binding.key)
                if bound.node is self.screen.focused:
                    held.add(bound.binding.id)
        own_first, keymap = self._own_first, keymap_in_use()
        for command in sorted(self._place.commands, key=lambda one: (one.id in held) is own_first):
            if not command.label or command.id not in active or not self._is_offered(command.id):
                continue
            bound_keys, enabled = active[command.id]
            keys = [key for key in keymap.keys(command) if key in bound_keys]
            if typing and not command.priority:
                # What is typed into a field does not reach the screen.
                keys = [key for key in keys if not types_a_letter(key)]
            if keys:
                style = ("$accent", "$muted") if enabled else ("$hairline", "$hairline")
                yield (
                    command.id,
                    Content.assemble(
                        (key_words(keys[0]), style[0]),
                        " ",
                        (self._word(command), style[1]),
                    ),
                )

    def _word(self, command: Command) -> str:
        now = self.screen.label_of(command.id) if isinstance(self.screen, (PlaceScreen, Dialog)) else ""
        return now or self._named.get(command.id, command.label)

    def _is_offered(self, command_id: str) -> bool:
        return not isinstance(self.screen, PlaceScreen) or self.screen.offers(command_id)

    def _bindings_updated(self, _screen: Screen[object]) -> None:
        self.refresh()
