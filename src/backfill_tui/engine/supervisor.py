"""Keeps Airflow's processes of one home running, and ends them when they are not needed.

One thread, one loop: look at each component, start what is due, say how things are, see whether anybody
still needs the engine. Signals only set a flag.
"""

from __future__ import annotations

import signal
import sqlite3
import sys
import time
from dataclasses import replace
from types import FrameType
from typing import Final

from backfill_tui.domain.text import one_line
from backfill_tui.engine.attendance import unattended
from backfill_tui.engine.component import JOB_TYPES, Component, Name
from backfill_tui.engine.home import EmbeddedHome
from backfill_tui.engine.ledger import Ledger
from backfill_tui.engine.logs import keep_bounded, tail
from backfill_tui.engine.network import Probe, free_port, is_free
from backfill_tui.engine.processes import ProcessId, end_at_once, family
from backfill_tui.engine.state import EngineState, Phase, write_state

TICK_SECONDS: Final = 0.25
_START_SECONDS: Final = 180.0
_SILENCE_SECONDS: Final = 90.0
_LOOK_AT_WORK_SECONDS: Final = 2.0
_LOOK_AT_LOGS_SECONDS: Final = 60.0
_PROBE_SECONDS: Final = 20.0
_UNANSWERED_LIMIT: Final = 3
DRAIN_SECONDS: Final = 8.0
"""How long tasks under way may take to finish when the engine is stopped; then they are killed, and run
again from their start at the next one."""


class GaveUpError(Exception):
    """The engine can not go on; the words say why."""


