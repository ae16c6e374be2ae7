from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import CommandLine
from tests.cli.journals import a_journal, begun, ended, write_journal

from backfill_tui.domain.ids import BackfillId
from backfill_tui.domain.journal import Phase


@pytest.fixture
def run(run: CommandLine, tmp_path: Path) -> CommandLine:
    run.composition.journal_path = a_journal(tmp_path)
    return run


def test_deeds_are_shown_a_line_each_newest_last_without_a_bridge(run: CommandLine) -> None:
    told = run("journal")
    assert told.code == 0
    assert f"The journal is {run.composition.journal_path}, its times are UTC\n" in told.talk
    head, launch, rerun, cancel = told.out.splitlines()
    assert head.startswith("When (UTC)")
    assert launch.startswith("2024-06-01 10:00:00  you  launch")
    assert launch.endswith('done, 3 created, 2 skipped, note "late data"')
    assert "rerun   sales_daily         1" in rerun
    counts = "2 runs: 2 failed; 4 task instances: 2 failed, 1 success, 1 upstream_failed"
    assert f"{counts}  done" in rerun
    assert "new_york" in cancel
    assert cancel.endswith("did not end")
    assert run.composition.gateways == []


def test_its_lines_are_json_with_every_key(run: CommandLine) -> None:
    lines = run("journal", "--json").json_lines
    assert [(line["number"], line["phase"]) for line in lines] == [
        ("aaa", "begun"),
        ("aaa", "done"),
        ("bbb", "begun"),
        ("bbb", "done"),
        ("ccc", "begun"),
    ]
    assert {tuple(line) for line in lines} == {tuple(lines[0])}
    assert lines[2]["runs"][0] == {
        "run_id": "backfill__2024-01-05T00:00:00+00:00",
        "state": "failed",
        "logical_date": "2024-01-05T00:00:00+00:00",
        "partition_key": None,
        "backfill_id": 1,
        "tasks": {"success": 1, "failed": 1},
    }


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        (("--dag", "new_york"), ["ccc"]),
        (("--backfill", "1"), ["aaa", "bbb"]),
        (("--backfill", "1", "--last", "1"), ["bbb"]),
        (("--last", "2"), ["bbb", "ccc"]),
        (("--last", "9"), ["aaa", "bbb", "ccc"]),
        (("--dag", "sales_daily", "--backfill", "2"), []),
    ],
)
def test_only_some_deeds_can_be_shown_each_with_all_its_lines(
    run: CommandLine, words: tuple[str, ...], numbers: list[str]
) -> None:
    told = run("journal", *words, "--json")
    assert told.code == 0
    assert list(dict.fromkeys(line["number"] for line in told.json_lines)) == numbers
    assert ("Nothing of the kind was done from here yet" in told.talk) == (not numbers)
    assert len(run("journal", *words).out.splitlines()) == (len(numbers) + 1 if numbers else 0)


def test_a_journal_that_does_not_exist_yet_is_no_error(run: CommandLine, tmp_path: Path) -> None:
    run.composition.journal_path = tmp_path / "none.jsonl"
    told = run("journal")
    assert (told.code, told.out) == (0, "")
    assert "Nothing was done from here yet\n" in told.talk


def test_torn_lines_are_passed_over_and_outside_text_is_harmless(run: CommandLine, tmp_path: Path) -> None:
    entry = begun(
        "ddd", "pause", "2024-06-02T10:00:00", dag_id="[/red]\x1b[31mred", backfill_id=BackfillId(1)
    )
    taken_back = ended(entry, Phase.UNDONE, problem="The disk is full\x1b]0;title\x07", at=entry.at)
    path = write_journal(tmp_path / "torn.jsonl", [entry, taken_back])
    with path.open("ab") as file:
        file.write(b'{"at": "2024-06')
    run.composition.journal_path = path
    told = run("journal")
    assert told.code == 0
    (line,) = told.out.splitlines()[1:]
    assert "[/red]red" in line
    assert line.endswith("nothing of it is left, The disk is full")
    assert "\x1b" not in told.out + run("journal", "--json").out


def test_a_launch_that_did_not_end_says_what_was_planned(run: CommandLine, tmp_path: Path) -> None:
    entry = begun("fff", "launch", "2024-06-02T10:00", details={"planned": 1234})
    run.composition.journal_path = write_journal(tmp_path / "dead.jsonl", [entry])
    assert run("journal").out.splitlines()[1].endswith("did not end, 1,234 planned")


def test_a_deed_by_the_breaker_says_why(run: CommandLine, tmp_path: Path) -> None:
    entry = begun("eee", "pause", "2024-06-02T10:00", details={"reason": "3 runs have failed"})
    run.composition.journal_path = write_journal(tmp_path / "why.jsonl", [entry, ended(entry)])
    assert run("journal").out.splitlines()[1].endswith("done, 3 runs have failed")


def test_a_folder_in_its_place_is_said(run: CommandLine, tmp_path: Path) -> None:
    run.composition.journal_path = tmp_path
    told = run("journal")
    assert told.code == 3
    assert "can not be read: Is a directory" in told.talk
