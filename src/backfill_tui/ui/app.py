"""The program on the screen: it owns the link to Airflow and what was last read of it, and opens screens."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import PurePath
from typing import ClassVar

from textual.app import App
from textual.binding import BindingType
from textual.reactive import var

from backfill_tui.domain.dags import DagList
from backfill_tui.domain.enums import StrEnum
from backfill_tui.domain.environment import EngineStatus, Environment, StartupStep
from backfill_tui.domain.ids import BackfillId, DagId
from backfill_tui.gateway.port import Engine, Gateway
from backfill_tui.ui.command import bindings
from backfill_tui.ui.commands import APP
from backfill_tui.ui.link import Link
from backfill_tui.ui.themes import DARK, LIGHT, STATE_COLOURS_DARK, THEMES


class Connection(StrEnum):
    """How the link to Airflow is: coming up, up, never came up, or lost."""

    STARTING = "starting"
    READY = "ready"
    FAILED = "failed"
    LOST = "lost"


class BackfillApp(App[None], inherit_bindings=False):
    """The screen of backfill-tui.

    `connect` gives a gateway on a bridge that is starting; it is called again when that bridge has ended.
    `engine` is the embedded engine, None where Airflow is not ours. `where` names the Airflow for the top
    line before it can be asked. `clock` gives seconds since the epoch.
    """

    TITLE = "backfill-tui"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(APP)]
    CSS_PATH: ClassVar[list[str | PurePath]] = []
    ENABLE_COMMAND_PALETTE = True

    connection: var[Connection] = var(Connection.STARTING)
    environment: var[Environment | None] = var[Environment | None](None)
    engine_status: var[EngineStatus | None] = var[EngineStatus | None](None)
    dags: var[DagList | None] = var[DagList | None](None)
    step: var[StartupStep | None] = var[StartupStep | None](None)

    def __init__(
        self,
        *,
        connect: Callable[[], Gateway],
        engine: Engine | None = None,
        read_only: bool = False,
        where: str = "",
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__()
        self.link = Link(connect)
        self.engine = engine
        self.read_only = read_only
        self.where = where
        self.clock = clock
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = DARK.name

    @property
    def gateway(self) -> Gateway:
        """The gateway to Airflow; for use in worker threads."""
        return self.link.gateway

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """The colours of the states, for themes that know nothing of them."""
        return dict(STATE_COLOURS_DARK)

    def action_next_theme(self) -> None:
        """Change between dark and light."""
        self.theme = LIGHT.name if self.current_theme.dark else DARK.name

    def watch_backfill(self, dag_id: DagId, backfill_id: BackfillId) -> None:
        """Open the watch screen."""
