from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import CommandLine
from tests.cli.journals import begun, ended, write_journal
from tests.support.scripted import ScriptedEngine

from backfill_tui.domain.ids import BackfillId, DagId, RunId
from backfill_tui.domain.journal import RunMark

RANGE = ("--from", "2024-01-01", "--to", "2024-01-03")


def failed_backfill(run: CommandLine) -> None:
    """Backfill 1, whose `load` failed on two of three dates."""
    run.world.fail("sales_daily", "load", "2024-01-01", "2024-01-02")
    run("launch", "sales_daily", *RANGE, "--yes")
    run.world.advance_to_end()


def states(run: CommandLine) -> list[tuple[str, list[str]]]:
    return [(str(found.state), [*map(str, found.tasks.values())]) for found in run.world.runs.values()]


def test_the_last_mark_is_named_and_taken_back(run: CommandLine) -> None:
    failed_backfill(run)
    before = states(run)
    run("mark", "success", "sales_daily", "--failed", "--yes")
    ended = run("undo", "--yes", "--json")
    assert ended.code == 0, ended.talk
    assert " on sales_daily: mark success of 2024-06-15 12:00 UTC, by you" in ended.talk
    assert "2 task instances of 2 runs get back the states they had before" in ended.talk
    assert (ended.json["undone"], ended.json["task_instances"]) == (True, 2)
    assert states(run) == before


def test_a_dry_run_and_a_no_take_nothing_back(run: CommandLine) -> None:
    failed_backfill(run)
    run("mark", "success", "sales_daily", "--yes")
    before = states(run)
    assert run("undo", "--dry-run", "--json").json["undone"] is False
    refused = run("undo")
    assert (refused.code, "nobody can be asked here: add --yes" in refused.talk) == (4, True)
    assert states(run) == before
    assert run("--read-only", "undo", "--yes").code == 4


def test_what_changed_since_stays_as_it_is_and_that_is_said(run: CommandLine) -> None:
    failed_backfill(run)
    run("mark", "success", "sales_daily", "--failed", "--yes")
    number = run("undo", "--dry-run", "--json").json["number"]
    run("rerun", "sales_daily", "--date", "2024-01-01", "--whole-run", "--yes")
    refused = run("undo", "--yes")
    assert refused.code == 4
    assert (
        "error: There is no way back from the last deed, a rerun: what was cleared has lost its states"
        in refused.talk
    )
    ended = run("undo", number[:6], "--yes")
    assert "it is queued now, and that stays as it is" in ended.talk
    assert "1 task instance of 1 run gets back the state it had before" in ended.talk


def test_an_undone_pause_of_a_backfill_lets_it_go_on_with_an_engine(run: CommandLine) -> None:
    run("launch", "sales_daily", *RANGE, "--yes")
    run("pause", "1", "--yes")
    run.composition.engine_of = engine = ScriptedEngine(run.world)
    ended = run("undo", "--dag", "sales_daily", "--yes", "--json")
    assert "Backfill 1 is resumed: 3 queued runs can start" in ended.talk
    assert (ended.json["deed"], ended.json["backfill_id"], ended.json["starting"]) == ("pause", 1, 3)
    assert engine.status().running
    assert not run.world.backfills[BackfillId(1)].is_paused


def test_an_undone_pause_of_a_dag_unpauses_it(run: CommandLine) -> None:
    run("pause-dag", "new_york", "--yes")
    run("pause-dag", "sales_daily", "--yes")
    ended = run("undo", "--dag", "new_york", "--yes")
    assert "new_york is unpaused, so its runs may start again" in ended.talk
    assert run.world.paused == {DagId("sales_daily")}


def test_an_undone_pause_of_a_dag_starts_the_engine_for_what_has_not_ended(run: CommandLine) -> None:
    run("launch", "sales_daily", *RANGE, "--yes")
    run("pause-dag", "sales_daily", "--yes")
    run("pause-dag", "new_york", "--yes")
    run.composition.engine_of = engine = ScriptedEngine(run.world)
    run("undo", "--dag", "new_york", "--yes")
    assert not engine.status().running, "there is nothing to run"
    ended = run("undo", "--dag", "sales_daily", "--yes", "--json")
    assert "its runs may start again: 3 runs may start or go on" in ended.talk
    assert ended.json["starting"] == 3
    assert engine.status().running


def test_nothing_to_undo_and_what_contradicts_are_said(run: CommandLine) -> None:
    nothing = run("undo", "--yes")
    assert (nothing.code, "There is nothing to be undone in the journal" in nothing.talk) == (2, True)
    both = run("undo", "abc", "--dag", "sales_daily")
    assert (both.code, "ENTRY and --dag exclude each other" in both.talk) == (2, True)


def test_the_journal_says_of_each_deed_how_it_is_undone(run: CommandLine, tmp_path: Path) -> None:
    marks = (RunMark(run_id=RunId("r"), was="failed", became="success", clear_number=0),)
    first = begun("aaaaaaaaaaaa", "mark_success", "2024-06-01T10:00", marks=marks)
    second = begun("bbbbbbbbbbbb", "mark_success", "2024-06-01T11:00", marks=marks)
    undone = begun("cccccccccccc", "undo", "2024-06-01T12:00", details={"undoes": "aaaaaaaaaaaa"})
    again = begun("dddddddddddd", "mark_success", "2024-06-01T13:00")
    lines = [line for entry in (first, second, undone, again) for line in (entry, ended(entry, marks=()))]
    run.composition.journal_path = write_journal(tmp_path / "journal.jsonl", lines)
    told = run("journal", "--json").json_lines
    words = {line["number"][0]: line["undo"] for line in told}
    assert words == {"a": "undone", "b": "bbbbbbbb", "c": "no", "d": "no"}
    assert "marks" not in told[0]
    table = run("journal").out.splitlines()
    assert "Undo" in table[0]
    assert [word for row in table[1:] for word in ("undone", "bbbbbbbb", " no ") if word in row] == [
        "undone", "bbbbbbbb", " no ", " no "
    ]  # fmt: skip