class Supervisor:
    """The engine of one home, from its start to its end. The caller holds the engine's lock."""

    def __init__(self, home: EmbeddedHome, supervisor: ProcessId, grace_seconds: float) -> None:
        self._home = home
        self._grace_seconds = grace_seconds
        self._ledger = Ledger(home.database)
        self._port = free_port()
        self._components = {name: Component(name, home) for name in (Name.API_SERVER, Name.SCHEDULER)}
        self._state = EngineState(
            supervisor=supervisor, phase=Phase.STARTING, sentence="Airflow is starting", port=self._port
        )
        self._probe: Probe | None = None
        self._probe_at = 0.0
        self._unanswered = 0
        self._idle_since: float | None = None
        self._work_at = 0.0
        self._logs_at = 0.0
        self._end_signals = 0

    def announce(self) -> None:
        """Say that the engine is starting, before anything else."""
        self._write(self._state)

    def run(self) -> None:
        """Run until a signal, until nobody needs it, or until it gives up; leaves no process behind."""
        for one in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(one, self._on_signal)
        problem = ""
        try:
            self._begin()
            while not self._end_signals and not self._is_needless():
                self._tick()
                time.sleep(TICK_SECONDS)
        except GaveUpError as reason:
            problem = str(reason)
            _say(problem)
        finally:
            self._end(at_once=bool(problem))
        phase = Phase.FAILED if problem else Phase.STOPPED
        sentence = "The engine gave up" if problem else "The engine is stopped"
        self._write(replace(self._state, phase=phase, sentence=sentence, problem=problem, components={}))

    # The work of one tick.

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

    def _tick(self) -> None:
        now = time.monotonic()
        for component in list(self._components.values()):
            if component.has_died():
                self._take_note_of_end(component, now)
            elif component.run is None and now >= component.retry_at:
                self._start(component)
        self._look_at_health(now)
        if now >= self._logs_at:
            self._logs_at = now + _LOOK_AT_LOGS_SECONDS
            for component in self._components.values():
                keep_bounded(component.log)
            keep_bounded(self._home.engine_log)
        self._say_how_things_are()

    def _start(self, component: Component) -> None:
        if component.name is Name.API_SERVER and not is_free(self._port):
            self._move_to_another_port()
        try:
            component.start(self._port)
        except OSError as cause:
            raise GaveUpError(f"The {component.name} can not be started: {cause}") from cause
        _say(f"started {component.name}, process {component.run.identity.pid if component.run else '?'}")
        if component.name is Name.API_SERVER:
            self._probe, self._probe_at, self._unanswered = None, 0.0, 0
        self._write_components()

    def _move_to_another_port(self) -> None:
        """Somebody took the port while nobody listened there; what knows the old one starts anew."""
        _say(f"port {self._port} is taken")
        self._port = free_port()
        for component in self._components.values():
            if component.run is not None:
                component.end_family()
                self._fail_jobs_of(component)

    def _take_note_of_end(self, component: Component, now: float) -> None:
        code = component.run.process.returncode if component.run else None
        how = (
            f"was ended by signal {-code}"
            if code is not None and code < 0
            else f"ended with exit code {code}"
        )
        self._recover(component, now, how)

    def _recover(self, component: Component, now: float, how: str) -> None:
        """Clear away what is left of a component and start it again after a while, or give up."""
        _say(f"{component.name} {how}")
        component.end_family()
        self._fail_jobs_of(component)
        delay = component.restarts.failed(now)
        if delay is None:
            words = _last_words(component)
            raise GaveUpError(
                f"The {component.name} {how}, {component.restarts.in_a_row} times in a row"
                f"{': ' + words if words else ''} (see {component.log})"
            )
        component.retry_at = now + delay

    def _fail_jobs_of(self, component: Component) -> None:
        if job_type := JOB_TYPES.get(component.name):
            try:
                self._ledger.fail_jobs(job_type)
            except sqlite3.Error as cause:
                # Airflow finds out by itself, only later.
                _say(f"the {component.name}'s job could not be marked as failed: {cause}")

    # Health.

    def _look_at_health(self, now: float) -> None:
        for component in list(self._components.values()):
            if component.run is None:
                continue
            if component.name is Name.API_SERVER:
                self._look_at_answers(component, now)
            else:
                self._look_at_heartbeat(component, now)

    def _look_at_heartbeat(self, component: Component, now: float) -> None:
        run = component.run
        if run is None:
            return
        try:
            beat = self._ledger.heartbeat(JOB_TYPES[component.name], run.began)
        except sqlite3.Error:
            # Busy for longer than a reading may take; the next tick asks again.
            return
        if beat is not None and beat != run.beat:
            run.beat, run.beat_at = beat, now
        patience = _SILENCE_SECONDS if run.beat else _START_SECONDS
        if now - run.beat_at > patience:
            self._recover(component, now, f"gave no sign for {patience:.0f} s")
        elif run.beat:
            component.restarts.is_healthy(now)

    def _look_at_answers(self, component: Component, now: float) -> None:
        run = component.run
        if run is None:
            return
        if self._probe is None and now >= self._probe_at:
            self._probe = Probe(self._port)
        if self._probe is None or self._probe.answered is None:
            return
        answered, self._probe = self._probe.answered, None
        if answered:
            run.beat, run.beat_at = "answered", now
            self._probe_at, self._unanswered = now + _PROBE_SECONDS, 0
            component.restarts.is_healthy(now)
            return
        self._probe_at = now + TICK_SECONDS
        if run.beat:
            self._unanswered += 1
        if self._unanswered >= _UNANSWERED_LIMIT or (not run.beat and now - run.began_at > _START_SECONDS):
            self._recover(component, now, "does not answer")

    def _say_how_things_are(self) -> None:
        missing = [one for one in self._components.values() if one.run is None or not one.run.beat]
        if Name.TRIGGERER in self._components:
            # Runs go on without a triggerer; only what is deferred waits for it.
            missing = [one for one in missing if one.name is not Name.TRIGGERER]
        total = sum(one.restarts.total for one in self._components.values())
        phase, sentence = Phase.READY, "Airflow is running"
        if missing:
            again = any(one.restarts.in_a_row for one in missing)
            what = " and the ".join(one.name for one in missing)
            phase, sentence = Phase.STARTING, f"The {what} {'is starting again' if again else 'is starting'}"
            if len(missing) > 1:
                sentence = sentence.replace(" is starting", " are starting")
        state = replace(self._state, phase=phase, sentence=sentence, port=self._port, restarts=total)
        if state != self._state:
            _say(f"{phase}: {sentence}")
            self._write(state)

    # Whether anybody needs it, and the end.

    def _is_needless(self) -> bool:
        """Whether nothing is to be done and nobody has been attached for the grace period."""
        now = time.monotonic()
        if now < self._work_at:
            return False
        self._work_at = now + min(_LOOK_AT_WORK_SECONDS, max(TICK_SECONDS, self._grace_seconds / 4))
        try:
            active = self._ledger.is_active()
            if self._ledger.has_deferred() and Name.TRIGGERER not in self._components:
                self._components[Name.TRIGGERER] = Component(Name.TRIGGERER, self._home)
        except sqlite3.Error:
            active = True
        with unattended(self._home) as alone:
            if active or not alone:
                self._idle_since = None
                return False
            if self._idle_since is None:
                self._idle_since = now
            if now - self._idle_since < self._grace_seconds:
                return False
            # Said while no session can attach: the next one sees it and starts another engine.
            _say("nothing to do and nobody attached")
            self._write(replace(self._state, phase=Phase.STOPPING, sentence="The engine is stopping"))
            return True

    def _end(self, *, at_once: bool) -> None:
        self._write(replace(self._state, phase=Phase.STOPPING, sentence="The engine is stopping"))
        working = [one for one in self._components.values() if one.name is not Name.API_SERVER]
        if not at_once:
            for component in working:
                component.ask_to_end()
            self._drain(working)
        # The API server last: until then tasks report how they ended.
        for component in (*working, self._components[Name.API_SERVER]):
            component.end_family()
            self._fail_jobs_of(component)
        # What left its session on purpose, such as the command of a BashOperator.
        end_at_once(family([], mark=str(self._home.path)))

    def _drain(self, working: list[Component]) -> None:
        """Let tasks under way finish, for a while; a second signal ends the waiting."""
        deadline = time.monotonic() + DRAIN_SECONDS
        signals = self._end_signals
        while any(one.run is not None and not one.has_died() for one in working):
            if time.monotonic() > deadline or self._end_signals > signals:
                _say("tasks under way are ended; they run again at the next start")
                return
            time.sleep(0.05)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._end_signals += 1

    # Saying so.

    def _write_components(self) -> None:
        identities = {one.name.value: one.run.identity for one in self._components.values() if one.run}
        self._write(replace(self._state, port=self._port, components=identities))

    def _write(self, state: EngineState) -> None:
        self._state = state
        try:
            write_state(self._home, state)
        except OSError as cause:
            _say(f"its state can not be written: {cause}")


def _last_words(component: Component) -> str:
    lines = [line for line in tail(component.log, 4096).splitlines() if line.strip()]
    return one_line(lines[-1])[:200] if lines else ""


def _say(words: str) -> None:
    print(time.strftime("%Y-%m-%d %H:%M:%S"), words, file=sys.stderr, flush=True)  # noqa: T201
