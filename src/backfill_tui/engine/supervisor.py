"""Keeps Airflow's processes of one home running, and ends them when they are not needed.

One thread, one loop: look at each component, start what is due, say how things are, see whether anybody
still needs the engine. Signals only set a flag.
"""

from __future__ import annotations

import signal
import sqlite3
import sys
import threading
import time
from dataclasses import replace
from types import FrameType
from typing import Final

from backfill_tui.domain.text import one_line
from backfill_tui.engine.component import JOB_TYPES, Component, Name
from backfill_tui.engine.health import AnswerCheck, heartbeat_trouble
from backfill_tui.engine.home import EmbeddedHome
from backfill_tui.engine.ledger import Ledger
from backfill_tui.engine.logs import keep_bounded, tail
from backfill_tui.engine.need import Need
from backfill_tui.engine.network import free_port, is_free
from backfill_tui.engine.processes import ProcessId, end_at_once, family
from backfill_tui.engine.state import EngineState, Phase, write_state

DRAIN_SECONDS: Final = 8.0
"""How long tasks under way may take to finish when the engine is stopped; then they are killed, and run
again from their start at the next one."""

_STARTING_TICK_SECONDS: Final = 0.25
_READY_TICK_SECONDS: Final = 1.0
_LOGS_SECONDS: Final = 60.0


class GaveUpError(Exception):
    """The engine can not go on; the words say why."""


