"""Keys of one's own: what may be written, what is refused and how, and that everything then shows them."""

from __future__ import annotations

import re
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from tests.support.nodes import all_nodes
from tests.support.screen import FIXED_TIME, looking_at, on_screen
from tests.support.scripted import ScriptedGateway
from tests.support.world import World, a_dag
from textual.keys import _character_to_key
from textual.widgets import Static

from backfill_tui.domain.problems import BadRequest
from backfill_tui.settings import from_file, resolve
from backfill_tui.ui.app import BackfillApp
from backfill_tui.ui.commands import REGISTRY, command_of
from backfill_tui.ui.key_names import NotAKeyError, key_of_sign, key_words, read_key
from backfill_tui.ui.keymap import with_keys
from backfill_tui.ui.keymap_reading import read_keymap
from backfill_tui.ui.own_keys import Keymap, ids_named_in
from backfill_tui.ui.screens.help import HelpDialog
from backfill_tui.ui.screens.plan import PlanScreen
from backfill_tui.ui.widgets.scrolled_text import ScrolledText

DOCS = Path(__file__).parents[2] / "docs" / "keys.md"
HELD = "config.toml"


def an_app(world: World, keys: dict[str, object]) -> BackfillApp:
    gateway = ScriptedGateway(world)
    keymap = read_keymap(keys, HELD)
    return BackfillApp(connect=lambda: gateway, where="dags/", clock=lambda: FIXED_TIME, keymap=keymap)


def refusal(keys: dict[str, object]) -> str:
    with pytest.raises(BadRequest) as refused:
        read_keymap(keys, HELD)
    return str(refused.value)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("?", "question_mark"), ("/", "slash"), ("esc", "escape"), ("Escape", "escape"), ("pgdn", "pagedown"),
        ("G", "G"), ("shift+g", "G"), ("Ctrl+L", "ctrl+l"), ("F5", "f5"), ("ctrl+alt+x", "ctrl+alt+x"),
        ("alt+ctrl+x", "ctrl+alt+x"), ("↑", "up"), ("shift+down", "shift+down"), ("+", "plus"),
        (",", "comma"), ("alt++", "alt+plus"), ("space", "space"), ("é", "é"), ("ctrl+,", "ctrl+comma"),
    ],
)  # fmt: skip
def test_a_key_is_read_as_people_write_it(written: str, meant: str) -> None:
    assert read_key(written) == meant


@pytest.mark.parametrize(
    "written", ["", "hyper+x", "f25", "ctrl+", "leftish", "ctrl+m", "ctrl+I", "ctrl+h", "ctrl+["]
)
def test_what_is_no_key_is_refused(written: str) -> None:
    with pytest.raises(NotAKeyError):
        read_key(written)


@pytest.mark.parametrize("command", REGISTRY, ids=lambda command: command.id)
def test_every_key_that_is_shown_can_be_written(command: Any) -> None:
    assert tuple(read_key(key_words(key)) for key in command.all_keys) == command.all_keys


def test_an_id_that_no_command_has_is_refused_with_the_nearest() -> None:
    assert refusal({"watch.rerum": "R"}) == (
        '"watch.rerum" in [keys] of config.toml is not a command: did you mean watch.rerun?'
    )
    assert "docs/keys.md" in refusal({"???": "R"})


@pytest.mark.parametrize("written", ["", []])
def test_a_command_can_be_left_without_a_key_and_its_old_one_is_free(written: object) -> None:
    keymap = read_keymap({"watch.export": written, "watch.rerun": "E"}, HELD)
    assert keymap.keys(command_of("watch.export")) == ()
    assert keymap.shown("watch.rerun") == "E"


def test_sentences_name_the_key_of_the_palette_for_a_command_without_one() -> None:
    keymap = read_keymap({"watch.rerun": "", "app.palette": "ctrl+l"}, HELD)
    assert keymap.fill("press {watch.rerun}, or {watch.mark}") == "press ctrl+l, or space"


@pytest.mark.parametrize("name", ["dialog.cancel", "list.up", "app.palette", "presets.yesterday"])
def test_what_the_palette_does_not_have_keeps_a_key(name: str) -> None:
    told = refusal({name: ""})
    assert f"{name} in [keys] of config.toml can not be without a key: the palette does not have it" in told
    assert f'write it like "{name}" = "f5", or leave it out' in told


@pytest.mark.parametrize("written", ["f99", ["R", "leftish"], True, {"a": 1}, " ", ", ,", [""], "\u009b"])
def test_what_is_no_key_is_named_with_its_command(written: object) -> None:
    told = refusal({"watch.rerun": written})
    assert "for watch.rerun in [keys] of config.toml is not a key" in told


def test_two_commands_of_one_screen_with_one_key_are_refused_by_name() -> None:
    assert refusal({"watch.rerun": "x"}) == (
        'watch.rerun and watch.stop would both have the key x on the screen "Watch", by [keys] of '
        "config.toml: give one of them another key"
    )


