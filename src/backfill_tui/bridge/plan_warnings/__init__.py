"""What is to be said about a plan as a whole: a function for each theme's warnings, and a table of them.

docs/warnings.md lists the codes, what each means and what can be done about it. Nothing here makes a value
for each date, and a warning costs at most a few queries, whatever the number of dates.
"""

from __future__ import annotations

from typing import Final

from backfill_tui.bridge.plan_warnings import (
    backfills,
    dates,
    grid,
    limits,
    past,
    refusals,
    scheduling,
    versions,
)
from backfill_tui.bridge.plan_warnings.situation import GRAVITIES as GRAVITIES
from backfill_tui.bridge.plan_warnings.situation import Look
from backfill_tui.bridge.plan_warnings.situation import Situation as Situation
from backfill_tui.domain.planning import Gravity, PlanWarning

_LOOKS: Final[tuple[Look, ...]] = (
    backfills.another_backfill,
    refusals.run_type,
    refusals.depends_on_past_rules,
    refusals.conf,
    refusals.run_ids,
    versions.conf,
    refusals.nothing_to_do,
    dates.cut_short,
    dates.clashes,
    grid.off_the_grid,
    dates.outside_the_dag,
    dates.future_partitions,
    past.waits_for_the_past,
    scheduling.paused,
    scheduling.stale,
    scheduling.import_errors,
    scheduling.no_scheduler,
    scheduling.catchup_hole,
    limits.stuck_in_pool,
    limits.creation_time,
    backfills.orphaned_backfill,
    dates.out_of_order,
    dates.trigger_interval,
    dates.partition_wall_clock,
    limits.above_the_scheduler,
    limits.runs_at_once,
)


def warnings_about(situation: Situation) -> tuple[PlanWarning, ...]:
    """Every warning that applies, at most one of a code: those that block first, those that tell last."""
    found = [warning for look in _LOOKS for warning in look(situation)]
    order = list(Gravity)
    return tuple(sorted(found, key=lambda warning: order.index(warning.gravity)))
