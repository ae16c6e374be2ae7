"""How the link to Airflow is."""

from __future__ import annotations

from backfill_tui.domain.enums import StrEnum


class Connection(StrEnum):
    """Coming up, up, never came up, or lost; a screen that streams begins again at `READY`."""

    STARTING = "starting"
    READY = "ready"
    FAILED = "failed"
    LOST = "lost"
