"""What is drawn while a backfill is followed, on a real terminal with the real engine."""

from __future__ import annotations

import re
import signal
import subprocess
from collections.abc import Iterator, Mapping

import pytest
from tests.support.program import Program, program_on
from tests.support.terminal import Terminal

pytestmark = [
    pytest.mark.airflow,
    pytest.mark.engine,
    pytest.mark.terminal,
    pytest.mark.xdist_group("progress"),
    pytest.mark.timeout(600),
]

_DAGS = """
from datetime import datetime, timezone
from pathlib import Path
from time import sleep
from airflow.sdk import DAG, task

GATE = Path(__file__).parent.parent / "gate"

START = datetime(2024, 1, 1, tzinfo=timezone.utc)

with DAG(dag_id="gated", schedule="@daily", start_date=START, catchup=False):
    @task(retries=0)
    def wait(logical_date=None):
        while logical_date.day > 1 and not GATE.exists():
            sleep(0.2)
        if logical_date.day == 2:
            raise RuntimeError("no")
    @task(retries=0)
    def tell(): pass
    wait() >> tell()
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    folder = tmp_path_factory.mktemp("progress")
    with program_on(folder) as found:
        (found.dags_folder / "gated.py").write_text(_DAGS, encoding="utf-8")
        yield found


def on_terminal(
    program: Program, *words: str, columns: int = 80, more: Mapping[str, str] | None = None
) -> Terminal:
    environment = {**program.environment, **(more or {})}
    return Terminal(program.words(*words), environment=environment, columns=columns, directory=program.folder)


def test_progress_is_drawn_live_and_one_line_of_it_stays(program: Program) -> None:
    days = ("--from", "2024-01-01", "--to", "2024-01-03")
    with on_terminal(program, "launch", "gated", *days, "--yes", "--wait") as terminal:
        text = terminal.wait_for("1/3", "2 running", "so far", seconds=240)
        assert re.search(r"^runs  [━╍─]+ 1/3  33 %$", text, re.MULTILINE), text
        assert re.search(r"^tasks [━╍─]+ 2/6  33 %$", text, re.MULTILINE), text
        assert "Backfill 1 of gated: running, 2 of 10 slots" in text
        interrupted_and_narrow(program)
        (program.folder / "gate").touch()
        assert terminal.wait_for_exit(240) == 1
        text = terminal.text
        assert re.search(r"^[━╳]+ 3/3 runs  6/6 tasks  in ", text, re.MULTILINE), text
        assert "done with failures, 2 succeeded, 1 failed" in text
        assert "  failed  2024-01-02 00:00" in text
        assert "so far" not in text
        assert "╍" not in text
        assert b"\x1b[?25l" not in terminal.raw(), "the cursor was hidden"


def interrupted_and_narrow(program: Program) -> None:
    """Watch it in a narrow terminal without colours, and stop that: what is followed goes on."""
    with on_terminal(program, "watch", "1", columns=36, more={"NO_COLOR": "1"}) as terminal:
        text = terminal.wait_for("1/3  33 %", "so far", seconds=120)
        assert re.search(r"^runs  [━╍─]{8,} 1/3  33 %$", text, re.MULTILINE), text
        # What a shell's terminal makes of ctrl+c; this one is nobody's controlling terminal.
        terminal.process.send_signal(signal.SIGINT)
        assert terminal.wait_for_exit(60) == 130
        text = terminal.text
        assert re.search(r"1/3 runs  2/6 tasks  in ", text), text
        assert "so far" not in text
        joined = text.replace("\n", "")
        assert "No longer waiting for backfill 1" in joined
        colours = re.findall(rb"\x1b\[[0-9;]*(?:3[0-7]|9[0-7]|38;)[0-9;]*m", terminal.raw())
        assert colours == []


def test_the_tab_key_finds_the_dag_and_the_backfill_that_were_worked_with(program: Program) -> None:
    line = [*program.words()[3:], "watch", ""]
    environment = {
        **program.environment,
        "_BACKFILL_TUI_COMPLETE": "bash_complete",
        "COMP_WORDS": "\n".join(["backfill-tui", *line]),
        "COMP_CWORD": str(len(line)),
    }
    done = subprocess.run(
        program.words()[:3], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.stdout.split(), done.stderr) == (["plain,1", "plain,gated"], "")


def test_without_a_terminal_it_is_plain_lines_and_quiet_is_only_the_outcome(program: Program) -> None:
    (program.folder / "gate").touch()
    plain = program.run("watch", "1")
    assert "\x1b" not in plain.out + plain.err
    assert "Backfill 1 of gated: done with failures, 2 succeeded, 1 failed" in plain.err
    quiet = program.run("rerun", "gated", "--failed", "--yes", "--wait", "--quiet", seconds=300)
    assert (quiet.code, quiet.err) == (1, "")
    assert quiet.out.startswith("Backfill 1 of gated: done with failures, 1 failed")
