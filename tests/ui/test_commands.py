"""The registry: what it declares works, and nothing of it contradicts itself."""

from __future__ import annotations

import importlib
from collections import Counter

import pytest
from tests.support.nodes import all_nodes
from textual.dom import DOMNode
from textual.widget import Widget

from backfill_tui.ui.commands import PARTS, PLACES, REGISTRY, Place, command_of
from backfill_tui.ui.declaration import Command
from backfill_tui.ui.key_names import key_words
from backfill_tui.ui.keymap import shown_key
from backfill_tui.ui.keymap_reading import clashes
from backfill_tui.ui.own_keys import Keymap

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
    "help": "screens.help:HelpDialog",
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


def ids_of_places(place: Place) -> str:
    return place.title


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


@pytest.mark.parametrize("node", [node for node in all_nodes() if "BINDINGS" in vars(node)], ids=str)
def test_whoever_has_the_keys_of_a_command_carries_it_out(node: type[Widget]) -> None:
    for binding in vars(node)["BINDINGS"]:
        action = binding.action.partition("(")[0]
        owner = holder("app") if action.startswith("app.") else node
        assert hasattr(owner, f"action_{action.removeprefix('app.')}"), f"{node} does not {binding.action}"


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_whatever_is_listed_or_is_long_can_be_searched_by_a_slash(place: Place) -> None:
    listed = any(part.place in {"list", "log"} for held in place.widgets for part in held)
    if listed or place is PLACES["help"]:
        assert "slash" in {key for command in place.commands for key in command.all_keys}


@pytest.mark.parametrize("part", sorted(PARTS))
def test_every_part_that_one_moves_in_has_the_same_keys_for_it(part: str) -> None:
    own = {command.id.partition(".")[2]: command.all_keys for command in REGISTRY if command.place == part}
    # Where dates are watched, g is for one that is typed.
    first = "home" if part in {"grid", "tasks", "zoom"} else "home,g"
    for verb, keys in (("up", "up,k"), ("down", "down,j"), ("first", first), ("last", "end,G")):
        assert own.get(verb, ()) in ((), tuple(keys.split(",")))
    assert ("up" in own) == ("first" in own) == ("last" in own)


SAME_DEED = {
    "b": ["dags.backfills", "plan.backfills", "watch.backfills"],
    "w": ["dags.watch", "plan.watch"],
    "u": ["dags.pause", "plan.unpause", "watch.unpause", "launch.unpause"],
    "E": ["plan.export", "watch.export", "backfills.export"],
    "U": ["dags.undo", "watch.undo", "backfills.undo"],
    "p": ["watch.pause", "backfills.pause"],
    "x": ["watch.stop", "backfills.stop"],
    "o": ["watch.reopen", "backfills.reopen"],
    "r": ["watch.rerun", "failures.rerun"],
    "t": ["watch.try", "failure_log.try"],
    "e": ["watch.failures", "log.error"],
    "space": ["watch.mark", "failures.mark", "select.add"],
    "a": ["watch.mark_failed", "failures.mark_all", "select.add"],
    "ctrl+g": ["plan.jump", "watch.jump"],
    "ctrl+r": ["dags.parse", "plan.refresh", "watch.reconnect", "backfills.refresh", "failures.refresh"],
    "right_square_bracket": ["watch.next_failed", "strip.next_hole", "failure_log.next"],
    "slash": [
        "dags.filter", "plan.jump", "watch.jump", "failures.filter", "select.filter", "backfills.filter",
        "presets.filter", "log.search", "help.filter",
    ],
}  # fmt: skip


@pytest.mark.parametrize("key", SAME_DEED)
def test_the_same_deed_has_the_same_key_on_every_screen(key: str) -> None:
    assert [name for name in SAME_DEED[key] if key not in command_of(name).all_keys] == []


@pytest.mark.parametrize("place", [place for place in PLACES.values() if place.modal], ids=ids_of_places)
def test_a_question_that_n_answers_is_answered_by_y_too(place: Place) -> None:
    keys = {key: command for command in place.own for key in command.all_keys}
    if "n" not in keys:
        return
    assert "enter" in keys
    # What works while a note is typed can not have a letter.
    assert ("y" in keys) is not keys["enter"].priority
    assert keys.get("y", keys["enter"]) is keys["enter"]


@pytest.mark.parametrize("place", [place for place in PLACES.values() if place.modal], ids=ids_of_places)
def test_every_dialog_is_left_by_esc_and_where_nothing_is_answered_by_q(place: Place) -> None:
    ways_out = [command for command in place.own if "escape" in command.all_keys]
    assert len(ways_out) == 1
    writes = any(command.priority for command in place.own)
    asks = "n" in ways_out[0].all_keys or place in {PLACES["creation"], PLACES["rerunning"]}
    assert ("q" in ways_out[0].all_keys) is not (writes or asks)


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
