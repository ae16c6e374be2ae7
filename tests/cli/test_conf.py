from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.conftest import CommandLine

from backfill_tui.domain.problems import BadRequest
from backfill_tui.headless.confs import read_conf

WORDS = ("plan", "sales_daily", "--range", "2024-01-01", "--json", "--conf")


def test_a_conf_comes_from_a_file(run: CommandLine, tmp_path: Path) -> None:
    path = tmp_path / "a conf.json"
    path.write_text('\ufeff{"city": "Zürich"}\n', "utf-8")
    assert run(*WORDS, f"@{path}").json["conf"] == {"city": "Zürich"}


def test_a_conf_comes_from_stdin(run: CommandLine) -> None:
    assert run(*WORDS, "-", stdin=b'{"a": 1}').json["conf"] == {"a": 1}


def test_a_conf_of_a_megabyte_is_taken(run: CommandLine, tmp_path: Path) -> None:
    path = tmp_path / "conf.json"
    path.write_text(json.dumps({"rows": ["x" * 1000] * 1000}))
    conf = run(*WORDS, f"@{path}").json["conf"]
    assert len(conf["rows"]) == 1000


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b'{\n  "a": 1,\n  b\n}', " is not JSON: line 3 column 3: "),
        (b"[1]", " is JSON, but not an object: "),
        (b' "{}" ', " is JSON, but not an object: "),
        (b"  \n", " is empty: write {} for an empty one"),
        (b'{"a":\n"\xff"}', " is not UTF-8, in line 2: save it in UTF-8"),
        (b"{" + b" " * (8 << 20) + b"}", " has more than 8 MB: give the runs a smaller one"),
        (b"[" * 200_000, " is not JSON that can be read: it is nested too deep"),
        (b'{"a": ' + b"1" * 5_000 + b"}", " is not JSON: "),
        (b'{"a": Infinity}', " is not JSON: Infinity is not a number in JSON"),
    ],
)
def test_a_conf_that_can_not_be_meant_is_one_sentence(
    run: CommandLine, tmp_path: Path, content: bytes, sentence: str
) -> None:
    path = tmp_path / "conf.json"
    path.write_bytes(content)
    for given, stdin, source in (
        (f"@{path}", b"", f'The conf in "{path}"'),
        ("-", content, "The conf from stdin"),
    ):
        ended = run(*WORDS, given, stdin=stdin)
        assert (ended.code, ended.out) == (2, "")
        assert f"error: {source}{sentence}" in ended.talk
        assert ended.talk.count("\n") == 1


def test_a_file_that_can_not_be_read_is_one_sentence(tmp_path: Path) -> None:
    closed = tmp_path / "loop"
    closed.symlink_to(closed)
    for name, sentence in (
        (tmp_path / "none.json", "There is no file "),
        (tmp_path, "is a folder, no file with a conf"),
        (closed, "can not be read for the conf: Too many levels of symbolic links"),
        ("", "--conf @ names no file"),
        ("a\0b", "can not be read for the conf: "),
        ("\x1b[31mred", "There is no file "),
    ):
        with pytest.raises(BadRequest) as refused:
            read_conf(f"@{name}")
        assert sentence in str(refused.value)
        assert "\x1b" not in str(refused.value)


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(BadRequest, match="The conf is not UTF-8"):
        read_conf('{"a": "\udcff"}')


def test_a_conf_that_is_not_given_is_none() -> None:
    assert read_conf("") == ""
