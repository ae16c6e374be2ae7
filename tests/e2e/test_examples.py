"""Every example of the pages is run as it is printed, on the example Dags and the real embedded engine.

The blocks for a shell run in one; those of docs/json.md, in the order of STORY, in this process on one bridge
that spares the import of Airflow for each. What can not run is marked on the page, see
`tests.support.examples`.
"""

from __future__ import annotations

import json
import os
import shlex
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner
from tests.support.examples import Block, every_block
from tests.support.homes import EXAMPLE_DAGS
from tests.support.json_page import LINES, documented_examples, same_shape, shape
from tests.support.program import Program, program_on

from backfill_tui.cli import main
from backfill_tui.composition import Connection, EngineParts, RealComposition
from backfill_tui.domain.looks import Looks
from backfill_tui.known_names import Names
from backfill_tui.program import Invocation
from backfill_tui.settings import Report

pytestmark = [
    pytest.mark.airflow,
    pytest.mark.engine,
    pytest.mark.xdist_group("examples"),
    pytest.mark.timeout(600),
]

STORY: Final = (
    *("dags", "plan", "launch", "watch", "failures", "export", "rerun", "rerun --max-attempts"),
    *("mark", "undo", "list", "journal", "engine status", "pause", "resume", "cancel"),
    *("pause-dag", "unpause-dag", "engine stop", "engine logs", "reopen", "remove", "config"),
)
"""The order in which the examples of docs/json.md make sense."""

FAILS: Final = frozenset({"launch", "watch", "rerun", "rerun --max-attempts"})
"""The Dag of the examples breaks on two of its three dates: what follows it to the end says so."""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    files = sorted(path.name for path in EXAMPLE_DAGS.glob("*.py"))
    with program_on(tmp_path_factory.mktemp("examples"), *files) as made:
        yield made


class OneBridge:
    """The real composition, whose bridge stays from one command to the next; it satisfies `Composition`."""

    def __init__(self, program: Program) -> None:
        self._real = RealComposition(program.environment, program.folder)
        self._flags = {"dags_folder": program.dags_folder, "home": program.home}
        self._open = ExitStack()
        self._connection: Connection | None = None

    @contextmanager
    def connect(self, flags: Mapping[str, object]) -> Generator[Connection, None, None]:  # noqa: ARG002
        if self._connection is None:
            connection = self._open.enter_context(self._real.connect(self._flags))
            gateway = connection.connect()
            self._connection = replace(connection, connect=lambda: gateway)
        yield self._connection

    def engine(self, flags: Mapping[str, object]) -> EngineParts:  # noqa: ARG002
        return self._real.engine(self._flags)

    def journal(self, flags: Mapping[str, object]) -> Path | None:  # noqa: ARG002
        return self._real.journal(self._flags)

    def settings(self, flags: Mapping[str, object]) -> Report:
        return self._real.settings({**self._flags, **flags})

    def names(self, flags: Mapping[str, object]) -> Names:  # noqa: ARG002
        return self._real.names(self._flags)

    def looks(self, flags: Mapping[str, object]) -> Looks:
        return self._real.looks({**self._flags, **flags})

    def settings_file(self) -> Path:
        return self._real.settings_file()

    def close(self) -> None:
        self._open.close()


def moment() -> str:
    """The time as Airflow writes it on SQLite."""
    return datetime.fromtimestamp(time.time(), timezone.utc).strftime("%Y-%m-%d %H:%M:%S.%f")


