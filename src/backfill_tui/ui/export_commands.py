"""The commands that write a plan, or what became of a backfill, to a file."""

from __future__ import annotations

from backfill_tui.ui.declaration import Command

PLAN_EXPORT = (
    Command(id="plan.export", keys="f12,E", action="export", label="export",
            help="Write this plan to a file, as a page, CSV or JSON"),
)  # fmt: skip

WATCH_EXPORT = (
    Command(id="watch.export", keys="E", action="export", label="export",
            help="Write what became of these dates to a file, as a page, CSV or JSON"),
)  # fmt: skip

BACKFILLS_EXPORT = (
    Command(id="backfills.export", keys="E", action="export", label="export",
            help="Write what became of this backfill to a file, as a page, CSV or JSON"),
)  # fmt: skip

EXPORT = (
    Command(id="export.accept", keys="enter", action="accept", label="write",
            # With priority, for a field takes enter itself.
            help="Write the file; over one that is there at the second time", priority=True, palette=False),
    Command(id="export.form", keys="tab", action="next_form", label="another form",
            help="Change between a page, CSV and JSON", priority=True, palette=False),
    Command(id="export.back", keys="escape", action="back", label="back",
            help="Close this and write nothing; stops what is being written", palette=False),
)  # fmt: skip
