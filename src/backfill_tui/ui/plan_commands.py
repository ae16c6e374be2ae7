"""The commands of the plan screen and of the dialogs that open from it."""

from __future__ import annotations

from backfill_tui.domain.presets import PRESETS
from backfill_tui.ui.declaration import Command
from backfill_tui.ui.export_commands import PLAN_EXPORT

PLAN = (
    Command(
        id="plan.launch", keys="f5,ctrl+s", action="launch", label="launch", priority=True,
        help="Launch the plan, after one more question",
    ),
    Command(
        id="plan.unpause", keys="f6,u", action="unpause", label="unpause",
        help="Unpause the Dag, so that its runs can start; asks first",
    ),
    Command(
        id="plan.watch", keys="f9,w", action="watch", label="watch",
        help="Watch the backfill of this Dag that is active and so forbids another one",
    ),
    Command(
        id="plan.presets", keys="f2,p", action="presets", label="ranges",
        help="Choose a range by its name: last month, since the last success",
    ),
    Command(
        id="plan.holes", keys="f3", action="holes", label="holes",
        help="Plan what is missing or failed since the Dag's start",
    ),
    Command(
        id="plan.back", keys="escape", action="back", label="back",
        help="Go back to the Dags; stops a launch that still waits for its plan",
    ),
    Command(
        # With priority, so that what is typed right after tab already goes to the next field.
        id="plan.next_field", keys="tab", action="app.focus_next", label="next",
        help="Go to the next field", palette=False, priority=True,
    ),
    Command(
        id="plan.notes", keys="f7,n", action="notes", label="warnings",
        help="Read all warnings with their remedies, and how long it takes",
    ),
    Command(
        id="plan.copy", keys="f8,y", action="copy", label="command",
        help="Show this plan as commands, and copy one of them",
    ),
    Command(
        id="plan.holes_here", keys="f4", action="holes_here", label="holes here",
        help="Plan what is missing or failed within this range",
    ),
    *PLAN_EXPORT,
    Command(
        id="plan.backfills", keys="f10,b", action="backfills", label="backfills",
        help="List the backfills, at the newest of this Dag",
    ),
    Command(
        id="plan.jump", keys="slash,ctrl+g", action="jump", label="date",
        help="Go to a date that you type, or to the nearest there is",
    ),
    Command(
        id="plan.undo", keys="ctrl+z", action="undo", label="undo range",
        help="Put the range back that was there before a named range, a span or the holes",
    ),
    Command(
        id="plan.refresh", keys="ctrl+r", action="refresh_plan", label="", priority=True,
        help="Plan again, against what Airflow has now",
    ),
)  # fmt: skip


def preset_command(expression: str) -> str:
    """The id of the command that takes a range."""
    return f"presets.{expression.replace(' ', '_')}"


PRESET_KEYS = tuple(
    Command(id=preset_command(expression), keys=key, action=f"take({key!r})", label="",
            help=f"Take the range: {name[0].lower()}{name[1:]}", palette=False)
    for key, name, expression in PRESETS
)  # fmt: skip

PRESETS_DIALOG = (
    Command(id="presets.take", keys="enter", action="take_chosen", label="take it",
            help="Take the range under the cursor", palette=False),
    Command(id="presets.filter", keys="slash", action="filter", label="filter",
            help="Show only the ranges whose name fits what you type", palette=False),
    Command(id="presets.cancel", keys="escape,f2,p,q", action="cancel", label="back",
            help="Show all ranges again, else close this and keep the range as it is", palette=False),
    *PRESET_KEYS,
)  # fmt: skip

LAUNCH = (
    Command(id="launch.accept", keys="enter,y", action="accept", label="launch",
            help="Launch; a paused Dag stays paused", palette=False),
    Command(id="launch.cancel", keys="escape,n", action="cancel", label="back",
            help="Close this and launch nothing", palette=False),
    Command(id="launch.unpause", keys="u,f6", action="unpause", label="launch and unpause",
            help="Launch and unpause the Dag in one, so that the runs of this backfill can start",
            palette=False),
    Command(id="launch.paused", keys="p", action="paused", label="launch paused",
            help="Create the backfill paused: no run of it starts before it is resumed", palette=False),
)  # fmt: skip

COPY = (
    Command(id="copy.airflow", keys="1", action="copy('airflow')", label="copy airflow",
            help="Copy Airflow's own command", palette=False),
    Command(id="copy.own", keys="2", action="copy('own')", label="copy backfill-tui",
            help="Copy the command of this program", palette=False),
    Command(id="copy.rest", keys="3", action="copy('rest')", label="copy curl",
            help="Copy the call of Airflow's REST API", palette=False),
    Command(id="copy.close", keys="escape,enter,q", action="close", label="close",
            help="Close this", palette=False),
)  # fmt: skip

CREATION = (
    Command(id="creation.cancel", keys="escape", action="cancel", label="cancel",
            help="Stop creating; nothing of it is left", palette=False),
)  # fmt: skip
