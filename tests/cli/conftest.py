from __future__ import annotations

import json
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.support.scripted import ScriptedEngine, ScriptedGateway
from tests.support.world import World, a_dag

from backfill_tui.cli import main
from backfill_tui.composition import Connection, EngineParts, RealComposition
from backfill_tui.domain.looks import Looks
from backfill_tui.domain.problems import BadRequest
from backfill_tui.gateway.port import Gateway
from backfill_tui.known_names import Names
from backfill_tui.program import Invocation
from backfill_tui.settings import CONFIG_VARIABLE, Report


@dataclass(frozen=True)
class Ended:
    """How an invocation ended: its exit code, what it wrote, and what it said."""

    code: int
    out: str
    talk: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def json_lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass
class ScriptedComposition:
    """The composition of tests: the scripted gateway and engine in place of the real ones."""

    world: World
    engine_of: ScriptedEngine | None = None
    logs: Mapping[str, Path] = field(default_factory=dict)
    gateways: list[ScriptedGateway] = field(default_factory=list)
    prepare: Callable[[ScriptedGateway], None] | None = None
    gateway_class: type[ScriptedGateway] = ScriptedGateway
    journal_path: Path = Path("nowhere/journal.jsonl")
    reconnects: bool = False
    config_path: Path | None = None
    known_names: Names = field(default_factory=Names)

    @contextmanager
    def connect(self, flags: Mapping[str, object]) -> Generator[Connection, None, None]:
        read_only = bool(flags.get("read_only"))

        def connect() -> Gateway:
            gateway = self.gateway_class(self.world, read_only=read_only)
            if self.prepare is not None:
                self.prepare(gateway)
            self.gateways.append(gateway)
            return gateway

        yield Connection(
            connect=connect, engine=self.engine_of, read_only=read_only, where="embedded dags/",
            reconnects=self.reconnects, looks=self.looks(flags),
        )  # fmt: skip
        for gateway in self.gateways:
            gateway.close()

    def engine(self, flags: Mapping[str, object]) -> EngineParts:
        if self.engine_of is None:
            raise BadRequest("There is no engine here", remedy="name a folder with --dags-folder")
        return EngineParts(engine=self.engine_of, logs=self.logs, read_only=bool(flags.get("read_only")))

    def journal(self, flags: Mapping[str, object]) -> Path:  # noqa: ARG002  # there is one Airflow
        return self.journal_path

    def settings(self, flags: Mapping[str, object]) -> Report:
        real = RealComposition(
            {CONFIG_VARIABLE: str(self.config_path)} if self.config_path else {}, Path("/here")
        )
        return real.settings(flags)

    def names(self, flags: Mapping[str, object]) -> Names:  # noqa: ARG002  # there is one Airflow
        return self.known_names

    def looks(self, flags: Mapping[str, object]) -> Looks:
        return Looks(ascii_signs=flags.get("signs") == "ascii")

    def settings_file(self) -> Path:
        return self.config_path or Path("/nowhere/config.toml")


@dataclass
class CommandLine:
    """The command line on a scripted world."""

    composition: ScriptedComposition

    @property
    def world(self) -> World:
        return self.composition.world

    def __call__(
        self, *words: str, stdin: bytes = b"", environment: Mapping[str, str] | None = None
    ) -> Ended:
        result = CliRunner().invoke(
            main, list(words), input=stdin, obj=Invocation(self.composition), env=environment
        )
        return Ended(code=result.exit_code, out=result.stdout, talk=result.stderr)


@pytest.fixture
def world() -> World:
    """Two daily Dags, and one without a schedule."""
    no_periods = a_dag("on_request", backfillable=False, not_backfillable_because="it has no schedule")
    return World([a_dag("sales_daily"), a_dag("new_york", timezone="America/New_York"), no_periods])


@pytest.fixture
def run(world: World) -> CommandLine:
    return CommandLine(ScriptedComposition(world))


@contextmanager
def scheduler(world: World) -> Generator[None, None, None]:
    """A thread that makes a scheduler's step at every reading of the world, until the context is left."""
    over = threading.Event()

    def go_on() -> None:
        while not over.wait(0.005):
            world.advance()

    thread = threading.Thread(target=go_on, name="scheduler")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
