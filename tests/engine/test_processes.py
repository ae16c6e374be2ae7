from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from tests.support.homes import wait_until

from backfill_tui.engine.processes import MARK, ProcessId, end_at_once, family

# A leader with a child in its session, one in a group of its own, and one in a session of its own.
_TREE = """
import os, subprocess, sys, time
sleeper = [sys.executable, "-c", "import time; time.sleep(600)"]
subprocess.Popen(sleeper)
subprocess.Popen(sleeper, preexec_fn=os.setpgrp)
subprocess.Popen(sleeper, start_new_session=True)
print("up", flush=True)
time.sleep(600)
"""


@pytest.fixture
def tree(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    leader = subprocess.Popen(
        [sys.executable, "-c", _TREE],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=os.environ | {MARK: str(tmp_path)},
    )
    assert leader.stdout is not None
    assert leader.stdout.readline() == "up\n"
    everyone = [psutil.Process(leader.pid), *psutil.Process(leader.pid).children(recursive=True)]
    yield leader
    end_at_once(everyone)
    leader.wait()
    leader.stdout.close()


def test_a_family_is_all_that_descends_from_its_root_parents_first(
    tree: subprocess.Popen[str],
) -> None:
    members = family([ProcessId.of(tree.pid)])
    assert len(members) == 4
    assert members[0].pid == tree.pid


def test_what_left_the_session_of_a_dead_root_is_known_by_its_mark(
    tree: subprocess.Popen[str], tmp_path: Path
) -> None:
    root = ProcessId.of(tree.pid)
    tree.kill()
    tree.wait()
    assert len(family([root])) == 2
    members = family([root], mark=str(tmp_path))
    assert len(members) == 3
    assert end_at_once(members) == []
    assert family([root], mark=str(tmp_path)) == []


def test_a_later_process_with_the_same_number_is_a_stranger(tree: subprocess.Popen[str]) -> None:
    stranger = ProcessId(tree.pid, ProcessId.of(tree.pid).created - 60)
    assert not stranger.alive
    assert family([stranger]) == []


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere psutil has no other clock")
def test_a_process_is_the_same_after_the_clock_of_the_machine_was_set(
    tree: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before, started = ProcessId.of(tree.pid), psutil.boot_time()
    # What the kernel says of its start once somebody has set the clock.
    monkeypatch.setattr("psutil._pslinux.boot_time", lambda: started + 2.0)
    assert psutil.boot_time() == started + 2.0
    assert before.alive
    assert next(process.pid for process in family([before])) == tree.pid


def test_a_dead_child_that_nobody_waited_for_is_gone(tree: subprocess.Popen[str]) -> None:
    root = ProcessId.of(tree.pid)
    os.kill(tree.pid, signal.SIGKILL)
    wait_until(lambda: not root.alive, lambda: psutil.Process(tree.pid).status())
