from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from backfill_tui.domain.problems import BadRequest, Interrupted, Refused, Unreachable
from backfill_tui.forms.files import Format, check_free, file_name, format_of, write_file

FORCE = "add --force"


def write(path: Path, *parts: str, force: bool = False) -> int:
    return write_file(path, parts, force=force, how_to_force=FORCE)


def names_in(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


def test_a_file_is_written_whole_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    assert write(path, "a,b\r\n", "é\r\n") == len("a,b\r\né\r\n".encode())
    assert path.read_bytes() == "a,b\r\né\r\n".encode()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert names_in(tmp_path) == ["out.csv"]


def test_a_file_that_is_there_stays_unless_it_is_to_be_written_over(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("old")
    with pytest.raises(Refused, match="is there already: add --force"):
        write(path, "new")
    assert path.read_text() == "old"
    write(path, "new", force=True)
    assert path.read_text() == "new"
    assert names_in(tmp_path) == ["out.csv"]


def test_a_file_that_came_while_it_was_written_stays(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"

    def parts() -> Iterator[str]:
        yield "new"
        path.write_text("of another")

    with pytest.raises(Refused, match="is there already"):
        write_file(path, parts(), force=False, how_to_force=FORCE)
    assert path.read_text() == "of another"
    assert names_in(tmp_path) == ["out.csv"]


@pytest.mark.parametrize(
    "failure", [Interrupted("no longer wanted"), KeyboardInterrupt(), ValueError("a bug")]
)
def test_what_ends_early_leaves_nothing_and_what_was_there_as_it_was(
    tmp_path: Path, failure: BaseException
) -> None:
    path = tmp_path / "out.csv"
    path.write_text("old")

    def parts() -> Iterator[str]:
        yield "half of it"
        raise failure

    with pytest.raises(type(failure)):
        write_file(path, parts(), force=True, how_to_force=FORCE)
    assert path.read_text() == "old"
    assert names_in(tmp_path) == ["out.csv"]


def test_places_where_no_file_can_be_are_named(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="is a folder"):
        check_free(tmp_path, force=True, how_to_force=FORCE)
    with pytest.raises(BadRequest, match="There is no folder"):
        check_free(tmp_path / "no" / "out.csv", force=False, how_to_force=FORCE)
    with pytest.raises(BadRequest, match="no plain file"):
        check_free(Path(os.devnull), force=True, how_to_force=FORCE)
    with pytest.raises(Unreachable, match="can not be written"):
        check_free(Path("out\0.csv"), force=False, how_to_force=FORCE)
    dangling = tmp_path / "link.csv"
    dangling.symlink_to(tmp_path / "nowhere" / "else")
    with pytest.raises(Refused, match="is there already"):
        check_free(dangling, force=False, how_to_force=FORCE)


def test_a_lone_surrogate_does_not_end_an_export(tmp_path: Path) -> None:
    path = tmp_path / "out.html"
    write(path, "a\ud800b")
    assert path.read_text("utf-8") == "a?b"


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (("sales_daily", "backfill", 7), "sales_daily-backfill-7.html"),
        (("../../etc/passwd", 1), "etc-passwd-1.html"),
        (("</script> $(rm)\n\u202e",), "script-rm.html"),
        (("数据",), "export.html"),
        (("x" * 300, 1), "x" * 80 + ".html"),
    ],
)
def test_names_of_files_out_of_outside_text_are_plain(words: tuple[str | int, ...], name: str) -> None:
    assert file_name(*words, form=Format.HTML) == name


def test_the_end_of_a_name_tells_the_form() -> None:
    assert format_of("a.CSV") is Format.CSV
    assert format_of("a.htm") is Format.HTML
    assert format_of("a.tar.json") is Format.JSON
    assert format_of("html") is None
    assert format_of("a.txt") is None