class Supervisor:
    """The engine of one home, from its start to its end. The caller holds the engine's lock."""

    def __init__(self, home: EmbeddedHome, supervisor: ProcessId, grace_seconds: float) -> None:
        self._home = home
        self._ledger = Ledger(home.database)
        self._need = Need(home, grace_seconds)
        self._components = {name: Component(name, home) for name in (Name.API_SERVER, Name.SCHEDULER)}
        self._state = EngineState(
            supervisor=supervisor, phase=Phase.STARTING, sentence="Airflow is starting", port=free_port()
        )
        self._answers = AnswerCheck(self._state.port)
        self._end_signals = 0
        self._signalled = threading.Event()

    def announce(self) -> None:
        """Say that the engine is starting, before anything else."""
        self._write(self._state)

    def run(self) -> None:
        """Run until a signal, until nobody needs it, or until it gives up; leaves no process behind."""
        for one in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(one, self._on_signal)
        problem = "it was ended by a bug: the traceback is in its log"
        try:
            self._begin()
            self._keep_running()
            problem = ""
        except GaveUpError as reason:
            problem = str(reason)
            _say(problem)
        finally:
            self._end(at_once=bool(problem))
            phase = Phase.FAILED if problem else Phase.STOPPED
            sentence = "The engine gave up" if problem else "The engine is stopped"
            self._write(replace(self._state, phase=phase, sentence=sentence, problem=problem, components={}))

    def _begin(self) -> None:
        try:
            if not self._ledger.is_there():
                raise GaveUpError(
                    f"The home {self._home.path} has no database: open it with backfill-tui first"
                )
            # No engine ran a moment ago, so nothing that calls itself running does.
            for job_type in JOB_TYPES.values():
                self._ledger.fail_jobs(job_type)
        except sqlite3.Error as cause:
            raise GaveUpError(f"The database {self._home.database} can not be read: {cause}") from cause

    def _keep_running(self) -> None:
        logs_at = 0.0
        while not self._end_signals:
            now = time.monotonic()
            for component in list(self._components.values()):
                self._look_at(component, now)
            self._see_to_triggerer()
            self._say_how_things_are()
            if now >= logs_at:
                logs_at = now + _LOGS_SECONDS
                for log in (self._home.engine_log, *(one.log for one in self._components.values())):
                    keep_bounded(log)
            with self._need.is_over(now) as over:
                if over:
                    _say("nothing to do and nobody attached")
                    self._say_stopping()
                    return
            # A signal ends the waiting: its handler runs in this very thread.
            ready = self._state.phase is Phase.READY
            self._signalled.wait(_READY_TICK_SECONDS if ready else _STARTING_TICK_SECONDS)

    # Each component.

    def _look_at(self, component: Component, now: float) -> None:
        if component.run is None:
            if now >= component.retry_at:
                self._start(component)
            return
        code = component.run.process.poll()
        if code is not None:
            how = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
            self._recover(component, now, how)
            return
        if component.name is Name.API_SERVER:
            trouble = self._answers.trouble(component, now)
        else:
            trouble = heartbeat_trouble(component, self._ledger, now)
        if trouble:
            self._recover(component, now, trouble)
        elif component.run.beat:
            component.restarts.is_healthy(now)

    def _start(self, component: Component) -> None:
        if component.name is Name.API_SERVER:
            if not is_free(self._state.port):
                self._move_to_another_port()
            self._answers = AnswerCheck(self._state.port)
        try:
            run = component.start(self._state.port)
        except OSError as cause:
            raise GaveUpError(f"The {component.name} can not be started: {cause}") from cause
        _say(f"started {component.name}, process {run.identity.pid}")
        identities = {one.name.value: one.run.identity for one in self._components.values() if one.run}
        self._write(replace(self._state, components=identities))

    def _move_to_another_port(self) -> None:
        """Somebody took the port while nobody listened there; what knows the old one starts anew."""
        _say(f"port {self._state.port} is taken")
        self._write(replace(self._state, port=free_port()))
        for component in self._components.values():
            if component.run is not None:
                self._clear_away(component)

    def _recover(self, component: Component, now: float, how: str) -> None:
        """Clear away what is left of a component and start it again after a while, or give up."""
        _say(f"the {component.name} {how}")
        self._clear_away(component)
        delay = component.restarts.failed(now)
        if delay is None:
            raise GaveUpError(
                f"The {component.name} {how}, {component.restarts.in_a_row} times in a row"
                f"{_last_words(component)}: see {component.log}"
            )
        component.retry_at = now + delay

    def _clear_away(self, component: Component) -> None:
        """Kill all of it that is left; tasks of a scheduler are then taken over by the next one."""
        component.end_family()
        if job_type := JOB_TYPES.get(component.name):
            try:
                self._ledger.fail_jobs(job_type)
            except sqlite3.Error as cause:
                # Airflow finds out by itself, only later.
                _say(f"the {component.name}'s job could not be marked as failed: {cause}")

    def _see_to_triggerer(self) -> None:
        """A triggerer costs as much as a scheduler: there is none until a task is deferred."""
        if Name.TRIGGERER in self._components:
            return
        try:
            if self._ledger.has_deferred():
                self._components[Name.TRIGGERER] = Component(Name.TRIGGERER, self._home)
        except sqlite3.Error as cause:
            _say(f"the database could not be read: {cause}")

    # The end.

    def _end(self, *, at_once: bool) -> None:
        self._say_stopping()
        working = [one for one in self._components.values() if one.name is not Name.API_SERVER]
        if not at_once:
            for component in working:
                component.ask_to_end()
            self._drain(working)
        # The API server last: until then tasks report how they ended.
        for component in (*working, self._components[Name.API_SERVER]):
            self._clear_away(component)
        # What left its session on purpose, such as the command of a BashOperator.
        end_at_once(family([], mark=str(self._home.path)))

    def _drain(self, working: list[Component]) -> None:
        """Let tasks under way finish, for a while; another signal ends the waiting."""
        deadline = time.monotonic() + DRAIN_SECONDS
        signals = self._end_signals
        while any(one.run is not None and one.run.process.poll() is None for one in working):
            if time.monotonic() > deadline or self._end_signals > signals:
                _say("tasks under way are ended; they run again at the next start")
                return
            time.sleep(0.05)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._end_signals += 1
        self._signalled.set()

    # Saying how things are.

    def _say_how_things_are(self) -> None:
        # Runs go on without a triggerer; only what is deferred waits for it.
        needed = [one for one in self._components.values() if one.name is not Name.TRIGGERER]
        missing = [one for one in needed if one.run is None or not one.run.beat]
        phase, sentence = Phase.READY, "Airflow is running"
        if missing:
            names = " and the ".join(one.name for one in missing)
            again = " again" if any(one.restarts.in_a_row for one in missing) else ""
            phase, sentence = Phase.STARTING, f"Airflow is starting{again}: waiting for the {names}"
        total = sum(one.restarts.total for one in self._components.values())
        state = replace(self._state, phase=phase, sentence=sentence, restarts=total)
        if state != self._state:
            _say(sentence)
            self._write(state)

    def _say_stopping(self) -> None:
        self._write(replace(self._state, phase=Phase.STOPPING, sentence="The engine is stopping"))

    def _write(self, state: EngineState) -> None:
        self._state = state
        try:
            write_state(self._home, state)
        except OSError as cause:
            _say(f"its state can not be written: {cause}")


def _last_words(component: Component) -> str:
    lines = [line for line in tail(component.log, 4096).splitlines() if line.strip()]
    return f" ({one_line(lines[-1])[:200]})" if lines else ""


def _say(words: str) -> None:
    print(time.strftime("%Y-%m-%d %H:%M:%S"), words, file=sys.stderr, flush=True)  # noqa: T201