def test_a_part_of_a_screen_clashes_with_the_screen_and_with_the_program() -> None:
    assert "watch.rerun and tasks.widen would both have the key w" in refusal({"watch.rerun": "w"})
    assert "dags.plan and app.quit would both have the key q" in refusal({"dags.plan": "q"})
    assert "app.screenshot would both have the key S" in refusal({"rerun.version": "S"})


def test_commands_may_change_their_keys_with_each_other_and_share_one_on_different_screens() -> None:
    keymap = read_keymap({"watch.rerun": "x", "watch.stop": "r", "dags.plan": "x"}, HELD)
    assert [keymap.shown(name) for name in ("watch.rerun", "watch.stop", "dags.plan")] == ["x", "r", "x"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("n, ]", ("n", "right_square_bracket")), (",", ("comma",)), ("n, ctrl+,", ("n", "ctrl+comma")),
        ("ctrl+,", ("ctrl+comma",)), ("n,", ("n",)), (["n", ","], ("n", "comma")),
    ],
)  # fmt: skip
def test_several_keys_stand_in_one_text_or_in_a_list(written: object, meant: tuple[str, ...]) -> None:
    assert read_keymap({"backfills.export": written}, HELD).own["backfills.export"] == meant


def test_signs_have_the_names_that_textual_reads_keymaps_by() -> None:
    signs = [chr(code) for code in range(0x20, 0x3000) if chr(code).isprintable()]
    assert len(signs) > 5_000
    assert [key_of_sign(sign) for sign in signs] == [_character_to_key(sign) for sign in signs]


def test_what_works_in_fields_too_takes_no_key_that_types() -> None:
    assert "plan.launch in [keys] of config.toml can not have the key l" in refusal({"plan.launch": "l"})
    assert read_keymap({"plan.launch": "ctrl+l"}, HELD).shown("plan.launch") == "ctrl+l"


def test_the_example_of_the_docs_is_read_as_it_stands(tmp_path: Path) -> None:
    example = re.findall(r"```toml\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)[0]
    file = tmp_path / "config.toml"
    file.write_text(example, encoding="utf-8")
    settings = resolve(from_file(file))
    keymap = read_keymap(settings.keymap, settings.keymap_from)
    toml = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    assert set(keymap.own) == set(toml.loads(example)["keys"])
    assert keymap.own["watch.next_failed"] == ("n", "right_square_bracket")


def test_every_command_that_a_help_text_names_is_one() -> None:
    known = {command.id for command in REGISTRY}
    named = {name for node in all_nodes() for name in ids_named_in(node.HELP or "")}
    assert {"watch.rerun", "log.pager"} <= named <= known
    assert with_keys("press {watch.rerun}") == "press r"
    assert Keymap({"watch.rerun": ("f3",)}).fill("press {watch.rerun}") == "press f3"


@on_screen
async def test_the_new_key_works_and_the_old_one_no_longer_and_everything_shows_it() -> None:
    app = an_app(World([a_dag("sales")]), {"dags.plan": ["P", "f3"], "app.help": "f1", "dags.unfilter": "X"})
    async with looking_at(app, (120, 36)) as eyes:
        await eyes.sees("sales", "P plan", "f1 help")
        await eyes.press("f1")
        await eyes.until(lambda: isinstance(app.screen, HelpDialog))
        await eyes.sees("Choose one and press P to plan", "P f3")
        await eyes.press("escape", "enter", "P")
        await eyes.until(lambda: isinstance(app.screen, PlanScreen))
        await eyes.press("escape")
        await eyes.sees("P plan")
        await eyes.press("slash", *"nothing", "enter")
        await eyes.sees("X shows everything again", "X show all")
        await eyes.press("X")
        await eyes.sees("P plan")
        await eyes.press("ctrl+p")
        await eyes.write("plan a backfill")
        await eyes.sees("Dags, P")


@on_screen
async def test_without_a_key_a_command_is_in_the_palette_and_the_help_and_not_at_the_foot() -> None:
    app = an_app(World([a_dag("sales")]), {"dags.holes": "", "dags.backfills": []})
    async with looking_at(app, (120, 36)) as eyes:
        await eyes.sees("sales", "w watch")
        assert "holes" not in eyes.text().splitlines()[-1]
        assert "backfills" not in eyes.text().splitlines()[-1]
        first = app.screen
        await eyes.press("h", "b", "f1")
        await eyes.until(lambda: isinstance(app.screen, HelpDialog))
        assert app.screen_stack[-2] is first, "neither key does anything"
        lines = str(app.screen.query_one(ScrolledText).query_one(Static).content).splitlines()
        assert [line for line in lines if line.startswith("no key")] == [
            "no key         Plan what is missing or failed since the start of",
            "no key         List the backfills, at the newest of this Dag",
        ]
        await eyes.press("escape", "ctrl+p")
        await eyes.write("plan what is missing")
        await eyes.sees("Dags, no key")
        await eyes.press("enter")
        await eyes.until(lambda: isinstance(app.screen, PlanScreen), "the plan of the holes")
