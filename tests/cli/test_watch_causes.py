"""What following a backfill tells of why something of it waits."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from tests.cli.conftest import CommandLine
from tests.support.world import ScriptedBackfill

from backfill_tui.domain.causes import Cause, CauseCode
from backfill_tui.domain.ids import BackfillId

LAUNCH = ("launch", "sales_daily", "--from", "2024-01-01", "--to", "2024-01-03", "--yes")
ONE = BackfillId(1)
ENOUGH_READS = 3
POOL_FULL = Cause(
    code=CauseCode.POOL_FULL,
    sentence='pool "narrow" is full, 3 of 3 slots by other (3)',
    remedy="wait for them, or give the pool more slots",
)
RETRY = Cause(
    code=CauseCode.UP_FOR_RETRY, sentence='task "load" is up for retry until 2024-06-15 13:00', ordinal=1
)


@contextmanager
def then(run: CommandLine, monkeypatch: pytest.MonkeyPatch, *steps: Callable[[], None]) -> Iterator[None]:
    """Let the world go on by a step when it has been read as it was, and to its end after the last."""
    world, over = run.world, threading.Event()
    asked = iter((*steps, world.advance_to_end))
    reads = 0
    read = world.causes_of

    def count(backfill: ScriptedBackfill) -> tuple[Cause, ...]:
        nonlocal reads
        with world.changed:
            reads += 1
            world.changed.notify_all()
        return read(backfill)

    def was_read() -> bool:
        return reads >= ENOUGH_READS or over.is_set()

    def go_on() -> None:
        nonlocal reads
        for step in asked:
            with world.changed:
                # Whoever reads again has taken the reading before.
                if not world.changed.wait_for(was_read, timeout=20):
                    return
                step()
                reads = 0

    monkeypatch.setattr(world, "causes_of", count)
    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield
    finally:
        over.set()
        with world.changed:
            world.changed.notify_all()
        thread.join()


def test_the_lines_of_watch_carry_the_causes_until_they_are_gone(
    run: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(*LAUNCH)
    run.world.start("sales_daily", 1)
    run.world.let_wait(ONE, POOL_FULL, RETRY)
    with then(run, monkeypatch, lambda: run.world.let_wait(ONE, RETRY), lambda: run.world.let_wait(ONE)):
        lines = run("watch", "1", "--json").json_lines
    assert lines[0]["causes"] == [
        {
            "code": "pool_full",
            "sentence": 'pool "narrow" is full, 3 of 3 slots by other (3)',
            "remedy": "wait for them, or give the pool more slots",
            "ordinal": None,
        },
        {
            "code": "up_for_retry",
            "sentence": 'task "load" is up for retry until 2024-06-15 13:00',
            "remedy": "",
            "ordinal": 1,
        },
    ]
    assert (lines[0]["status"], lines[0]["sentence"]) == ("running", "1 of 10 slots")
    assert lines[0]["remedy"] == "wait for them, or give the pool more slots"
    codes = [[cause["code"] for cause in line["causes"]] for line in lines[:3]]
    assert codes == [["pool_full", "up_for_retry"], ["up_for_retry"], []]
    assert (lines[-1]["status"], lines[-1]["causes"]) == ("done", [])


def test_other_words_of_the_same_causes_make_no_line(
    run: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(*LAUNCH)
    run.world.let_wait(ONE, RETRY)
    later = Cause(code=RETRY.code, sentence="another sentence", ordinal=2)
    with then(
        run,
        monkeypatch,
        lambda: run.world.let_wait(ONE, later),
        lambda: run.world.let_wait(ONE, later, later),
    ):
        lines = run("watch", "1", "--json").json_lines
    assert [line["counts"]["queued"] for line in lines if line["causes"]].count(3) == 1


def test_people_are_told_the_main_cause_and_what_to_do(
    run: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(*LAUNCH)
    run.world.start("sales_daily", 1)
    run.world.let_wait(ONE, POOL_FULL, RETRY)
    with then(run, monkeypatch):
        ended = run("watch", "1")
    assert (
        'running, 1 of 10 slots, pool "narrow" is full, 3 of 3 slots by other (3): '
        "wait for them, or give the pool more slots"
    ) in ended.talk
    assert ended.out == "Backfill 1 of sales_daily: done, 3 succeeded\n"


def test_the_remedies_of_causes_are_commands(run: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    run(*LAUNCH)
    run.world.let_wait(
        ONE, Cause(code=CauseCode.BACKFILL_PAUSED, sentence="the backfill is paused", remedy="resume")
    )
    with then(run, monkeypatch):
        lines = run("watch", "1", "--json").json_lines
    assert lines[0]["causes"][0]["remedy"] == "resume it with backfill-tui resume 1"


def test_a_missing_scheduler_has_the_words_of_the_standing(
    run: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(*LAUNCH)
    run.world.scheduler_alive = False
    run.world.let_wait(
        ONE, Cause(code=CauseCode.NO_SCHEDULER, sentence="no scheduler is running", remedy="start it")
    )

    def revive() -> None:
        run.world.scheduler_alive = True
        run.world.let_wait(ONE)

    with then(run, monkeypatch, revive):
        lines = run("watch", "1", "--json").json_lines
    (cause,) = lines[0]["causes"]
    assert (cause["sentence"], cause["remedy"]) == (lines[0]["sentence"], lines[0]["remedy"])


def test_the_list_carries_the_causes_with_commands_as_remedies(run: CommandLine) -> None:
    run(*LAUNCH)
    run.world.start("sales_daily", 1)
    paused = Cause(code=CauseCode.BACKFILL_PAUSED, sentence="the backfill is paused", remedy="resume")
    run.world.let_wait(ONE, paused, POOL_FULL)
    (listed,) = run("list", "--json").json["backfills"]
    assert [cause["remedy"] for cause in listed["causes"]] == [
        "resume it with backfill-tui resume 1",
        "wait for them, or give the pool more slots",
    ]
    run.world.advance_to_end()
    (listed,) = run("list", "--json").json["backfills"]
    assert listed["causes"] == []
