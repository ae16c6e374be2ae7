"""A text looked for in a whole log: what is found are the lines that are shown, none more and none fewer."""

from __future__ import annotations

import json
import string
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backfill_tui.bridge import log_find
from backfill_tui.bridge.log_bytes import LONGEST, LogBytes
from backfill_tui.bridge.log_find import FoundMessage, count, find
from backfill_tui.bridge.log_lines import lines_of
from backfill_tui.domain.log_search import Search, shown

pytestmark = pytest.mark.airflow

Write = Callable[[list[bytes]], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(raws: list[bytes]) -> Path:
        file = tmp_path / "attempt=1.log"
        file.write_bytes(b"".join(raws))
        return file

    return write


def nobody_looks() -> None:
    """Nobody gives up."""


def message(event: str, **fields: object) -> bytes:
    told = {"timestamp": "2024-02-06T02:00:11.25Z", "level": "info", "event": event, **fields}
    return json.dumps(told, ensure_ascii=False).encode() + b"\n"


def by_hand(raws: list[bytes], words: str) -> list[int]:
    """Where the messages begin that have the words, once for each line."""
    places, at = [], 0
    for raw in raws:
        lines = [part for line in lines_of(raw) for part in shown(line)]
        places += [at] * len(Search(words).lines_of(lines))
        at += len(raw)
    return places


def counted(file: Path, words: str, most: int = 10_000) -> list[int]:
    with LogBytes.of(file) as log:
        return count(log, Search(words), start=0, most=most, ended=True, look=nobody_looks)[0]


def walked(file: Path, words: str, step: int) -> list[int]:
    """The messages that one comes to, one after the other, once around."""
    found: list[FoundMessage] = []
    start: int | None = None
    with LogBytes.of(file) as log:
        while True:
            one = find(log, Search(words), start=start, step=step, ended=True, look=nobody_looks)
            if one is None or one in found:
                return [other.begins for other in found]
            found.append(one)
            start = one.ends if step > 0 else one.begins


_PIECES = (*string.ascii_letters[:6], *string.digits[:3], *' ."\\/:[]\t\n\x1b\x07é漢', "\x1b[31m", "\u009b")
_TEXTS = st.lists(st.sampled_from(_PIECES), max_size=12).map("".join)
_VALUES = st.none() | st.booleans() | st.integers(-99, 99) | _TEXTS | st.lists(_TEXTS, max_size=2)
_STAMPS = st.sampled_from(
    ["2024-02-06T02:00:11.25Z", "2024-02-06T02:00:11+01:00", "2024-02-29 10:11:12Z", 1_707_184_811, None, "?"]
)
_ERROR = st.fixed_dictionaries({"exc_type": st.sampled_from(["KeyError", ""]), "exc_value": _TEXTS})
_MESSAGES = st.fixed_dictionaries(
    {"timestamp": _STAMPS, "event": _TEXTS},
    optional={
        "level": st.sampled_from(["info", "error", "critical"]),
        "more": _VALUES,
        "error_detail": st.lists(_ERROR, max_size=2),
    },
)
_RAWS = st.one_of(
    st.builds(lambda told, plain: json.dumps(told, ensure_ascii=plain).encode(), _MESSAGES, st.booleans()),
    _TEXTS.map(lambda text: text.replace("\n", " ").encode()),
    st.binary(max_size=8).map(lambda raw: raw.replace(b"\n", b" ")),
).map(lambda raw: raw + b"\n")


@settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=400)
@given(raws=st.lists(_RAWS, max_size=8), data=st.data())
def test_what_is_found_is_what_is_shown(
    raws: list[bytes], data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    lines = [part for raw in raws for line in lines_of(raw) for part in shown(line)]
    whole = "\n".join(lines)
    begin = data.draw(st.integers(0, max(0, len(whole) - 1)))
    drawn = whole[begin : begin + data.draw(st.integers(1, 6))].split("\n")[0]
    words = data.draw(st.sampled_from([drawn, drawn.lower(), "", "trace", "11", "err"]))
    if not words.isascii():
        words = ""
    file = tmp_path_factory.mktemp("log") / "attempt=1.log"
    file.write_bytes(b"".join(raws))
    wanted = by_hand(raws, words)
    assert counted(file, words) == wanted
    for step in (1, -1):
        assert walked(file, words, step) == list(dict.fromkeys(wanted))[::step]


@pytest.mark.parametrize("words", ["row 7", "needle", "Needle", "02:00:1", "level=", "é", "row 1999", ""])
@pytest.mark.parametrize("block", [64, 1_000, 1024 * 1024])
def test_where_a_block_ends_makes_no_difference(
    write: Write, monkeypatch: pytest.MonkeyPatch, words: str, block: int
) -> None:
    raws = [
        message(f"row {number} {'Needle é' if number % 97 == 0 else ''}", rows=number)
        for number in range(2_000)
    ]
    detail = [{"exc_type": "KeyError", "exc_value": "'sku'"}]
    raws[700] = message("failed", level="error", error_detail=detail)
    raws[701] = b"x" * 5_000 + b" needle\n"
    file = write(raws)
    monkeypatch.setattr(log_find, "_BLOCK", block)
    wanted = by_hand(raws, words)
    assert counted(file, words) == wanted
    if len(wanted) < 100:
        assert walked(file, words, 1) == list(dict.fromkeys(wanted))
        assert walked(file, words, -1) == list(dict.fromkeys(wanted))[::-1]


@pytest.mark.parametrize(
    "words",
    ["größe", "GRÖSSE", "größe 7", "ошибка", "Ошибка", "ошибка в", "漢字", "漢字 7", "ς", "hatasi", "İ"],
)
def test_words_beyond_ascii_are_found_in_any_case_without_reading_every_line(
    write: Write, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    texts = (
        "Größe 7",
        "GRÖẞE 7",
        "ОШИБКА в коде",
        "Ошибка",
        "漢字 7",
        "漢 字",
        "ΣΑΣ",
        "hatası",
        "HATASİ",
        "größ\x1be",
    )
    raws = [message(f"row {number}") for number in range(2_000)]
    raws[::200] = [message(text) for text in texts]
    raws += [json.dumps({"event": text}).encode() + b"\n" for text in texts]
    read: list[bytes] = []

    def noted(raw: bytes) -> list[str]:
        read.append(raw)
        return lines_of(raw)

    monkeypatch.setattr(log_find, "lines_of", noted)
    wanted = by_hand(raws, words)
    assert counted(write(raws), words) == wanted
    assert len(read) <= 2 * len(texts)


def test_the_end_of_a_line_that_is_too_long_to_be_read_at_once_is_found_backwards(write: Write) -> None:
    long = b"x" * (LONGEST + LONGEST // 2) + b" needle\n"
    file = write([message("before"), long, message("after")])
    (found,) = walked(file, "needle", -1)
    assert found > len(message("before"))
    assert walked(file, "before", -1) == [0]


def test_no_more_than_so_many_lines_are_counted_at_once(write: Write) -> None:
    raws = [message(f"row {number}") for number in range(500)]
    with LogBytes.of(write(raws)) as log:
        places, ends, more = count(log, Search("row"), start=0, most=200, ended=True, look=nobody_looks)
        assert (len(places), more) == (200, True)
        rest, end, more = count(log, Search("row"), start=ends, most=9_000, ended=True, look=nobody_looks)
        assert (len(rest), end, more) == (300, log.size, False)


def test_a_search_of_a_very_long_log_takes_a_few_blocks_of_memory_and_can_be_given_up(write: Write) -> None:
    file = write([message(f"row {number} {'x' * 80}") for number in range(200_000)])
    looks: list[int] = []

    def give_up() -> None:
        looks.append(1)
        if len(looks) > 5:
            raise TimeoutError

    tracemalloc.start()
    try:
        assert counted(file, "nowhere") == []
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 6 * 1024 * 1024 < file.stat().st_size / 4
    with LogBytes.of(file) as log, pytest.raises(TimeoutError):
        find(log, Search("nowhere"), start=None, step=1, ended=True, look=give_up)
    assert len(looks) == 6
