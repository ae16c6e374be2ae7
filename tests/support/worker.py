"""A process that has imported Airflow, for tests of the bridge's parts; pytest's own stays free of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from backfill_tui.domain.planning import BackfillPlan
from backfill_tui.domain.problems import ProblemReport
from tests.support.homes import private_home

_MAIN = Path(__file__).with_name("worker_main.py")
Event = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Place:
    """An Airflow to be: its home, and the environment of its processes."""

    home: Path
    environment: Mapping[str, str]


class Worker:
    """One such process; a call blocks until its answer is there."""

    def __init__(self, place: Place, main: Path = _MAIN) -> None:
        self._log = (place.home / f"worker-{os.urandom(4).hex()}.log").open("w+", encoding="utf-8")
        self.process = subprocess.Popen(
            [sys.executable, str(main)],
            env=dict(place.environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        try:
            self._listen(lambda _event: None)
        except BaseException:
            self.close()
            raise

    def __call__(
        self, do: str, *, on_event: Callable[[Event], None] = lambda _event: None, **more: Any
    ) -> Any:
        """Let it do something; raises the Problem it answers with."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"do": do, **more}) + "\n")
        self.process.stdin.flush()
        return self._listen(on_event)

    def plan(self, request: Mapping[str, Any], **more: Any) -> BackfillPlan:
        return msgspec.convert(self("plan", request=request, **more), BackfillPlan)

    def close(self) -> None:
        """End it; safe to call twice."""
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self._log):
            if stream is not None and not stream.closed:
                try:
                    stream.close()
                except BrokenPipeError:
                    continue

    def _listen(self, on_event: Callable[[Event], None]) -> Any:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            answer = json.loads(line)
            if "event" in answer:
                on_event(answer["event"])
            elif "problem" in answer:
                raise msgspec.convert(answer["problem"], ProblemReport).revive()
            elif "bug" in answer:
                raise AssertionError(answer["bug"])
            else:
                return answer["result"]
        self._log.seek(0)
        raise AssertionError(f"the worker ended: {self._log.read()[-4000:]}")


@contextmanager
def worker_on(place: Place, main: Path = _MAIN) -> Iterator[Worker]:
    """A worker in a place, ended with the context; `main` is a file that adds to its deeds."""
    worker = Worker(place, main)
    try:
        yield worker
    finally:
        worker.close()


def embedded_place(folder: Path, dags: Mapping[str, str], plugins: Mapping[str, str]) -> Place:
    """A private home, on SQLite, with these Dag files and plugins."""
    home = private_home(folder, dags)
    _write(home.path / "plugins", plugins)
    return Place(home=home.path, environment=home.environment(os.environ))


def attached_place(folder: Path, dags: Mapping[str, str], plugins: Mapping[str, str], url: str) -> Place:
    """A home as a user has it, on the database of `url`, with these Dag files and plugins."""
    _write(folder / "dags", dags)
    _write(folder / "plugins", plugins)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    return Place(
        home=folder,
        environment=environment
        | {
            "AIRFLOW_HOME": str(folder),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": url,
            # A Dag that a test changes is another one at once.
            "AIRFLOW__CORE__MIN_SERIALIZED_DAG_UPDATE_INTERVAL": "0",
            # No asynchronous engine: its driver for PostgreSQL is not among Airflow's dependencies.
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": "",
        },
    )


def _write(folder: Path, files: Mapping[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, source in files.items():
        (folder / name).write_text(source, encoding="utf-8")
