"""What the engine says of itself, in the file `engine.json` of its home."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from backfill_tui.domain.enums import StrEnum
from backfill_tui.engine.home import EmbeddedHome, write_private
from backfill_tui.engine.processes import ProcessId


class Phase(StrEnum):
    """How far the engine is; `failed` is an engine that gave up and ended."""

    STARTING = "starting"
    READY = "ready"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineState:
    """One moment of the engine: `supervisor` and `components` are processes, `restarts` counts them all.

    `port` is where the API server listens on loopback. `problem` says why it failed and what to do.
    """

    supervisor: ProcessId
    phase: Phase
    sentence: str
    problem: str = ""
    port: int = 0
    restarts: int = 0
    components: dict[str, ProcessId] = field(default_factory=dict)


def read_state(home: EmbeddedHome) -> EngineState | None:
    """The state that was last written; None when there is none or it can not be understood."""
    try:
        data: dict[str, Any] = json.loads(home.engine_state.read_text(encoding="utf-8"))
        return EngineState(
            supervisor=ProcessId(**data["supervisor"]),
            phase=Phase(data["phase"]),
            sentence=str(data["sentence"]),
            problem=str(data["problem"]),
            port=int(data["port"]),
            restarts=int(data["restarts"]),
            components={str(name): ProcessId(**one) for name, one in data["components"].items()},
        )
    except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):
        # Of an older version, or cut off by a power cut: the engine writes a new one when it starts.
        return None


def write_state(home: EmbeddedHome, state: EngineState) -> None:
    """Replace the state at once; OSError when the home can not be written."""
    write_private(home.engine_state, json.dumps(asdict(state), indent=2) + "\n")
