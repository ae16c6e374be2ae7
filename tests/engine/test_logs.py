from __future__ import annotations

from pathlib import Path

import pytest

from backfill_tui.engine import logs


def test_the_log_before_is_kept_beside_the_new_one(tmp_path: Path) -> None:
    log = tmp_path / "scheduler.log"
    logs.rotate(log)
    assert not log.exists()
    log.write_text("first")
    logs.rotate(log)
    log.write_text("second")
    assert (tmp_path / "scheduler.log.1").read_text() == "first"


def test_a_log_that_grows_too_large_begins_anew_in_the_hands_of_its_writer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "LARGEST_BYTES", 10)
    log = tmp_path / "scheduler.log"
    with log.open("a") as writer:
        writer.write("0123456789")
        writer.flush()
        logs.keep_bounded(log)
        writer.write("and on")
    assert log.read_text() == "and on"
    assert (tmp_path / "scheduler.log.1").read_text() == "0123456789"


def test_the_tail_of_a_log_is_its_last_bytes(tmp_path: Path) -> None:
    log = tmp_path / "scheduler.log"
    assert logs.tail(log, 5) == ""
    log.write_bytes(b"\xff first last!")
    assert logs.tail(log, 5) == "last!"
    assert logs.tail(log, 500).startswith("\N{REPLACEMENT CHARACTER}")
