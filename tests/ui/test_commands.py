"""The registry: what it declares works, and nothing of it contradicts itself."""

from __future__ import annotations

import importlib
from collections import Counter

import pytest
from textual.dom import DOMNode

from backfill_tui.ui.command import Command
from backfill_tui.ui.commands import PLACES, REGISTRY, Place
from backfill_tui.ui.key_names import key_words
from backfill_tui.ui.keymap import Keymap, shown_key
from backfill_tui.ui.keymap_reading import clashes

HOLDERS = {
    "app": "app:BackfillApp",
    "dags": "screens.dags:DagsScreen",
    "plan": "screens.plan:PlanScreen",
    "watch": "screens.watch:WatchScreen",
    "failures": "screens.failures:FailuresDialog",
    "failure_log": "screens.failure_log:FailureLogDialog",
    "select": "screens.select_state:SelectDialog",
    "rerun": "screens.rerun:RerunDialog",
    "rerunning": "screens.rerunning:RerunningDialog",
    "backfills": "screens.backfills:BackfillsScreen",
    "dialog": "screens.confirm:ConfirmDialog",
    "launch": "screens.launch:LaunchDialog",
    "control": "screens.control:ControlDialog",
    "set_state": "screens.set_state:SetStateDialog",
    "watch_dates": "screens.watch_range:WatchRangeDialog",
    "stop_after": "screens.stop_after:StopAfterDialog",
    "jump": "screens.jump:JumpDialog",
    "narrow": "screens.narrow:NarrowDialog",
    "quit": "screens.quit:QuitDialog",
    "text": "screens.problem:ProblemDialog",
    "creation": "screens.creation:CreationDialog",
    "production": "screens.production:ProductionDialog",
    "list": "widgets.line_list:LineList",
    "scroll": "widgets.scrolled_text:ScrolledText",
    "dates": "widgets.plan_table:PlanTable",
    "strip": "widgets.calendar_strip:CalendarStrip",
    "presets": "screens.presets:PresetsDialog",
    "copy": "screens.copy_command:CopyCommandDialog",
    "export": "screens.export:ExportDialog",
    "choice": "widgets.fields:Choice",
    "switch": "widgets.fields:Switch",
    "grid": "widgets.run_grid:RunGrid",
    "tasks": "widgets.task_grid:TaskGrid",
    "zoom": "widgets.run_strip:RunStrip",
    "log": "widgets.log_view:LogView",
}
"""Who carries out the commands of each place."""

TERMINAL_ALIASES = {"ctrl+m": "enter", "ctrl+i": "tab", "ctrl+h": "backspace"}


def holder(place: str) -> type[DOMNode]:
    module, _, name = HOLDERS[place].partition(":")
    found = getattr(importlib.import_module(f"backfill_tui.ui.{module}"), name)
    assert isinstance(found, type)
    return found


def ids(commands: tuple[Command, ...]) -> list[str]:
    return [command.id for command in commands]


def test_no_two_commands_have_the_same_id() -> None:
    twice = [name for name, number in Counter(ids(REGISTRY)).items() if number > 1]
    assert not twice


@pytest.mark.parametrize("command", REGISTRY, ids=lambda command: command.id)
def test_a_command_does_something_and_says_what(command: Command) -> None:
    assert command.place in HOLDERS
    action = command.action.partition("(")[0]
    owner = holder("app" if action.startswith("app.") else command.place)
    assert hasattr(owner, f"action_{action.removeprefix('app.')}"), f"nobody carries out {command.action}"
    assert command.help, "help has a sentence for every command"
    assert command.help[0].isupper()
    assert not command.help.endswith(".")


@pytest.mark.parametrize("command", REGISTRY, ids=lambda command: command.id)
def test_a_terminal_can_tell_the_keys_of_a_command(command: Command) -> None:
    aliases = [key for key in command.keys.split(",") if key in TERMINAL_ALIASES]
    assert not aliases


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_no_two_keys_clash_in_one_place(place: Place) -> None:
    assert not list(clashes(place, Keymap()))


@pytest.mark.parametrize("place", sorted(HOLDERS))
def test_every_binding_comes_from_the_registry(place: str) -> None:
    known = set(ids(REGISTRY))
    own = list(vars(holder(place)).get("BINDINGS", []))
    assert own, f"{place} has no binding of its own"
    assert {binding.id for binding in own} <= known


def test_keys_are_written_as_people_write_them() -> None:
    words = [key_words(key) for key in ("question_mark", "ctrl+s", "f5", "escape", "G", "ctrl+left")]
    assert words == ["?", "ctrl+s", "f5", "esc", "G", "ctrl+left"]
    assert [key_words(key) for key in ("shift+down", "shift+up", "shift+a", "shift+tab")] == [
        "shift+down",
        "shift+up",
        "A",
        "shift+tab",
    ]
    assert shown_key("plan.launch") == "f5"
