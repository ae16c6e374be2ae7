from __future__ import annotations

import io
import json

import pytest
from tests.cli.conftest import CommandLine, scheduler

from backfill_tui.headless.quiet import QuietVoice
from backfill_tui.headless.voice import PlainVoice, TerminalVoice

RANGE = ("--from", "2024-01-01", "--to", "2024-01-03")
LAUNCH = ("launch", "sales_daily", *RANGE, "--yes")


def test_a_quiet_launch_that_succeeds_says_only_its_outcome(run: CommandLine) -> None:
    with scheduler(run.world):
        ended = run(*LAUNCH, "--wait", "--quiet")
    assert (ended.code, ended.talk) == (0, "")
    assert ended.out == "Backfill 1 of sales_daily: done, 3 succeeded\n"


def test_a_quiet_launch_that_fails_says_which_dates_and_ends_with_its_code(run: CommandLine) -> None:
    run.world.fail("sales_daily", "load", "2024-01-02")
    with scheduler(run.world):
        ended = run(*LAUNCH, "--wait", "-q")
    assert (ended.code, ended.talk) == (1, "")
    assert ended.out.splitlines() == [
        "Backfill 1 of sales_daily: done with failures, 2 succeeded, 1 failed: rerun what failed",
        "  failed  2024-01-02 00:00",
    ]


def test_with_json_only_that_is_said(run: CommandLine) -> None:
    with scheduler(run.world):
        ended = run(*LAUNCH, "--wait", "--quiet", "--json")
    assert ended.talk == ""
    assert ended.json["outcome"]["status"] == "done"
    followed = run("watch", "1", "--quiet", "--json")
    assert followed.talk == ""
    assert [line["status"] for line in followed.json_lines] == ["done"]


def test_what_is_not_waited_for_has_its_outcome_too(run: CommandLine) -> None:
    assert run(*LAUNCH, "--quiet").talk == "Backfill 1 of sales_daily has 3 runs\n"
    run.world.fail("sales_daily", "load", "2024-01-02")
    run.world.advance_to_end()
    assert run(*LAUNCH, "--quiet").talk.startswith("No run to launch, 3 dates")
    dry = run("rerun", "sales_daily", "--dry-run", "--quiet")
    assert "run again" in dry.talk
    assert len(dry.talk.splitlines()) == 1
    assert run("rerun", "sales_daily", "--yes", "--quiet").talk.startswith("Cleared ")


def test_an_error_is_said_all_the_same(run: CommandLine) -> None:
    ended = run("launch", "sales_daily", *RANGE, "--quiet")
    assert ended.code == 4
    assert ended.talk.startswith("error: Nothing was done, because nobody can be asked here")
    assert len(ended.talk.splitlines()) == 1
    assert run("watch", "7", "--quiet").code == 2


@pytest.mark.parametrize(("typed", "agreed"), [("y\n", True), ("n\n", False)])
def test_a_question_comes_with_what_it_is_about(typed: str, agreed: bool) -> None:
    out = io.StringIO()
    voice = QuietVoice(TerminalVoice(out, io.StringIO(typed)), can_ask=True)
    voice.activity("Reading", 1, 2)
    voice.countdown("Again in", 3)
    voice.settle()
    voice.say("3 dates: 3 create")
    assert out.getvalue() == ""
    assert voice.ask("Launch it?") is agreed
    assert out.getvalue() == "3 dates: 3 create\nLaunch it? [y/N] "


def test_what_went_wrong_is_always_said_and_the_outcome_unless_it_is_in_the_json() -> None:
    for with_outcome, said in ((True, ["done", "wrong"]), (False, ["wrong"])):
        out = io.StringIO()
        voice = QuietVoice(PlainVoice(out), can_ask=False, with_outcome=with_outcome)
        voice.outcome("done")
        voice.problem("wrong")
        assert out.getvalue().split() == said
        assert json.dumps(said)
