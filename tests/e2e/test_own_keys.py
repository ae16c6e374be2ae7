"""Keys of one's own and pictures of the screen, in a real terminal, from the settings file on."""

from __future__ import annotations

import stat
from collections.abc import Iterator

import pytest
from tests.support.program import Program, program_on

pytestmark = [
    pytest.mark.airflow,
    pytest.mark.terminal,
    pytest.mark.xdist_group("own_keys"),
    pytest.mark.timeout(600),
]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    with program_on(tmp_path_factory.mktemp("own_keys"), "my_backfill_dag.py", "sales_daily.py") as found:
        yield found


def set_keys(program: Program, *lines: str) -> None:
    file = program.folder / "config" / "backfill-tui" / "config.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(["[keys]", *lines, ""]), encoding="utf-8")


def test_keys_of_the_settings_file_are_those_of_the_screen(program: Program) -> None:
    set_keys(program, '"dags.filter" = "ctrl+l"', 'dags.plan = ["P", "f4"]', '"app.quit" = "Q, ctrl+q"')
    with program.terminal(columns=120, lines=36) as terminal:
        terminal.wait_for("2 Dags", "P plan", "Q quit", seconds=120)
        terminal.press("ctrl+l")
        terminal.wait_for("f1 help", seconds=60)
        # Some letters are enough.
        terminal.press("slsd")
        terminal.wait_for("1 of 2 shown", seconds=60)
        terminal.press("enter")
        terminal.wait_until_gone("f1 help")
        terminal.press("f4")
        terminal.wait_for("Plan  sales_daily", "no run exists", "ctrl+q quit", seconds=60)
        terminal.press("escape")
        terminal.wait_for("Q quit", seconds=60)
        terminal.press("S")
        terminal.wait_for("Saved as", seconds=60)
        terminal.press("Q")
        assert terminal.wait_for_exit() == 0
    (picture,) = program.folder.glob("backfill-tui-dags-*.svg")
    assert stat.S_IMODE(picture.stat().st_mode) == 0o600
    assert "sales_daily" in picture.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('"watch.rerum" = "R"', ('"watch.rerum" in [keys]', "did you mean watch.rerun?")),
        ('"watch.rerun" = "x"', ("watch.rerun and watch.stop would both have the key x", "another key")),
        ('"watch.rerun" = "ctrl+i"', ("is not a key", "a terminal sends tab for it")),
    ],
)
def test_a_keymap_that_can_not_be_meant_is_refused_before_anything_is_drawn(
    program: Program, line: str, words: tuple[str, ...]
) -> None:
    set_keys(program, line)
    with program.terminal(columns=500) as terminal:
        terminal.wait_for(*words, seconds=120)
        assert terminal.wait_for_exit() == 2
