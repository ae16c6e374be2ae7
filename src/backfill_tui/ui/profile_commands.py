"""The commands of the question before a change to an Airflow that is marked production."""

from __future__ import annotations

from backfill_tui.ui.declaration import Command

PRODUCTION = (
    Command(id="production.accept", keys="enter", action="accept", label="do it", priority=True,
            help="Do it, once the name of the profile stands there", palette=False),
    Command(id="production.back", keys="escape", action="back", label="change nothing",
            help="Close this and change nothing", palette=False),
)  # fmt: skip
