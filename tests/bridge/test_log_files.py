"""Pages of a log file, without an Airflow that runs."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import pytest

from backfill_tui.bridge.log_bytes import LogBytes
from backfill_tui.bridge.log_files import read_page, read_page_after

pytestmark = pytest.mark.airflow


def test_the_end_of_a_very_long_log_takes_no_more_memory_than_its_page(tmp_path: Path) -> None:
    file = tmp_path / "attempt=1.log"
    with file.open("w", encoding="utf-8") as out:
        out.writelines(json.dumps({"event": f"line {number} {'x' * 60}"}) + "\n" for number in range(500_000))
    size = file.stat().st_size
    tracemalloc.start()
    try:
        with LogBytes.of(file) as log:
            page = read_page(log, max_lines=1_000, ended=True)
            middle = read_page(log, max_lines=1_000, before=size // 2, ended=True)
            below = read_page_after(log, max_lines=1_000, after=middle.ends, ended=True)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert page.lines[-1].startswith("line 499999 ")
    assert (len(page.lines), page.ends) == (1_000, size)
    assert 0 < middle.begins < middle.ends == size // 2
    assert (below.begins, len(below.lines)) == (middle.ends, 1_000)
    assert peak < size / 4


def test_a_line_without_an_end_is_told_of_and_left_out(tmp_path: Path) -> None:
    file = tmp_path / "attempt=1.log"
    file.write_bytes(b"first\n" + b"x" * 20_000_000)
    with LogBytes.of(file) as log:
        page = read_page(log, max_lines=100, ended=True)
        assert len(page.lines) == 1
        assert page.lines[0].endswith("bytes without a new line were left out)")
        found: list[str] = []
        while page.begins:
            page = read_page(log, max_lines=100, before=page.begins, ended=True)
            found = [*page.lines, *found]
        assert found[0] == "first"
        page = read_page_after(log, max_lines=100, after=0, ended=True)
        assert page.lines == ("first",)
        page = read_page_after(log, max_lines=100, after=page.ends, ended=True)
        assert page.lines[0].endswith("bytes without a new line were left out)")


@pytest.mark.parametrize("text", [b"", b"\n", b"\n\n\n"])
def test_a_file_without_a_message_has_no_lines(tmp_path: Path, text: bytes) -> None:
    file = tmp_path / "attempt=1.log"
    file.write_bytes(text)
    with LogBytes.of(file) as log:
        page = read_page(log, max_lines=100, ended=True)
        after = read_page_after(log, max_lines=100, after=0, ended=True)
    assert (page.lines, page.begins, page.ends) == ((), 0, len(text))
    assert (after.lines, after.begins, after.ends) == ((), 0, len(text))


def test_bytes_that_are_no_text_and_ends_of_lines_of_windows_do_no_harm(tmp_path: Path) -> None:
    file = tmp_path / "attempt=1.log"
    file.write_bytes(b"caf\xe9\r\nnext\r\n")
    with LogBytes.of(file) as log:
        assert read_page(log, max_lines=100, ended=True).lines == ("caf\ufffd", "next")


@pytest.mark.parametrize("ended", [True, False])
def test_pages_forwards_are_the_pages_backwards_and_half_a_line_waits_for_its_end(
    tmp_path: Path, *, ended: bool
) -> None:
    file = tmp_path / "attempt=1.log"
    text = "".join(f"line {number}\n" for number in range(1_000))
    file.write_text(f"{text}half a li", encoding="utf-8")
    whole: list[str] = []
    with LogBytes.of(file) as log:
        page = read_page_after(log, max_lines=70, after=0, ended=ended)
        while page.lines:
            whole += page.lines
            page = read_page_after(log, max_lines=70, after=page.ends, ended=ended)
        back = read_page(log, max_lines=2_000, ended=ended)
    assert tuple(whole) == back.lines
    assert (whole[-1] == "half a li") is ended
    assert page.ends == back.ends
