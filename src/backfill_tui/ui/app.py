"""The program on the screen: it owns the link to Airflow and what was last read of it, and opens screens."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePath
from typing import ClassVar

from textual import on
from textual.binding import BindingType
from textual.reactive import var
from textual.screen import Screen

from backfill_tui.domain.dags import DagFile
from backfill_tui.domain.environment import EngineStatus, Environment, StartupPhase, StartupStep
from backfill_tui.domain.looks import Looks
from backfill_tui.domain.problems import Problem, Unreachable
from backfill_tui.domain.profiles import Profile
from backfill_tui.domain.shell import Word
from backfill_tui.gateway.port import Engine, Gateway
from backfill_tui.ui import opening, readings
from backfill_tui.ui.app_commands import APP
from backfill_tui.ui.command import bindings
from backfill_tui.ui.connection import Connection
from backfill_tui.ui.hints import FirstTimes
from backfill_tui.ui.leaving import Leaving
from backfill_tui.ui.link import Link
from backfill_tui.ui.listing import Listing
from backfill_tui.ui.messages import (
    BridgeOpened,
    DagsListed,
    EngineReported,
    EnvironmentRead,
    LeavingAsked,
    LeavingUnanswered,
    OpeningFailed,
    ParsingAsked,
    ProblemArose,
    ReadingFailed,
    StartupAdvanced,
)
from backfill_tui.ui.own_keys import Keymap
from backfill_tui.ui.pulse import Pulse
from backfill_tui.ui.reconnecting import Reconnecting
from backfill_tui.ui.screens.base import PlaceScreen
from backfill_tui.ui.screens.dags import DagsScreen
from backfill_tui.ui.seen import seen_screen
from backfill_tui.ui.settling import settle
from backfill_tui.ui.themed import PLAIN_LOOKS, ThemedApp
from backfill_tui.ui.workers import ask, is_busy
from backfill_tui.ui.writes import Writes

_READ_SECONDS = 2.0
_THREADS = 32


class BackfillApp(ThemedApp, inherit_bindings=False):
    """The screen of backfill-tui.

    `connect` gives a gateway on a bridge that is starting; it is called again when that bridge has ended.
    `engine` is the embedded engine, None where Airflow is not ours. `where` names the Airflow for the top
    line before it can be asked. `program_words` are the words of a shell that start this program on the same
    Airflow again. `clock` gives seconds since the epoch, `log_folder` takes the traceback of a bug.
    `profile` gives the Airflow a name, `reconnects` lets a bridge that was lost be opened again by itself.
    `may_notify` lets the terminal ring when a watched backfill fails or ends; the words of `notify_command`
    start a program then. `looks` are how all of it is drawn, `first_times` keeps which hints were told, None
    where none are to be, `keymap` has the keys that the user gave to commands.
    """

    TITLE = "backfill-tui"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(APP)]
    CSS_PATH: ClassVar[list[str | PurePath]] = [Path(__file__).with_name("styles") / "app.tcss"]

    connection: var[Connection] = var(Connection.STARTING)
    environment: var[Environment | None] = var[Environment | None](None)
    engine_status: var[EngineStatus | None] = var[EngineStatus | None](None)
    listing: var[Listing | None] = var[Listing | None](None)
    silent_seconds: var[int] = var(0)
    step: var[StartupStep | None] = var[StartupStep | None](None)
    startup_problem: var[Problem | None] = var[Problem | None](None)

    def __init__(
        self,
        *,
        connect: Callable[[], Gateway],
        engine: Engine | None = None,
        read_only: bool = False,
        where: str = "",
        profile: Profile | None = None,
        reconnects: bool = False,
        program_words: tuple[Word, ...] = ("backfill-tui",),
        clock: Callable[[], float] = time.time,
        log_folder: Path | None = None,
        may_notify: bool = True,
        notify_command: tuple[str, ...] = (),
        looks: Looks = PLAIN_LOOKS,
        first_times: FirstTimes | None = None,
        keymap: Keymap | None = None,
    ) -> None:
        super().__init__(looks=looks)
        self.first_times = first_times
        self.keymap = keymap or Keymap()
        self.set_keymap(self.keymap.for_textual())
        self.link = Link(connect)
        self.engine = engine
        self.read_only = read_only
        self.where = where
        self.profile = profile
        self.reconnecting = Reconnecting(self, tries=reconnects)
        self.program_words = program_words
        self.may_notify = may_notify
        self.notify_command = notify_command
        self.clock = clock
        self.writes = Writes(self)
        self._log_folder = log_folder
        self._leaving = Leaving(self)
        self._pulse = Pulse(clock)
        self.animation_level = "none"

    @property
    def gateway(self) -> Gateway:
        """The gateway to Airflow; for use in worker threads."""
        return self.link.gateway

    def get_default_screen(self) -> Screen[None]:
        """The Dags are the first screen, and the last one to leave."""
        return DagsScreen()

    def on_mount(self) -> None:
        """Open the bridge while the first frame is drawn."""
        # One thread a call: a call that is no longer wanted must not keep the next one waiting.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(_THREADS, "gateway"))
        self._leaving.follow_signals()
        self._open(renew=False)
        self.set_interval(_READ_SECONDS, self._read)
        self.call_after_refresh(settle)

    # Coming up, and coming up again.

    def _open(self, *, renew: bool) -> None:
        self.connection = Connection.STARTING
        self.startup_problem = None
        self.step = None
        readings.open_bridge(self, self.link, renew=renew)

    @on(StartupAdvanced)
    def _startup_advanced(self, message: StartupAdvanced) -> None:
        self.step = message.step

    @on(BridgeOpened)
    def _bridge_opened(self, message: BridgeOpened) -> None:
        self._pulse.heard(message.environment.changes)
        self.environment = message.environment
        self.connection = Connection.READY
        self.reconnecting.opened()
        opening.respect_read_only(self, message.environment)
        self.read_dags()
        self.start_engine()

    def start_engine(self) -> None:
        """See to it that the embedded engine runs: what is queued needs it. Does nothing where it does."""
        if self.engine is not None and not self.read_only:
            engine = self.engine
            ask(self, "engine", lambda _: engine.start(), EngineReported)

    action_start_engine = start_engine

    @on(OpeningFailed)
    def _opening_failed(self, message: OpeningFailed) -> None:
        if self.listing is None:
            self.connection = Connection.FAILED
            self.startup_problem = message.problem
        else:
            self.reconnecting.lost(message.problem)

    def action_reconnect(self) -> None:
        """Start the bridge again."""
        self._open(renew=True)

    # Reading, gently.

    def read_dags(self) -> None:
        """Read the Dags now."""
        self._pulse.dags_asked()
        readings.read_dags(self, self.link, self.clock)

    def parse(self, file: DagFile | None) -> None:
        """Let the bridge parse the Dag files again, or have an Airflow that is not ours parse that one."""
        readings.parse_dags(self, self.link, file)

    def _read(self) -> None:
        # No screen is left for a moment when the program ends.
        if self.connection is not Connection.READY or not self.screen_stack:
            return
        self.silent_seconds = self._pulse.silent_seconds
        if not is_busy(self, readings.ENVIRONMENT):
            readings.read_environment(self, self.link, self.engine)
        due = self._pulse.dags_are_due and not is_busy(self, readings.DAGS)
        if due and isinstance(seen := seen_screen(self), PlaceScreen) and seen.NEEDS_DAGS:
            self.read_dags()

    @on(EnvironmentRead)
    def _environment_read(self, message: EnvironmentRead) -> None:
        self._pulse.heard(message.environment.changes)
        self.silent_seconds = 0
        self.environment = message.environment
        self.engine_status = message.engine

    @on(EngineReported)
    def _engine_reported(self, message: EngineReported) -> None:
        self.engine_status = message.status

    def watch_engine_status(self, old: EngineStatus | None, new: EngineStatus | None) -> None:
        """An engine that gives up says so once, in full; the top line keeps it in view."""
        opening.tell_engine(self, old, new)
        if self.is_running:
            self.screen.refresh_bindings()

    @on(ParsingAsked)
    def _parsing_asked(self, message: ParsingAsked) -> None:
        opening.tell_parsing_asked(self, message.file)

    @on(DagsListed)
    def _dags_listed(self, message: DagsListed) -> None:
        self.step = StartupStep(phase=StartupPhase.READY, sentence="")
        self._pulse.dags_read(message.seconds)
        if not message.listing.says_the_same(self.listing):
            self.listing = message.listing.with_details_of(self.listing)

    @on(ReadingFailed)
    def _reading_failed(self, message: ReadingFailed) -> None:
        self._pulse.dags_failed()
        if self.listing is None:
            self._opening_failed(OpeningFailed(message.problem))
        elif isinstance(message.problem, Unreachable):
            self.reconnecting.lost(message.problem)

    @on(ProblemArose)
    def _problem_arose(self, message: ProblemArose) -> None:
        """What no screen took up: a lost bridge is kept in mind, everything else is shown."""
        self.step = StartupStep(phase=StartupPhase.READY, sentence="")
        if isinstance(message.problem, Unreachable):
            self.reconnecting.lost(message.problem)
        else:
            opening.show_problem(self, message.problem)

    def watch_connection(self) -> None:
        """What the keys do depends on it."""
        if self.is_running:
            self.screen.refresh_bindings()

    # Everywhere.

    def action_help(self) -> None:
        """Help for the screen that is open."""
        opening.show_help(self)

    def action_save_screenshot(self) -> None:
        """Save what is on the screen as an SVG picture in the working folder."""
        opening.save_screenshot(self)

    def action_command_palette(self) -> None:
        """Find a command, a Dag, a backfill or a date."""
        opening.find_anything(self)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The bridge and the engine can be started again when they have ended."""
        if action == "reconnect":
            return self.connection in {Connection.LOST, Connection.FAILED}
        if action == "start_engine":
            status = self.engine_status
            return not self.read_only and status is not None and not status.running
        return super().check_action(action, parameters)

    # Bugs.

    def _fatal_error(self) -> None:
        """End with a sentence; Textual itself would print the values of variables too."""
        from rich.text import Text

        from backfill_tui.ui.bugs import last_words

        self.panic(Text(last_words(self._exception, self._log_folder)))

    # Leaving.

    def action_leave(self) -> None:
        """Quit; a backfill that is running on the embedded engine is asked about first."""
        self._leaving.ask()

    @on(LeavingAsked)
    def _leaving_asked(self, message: LeavingAsked) -> None:
        self._leaving.ask_about(message.active)

    @on(LeavingUnanswered)
    def _leaving_unanswered(self) -> None:
        self._leaving.ask_as_last_read()
