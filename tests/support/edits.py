"""Edits of Airflow's tables for tests, made by a child that has the home's Airflow; see `editing`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from backfill_tui.engine.home import EmbeddedHome


class Edits:
    """The child's commands by name: `edits.do("finish", dag_id=..., run_id=...)`."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._answer()

    def do(self, command: str, /, **arguments: Any) -> Any:
        """Run one command of `editing` and give back what it returned; fails with its traceback."""
        assert self._process.stdin is not None
        print(json.dumps([command, arguments]), file=self._process.stdin, flush=True)
        answer = self._answer()
        assert "failed" not in answer, answer["failed"]
        return answer["is"]

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the editing child ended: see editing.log in its home"
        return json.loads(line)


@contextmanager
def editing(home: EmbeddedHome) -> Iterator[Edits]:
    """A child on this home, ended with the context."""
    with editing_on(home.environment(os.environ), home.path / "editing.log") as edits:
        yield edits


@contextmanager
def editing_on(environment: Mapping[str, str], log: Path) -> Iterator[Edits]:
    """A child whose Airflow this environment names."""
    with log.open("w") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.editing"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=dict(environment),
            cwd=Path(__file__).parents[2],
            text=True,
        )
    try:
        yield Edits(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(timeout=30)
        assert process.stdout is not None
        process.stdout.close()
