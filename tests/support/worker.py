"""A process that has imported Airflow, for tests of the bridge's parts; pytest's own stays free of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from backfill_tui.domain.planning import BackfillPlan
from backfill_tui.domain.problems import ProblemReport
from backfill_tui.engine.home import EmbeddedHome
from tests.support.homes import private_home

_MAIN = Path(__file__).with_name("worker_main.py")
Event = dict[str, Any]


class Worker:
    """One such process; a call blocks until its answer is there."""

    def __init__(self, home: EmbeddedHome, more: Mapping[str, str] | None = None) -> None:
        environment = {**home.environment(os.environ), **(more or {})}
        self._log = (home.path / f"worker-{os.urandom(4).hex()}.log").open("w+", encoding="utf-8")
        self.process = subprocess.Popen(
            [sys.executable, str(_MAIN)],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        self._listen(lambda _event: None)

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
def worker_on(home: EmbeddedHome, more: Mapping[str, str] | None = None) -> Iterator[Worker]:
    """A worker on a home, ended with the context."""
    worker = Worker(home, more)
    try:
        yield worker
    finally:
        worker.close()


def home_with(
    folder: Path, dags: Mapping[str, str], plugins: Mapping[str, str] | None = None
) -> EmbeddedHome:
    """A private home with these Dag files and plugins."""
    home = private_home(folder, dags)
    for name, source in (plugins or {}).items():
        (home.path / "plugins").mkdir(exist_ok=True)
        (home.path / "plugins" / name).write_text(source, encoding="utf-8")
    return home
