"""The whole program for tests: on a copy of the example Dags, with a home and a state folder of its own."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import psutil

from tests.support.homes import EXAMPLE_DAGS
from tests.support.terminal import Terminal

THIS_ONE = (sys.executable, "-m", "backfill_tui")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A command that has ended."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """What it wrote to stdout, which has to be one JSON value."""
        return json.loads(self.out)


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """backfill-tui as a user starts it; `folder` holds the Dags, the home and the settings."""

    folder: Path
    command: tuple[str, ...] = THIS_ONE

    @property
    def dags_folder(self) -> Path:
        """The copy of the example Dags."""
        return self.folder / "dags"

    @property
    def home(self) -> Path:
        """The embedded home."""
        return self.folder / "home"

    @property
    def environment(self) -> Mapping[str, str]:
        """The user's environment, with nothing of an Airflow of theirs in it."""
        kept = {name: value for name, value in os.environ.items() if "AIRFLOW" not in name}
        return {
            **kept,
            "HOME": str(self.folder),
            "XDG_CONFIG_HOME": str(self.folder / "config"),
            "XDG_STATE_HOME": str(self.folder / "state"),
            "BACKFILL_TUI_HINTS": "no",
            "LANG": "C.UTF-8",
            "TEXTUAL_ANIMATIONS": "none",
        }

    def words(self, *words: str) -> Sequence[str]:
        """The command line: the program with its folders, then `words`."""
        place = ["--dags-folder", str(self.dags_folder), "--home", str(self.home)]
        return [*self.command, *place, *words]

    def run(self, *words: str, seconds: float = 120) -> Finished:
        """Run a command to its end, without a terminal."""
        done = subprocess.run(
            self.words(*words),
            env=self.environment,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        return Finished(code=done.returncode, out=done.stdout, err=done.stderr)

    def terminal(
        self,
        *words: str,
        columns: int = 80,
        lines: int = 24,
        controlling: bool = False,
        term: str = "xterm-256color",
        variables: Mapping[str, str] = MappingProxyType({}),
    ) -> Terminal:
        """The screen, or the command of those words, in a real terminal with some more variables."""
        return Terminal(
            self.words(*words),
            environment={**self.environment, **variables},
            columns=columns,
            lines=lines,
            directory=self.folder,
            controlling=controlling,
            term=term,
        )

    def mend(self) -> None:
        """Repair the cause for which `sales_daily` fails."""
        (self.dags_folder / "sales_daily.mended").touch()

    def tries(self, dag_id: str) -> dict[tuple[str, str], tuple[int, str | None]]:
        """Try number and state of each task instance of a Dag, by day and task."""
        with closing(sqlite3.connect(self.home / "airflow.db", timeout=30)) as database:
            rows = database.execute(
                "SELECT substr(r.logical_date, 1, 10), t.task_id, t.try_number, t.state"
                " FROM task_instance t JOIN dag_run r ON r.dag_id = t.dag_id AND r.run_id = t.run_id"
                " WHERE t.dag_id = ?",
                (dag_id,),
            ).fetchall()
        return {(day, task): (tries, state) for day, task, tries, state in rows}

    def processes(self) -> list[psutil.Process]:
        """Every process that works on this home or was started with it."""
        found = []
        for process in psutil.process_iter():
            try:
                words = " ".join(process.cmdline())
                home = process.environ().get("AIRFLOW_HOME", "")
            except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
                continue
            if str(self.home) in words or home == str(self.home):
                found.append(process)
        return found


def wait_until(holds: Callable[[], bool], what: str, seconds: float = 60) -> None:
    """Wait until a condition holds; fails with its words."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:.0f} s in vain until {what}")
        time.sleep(0.1)


@contextmanager
def program_on(
    folder: Path, *dag_files: str, command: tuple[str, ...] = THIS_ONE
) -> Generator[Program, None, None]:
    """The program on copies of these example Dags; at the end its engine is stopped and nothing is left."""
    program = Program(folder=folder, command=command)
    program.dags_folder.mkdir()
    for name in dag_files:
        shutil.copy(EXAMPLE_DAGS / name, program.dags_folder / name)
    try:
        yield program
    finally:
        if program.home.exists():
            program.run("engine", "stop")
        wait_until(lambda: not program.processes(), "every process on the home was gone")
