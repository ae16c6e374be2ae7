"""`S` saves what is on the screen: a new file, of its owner alone, and words that tell where it is."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from tests.support.screen import FIXED_TIME, an_app, looking_at, on_screen
from tests.support.world import World, a_dag

from backfill_tui.domain.problems import Problem
from backfill_tui.ui.pictures import picture_name, write_picture
from backfill_tui.ui.screens.help import HelpDialog


def pictures(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.svg"))


@on_screen
async def test_the_screen_is_saved_and_its_path_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = an_app(World([a_dag("sales[/red]")]))
    async with looking_at(app, (120, 36)) as eyes:
        await eyes.sees("sales[/red]")
        await eyes.press("S")
        await eyes.sees("Saved as")
        (first,) = pictures(tmp_path)
        assert first.name == picture_name("Dags", FIXED_TIME)
        assert first.name.startswith("backfill-tui-dags-20")
        assert stat.S_IMODE(first.stat().st_mode) == 0o600
        text = first.read_text(encoding="utf-8")
        assert text.startswith("<svg")
        assert "sales[/red]" in text
        # The clock of this program stands still: the second picture has the same name but for a number.
        await eyes.press("S")
        await eyes.until(lambda: len(pictures(tmp_path)) == 2)
        assert first.read_text(encoding="utf-8") == text


@on_screen
async def test_a_dialog_is_saved_too_but_in_a_field_the_letter_is_a_letter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = an_app(World([a_dag("sales")]))
    async with looking_at(app) as eyes:
        await eyes.sees("sales")
        await eyes.press("question_mark")
        await eyes.until(lambda: isinstance(app.screen, HelpDialog))
        await eyes.press("S")
        await eyes.until(lambda: len(pictures(tmp_path)) == 1)
        assert "Help:" in pictures(tmp_path)[0].read_text(encoding="utf-8").replace("&#160;", " ")
        await eyes.press("escape", "slash", "S")
        await eyes.sees("/ S")
        assert len(pictures(tmp_path)) == 1


@on_screen
async def test_a_folder_that_takes_no_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    app = an_app(World([a_dag("sales")]))
    async with looking_at(app, (120, 36)) as eyes:
        await eyes.sees("sales")
        gone.rmdir()
        await eyes.press("S")
        await eyes.sees("The screenshot can not be written")


def test_nothing_that_lies_there_is_overwritten_not_even_through_a_link(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine", encoding="utf-8")
    (tmp_path / "a.svg").symlink_to(victim)
    (tmp_path / "a-2.svg").symlink_to(tmp_path / "nowhere")
    assert write_picture("<svg>", tmp_path, "a.svg") == tmp_path / "a-3.svg"
    assert victim.read_text(encoding="utf-8") == "mine"
    assert not (tmp_path / "nowhere").exists()


def test_a_picture_that_can_not_be_written_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("builtins.open", full)
    with pytest.raises(Problem, match="No space left on device"):
        write_picture("<svg>", tmp_path, "a.svg")
    monkeypatch.undo()
    assert os.listdir(tmp_path) == []  # noqa: PTH208  # the plain fact


def test_a_name_is_made_of_no_outside_text() -> None:
    assert picture_name("../../Go to a date\n", 0.0).startswith("backfill-tui-go-to-a-date-19")