@dataclass(frozen=True, slots=True)
class Stage:
    """The program in this process, and what brings its Airflow to where an example makes sense."""

    program: Program
    composition: OneBridge

    def run(self, words: str) -> tuple[int, str, str]:
        """Exit code, stdout and stderr of a command."""
        ended = CliRunner().invoke(main, shlex.split(words), obj=Invocation(self.composition))
        return ended.exit_code, ended.stdout, ended.stderr

    def paused_backfill(self, month: str = "2023-01") -> int:
        """A new backfill of a month, none of whose dates has begun."""
        code, out, talk = self.run(
            f"launch my_backfill_dag --range {month} --max-active-runs 1 --paused --yes --json"
        )
        assert code == 0, talk
        number: int = json.loads(out)["backfill_id"]
        return number

    def sql(self, statement: str, *values: object) -> int:
        """Do what only Airflow itself does, without it; the number of the row."""
        with closing(sqlite3.connect(self.program.home / "airflow.db", timeout=60)) as database, database:
            return database.execute(statement, values).lastrowid or 0

    def orphaned_backfill(self) -> int:
        """One that is marked as complete though no run of it has begun."""
        number = self.paused_backfill("2023-02")
        self.sql("UPDATE backfill SET completed_at = ?, is_paused = 0 WHERE id = ?", moment(), number)
        return number

    def abandoned_backfill(self) -> int:
        """One whose creation died before it had a run."""
        self.sql("UPDATE backfill SET completed_at = ? WHERE completed_at IS NULL", moment())
        return self.sql(
            "INSERT INTO backfill (dag_id, from_date, to_date, dag_run_conf, is_paused, reprocess_behavior,"
            " max_active_runs, created_at, updated_at)"
            " SELECT dag_id, from_date, to_date, dag_run_conf, is_paused, reprocess_behavior,"
            " max_active_runs, '2024-01-01 00:00:00.000000', '2024-01-01 00:00:00.000000'"
            " FROM backfill ORDER BY id LIMIT 1"
        )


@pytest.fixture(scope="module")
def told(program: Program) -> dict[str, tuple[int, str, str]]:
    """What each example of docs/json.md came to: exit code, stdout and stderr."""
    config = program.folder / "config" / "backfill-tui" / "config.toml"
    composition = OneBridge(program)
    stage = Stage(program, composition)
    before: dict[str, Callable[[], int]] = {
        "pause": stage.paused_backfill,
        "reopen": stage.orphaned_backfill,
        "remove": stage.abandoned_backfill,
    }
    number, found = 1, {}
    with pytest.MonkeyPatch.context() as surroundings, closing(composition):
        for variable, value in program.environment.items():
            surroundings.setenv(variable, value)
        for name in STORY:
            if name in before:
                number = before[name]()
            if name == "config":
                config.parent.mkdir(parents=True)
                config.write_text('[keys]\n"watch.rerun" = "R"\n')
            words, _ = documented_examples()[name]
            if name in {"pause", "resume", "cancel", "reopen", "remove"}:
                words = words.replace(" 1 ", f" {number} ")
            found[name] = stage.run(words)
    config.unlink()
    return found


def test_the_story_has_every_example_of_the_page_of_json() -> None:
    assert set(STORY) == set(documented_examples())


@pytest.mark.parametrize("name", STORY)
def test_a_json_example_is_what_the_program_prints(name: str, told: dict[str, tuple[int, str, str]]) -> None:
    code, out, talk = told[name]
    assert code == (1 if name in FAILS else 0), talk
    real = [json.loads(line) for line in out.splitlines()] if name in LINES else [json.loads(out)]
    _, documented = documented_examples()[name]
    assert real
    for one in documented:
        for other in real:
            assert same_shape(shape(one), shape(other)), json.dumps(other, indent=2)[:3000]


RUN = [block for block in every_block() if block.runs]


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize("block", RUN, ids=lambda block: block.name)
def test_a_block_for_a_shell_runs_as_it_is_printed(block: Block, program: Program) -> None:
    words = ["bash", "-euo", "pipefail", "-c", block.text]
    environment = {
        **program.environment,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "BACKFILL_TUI_HOME": str(program.home),
    }
    done = subprocess.run(
        words,
        env=environment,
        cwd=program.folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert done.returncode == 0, f"{block.text}\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}"
    for name in ("sales.html", "sales.csv", "plan.html"):
        (program.folder / name).unlink(missing_ok=True)
