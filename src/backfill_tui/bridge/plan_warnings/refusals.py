"""What Airflow refuses, and what nothing would come of; the dates can still be shown.

The questions are those of Airflow 3.3 models/backfill.py: `_create_backfill` and `_validate_backfill_params`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from backfill_tui.bridge.compat.schema import value
from backfill_tui.bridge.plan_warnings.situation import Situation, warning
from backfill_tui.bridge.requests import params_misfit
from backfill_tui.domain.instants import Instant, iso
from backfill_tui.domain.outcomes import Verdict
from backfill_tui.domain.plan_dates import ABSENT
from backfill_tui.domain.planning import PlanWarning, ReprocessBehavior
from backfill_tui.domain.text import one_line


def run_type(it: Situation) -> Iterator[PlanWarning]:
    """A Dag may allow some types of runs only."""
    allowed = None if it.model is None else value(it.model, "allowed_run_types")
    if allowed is not None and "backfill" not in {str(kind) for kind in allowed}:
        yield warning(
            "run_type_not_allowed",
            "The Dag does not allow backfill runs",
            "add them to allowed_run_types in the Dag's file",
        )


def run_ids(it: Situation) -> Iterator[PlanWarning]:
    """Airflow makes no run whose id, of which a partition key is part, its pattern for ids does not match.

    The first one ends the whole creation (Airflow 3.3 serialization/definitions/dag.py, `create_dagrun`).
    """
    pattern, dates = _pattern_of_ids(), it.judged.dates
    if dates.partition_keys is None:
        # Only the time differs, and all times are written alike.
        if it.judged.count(Verdict.CREATE) and not _is_allowed(pattern, iso(Instant(dates.afters[0])), None):
            yield warning(
                "run_id_not_allowed",
                "Airflow does not allow the id of a run of a backfill, so it can make none",
                "allow it with [scheduler] allowed_run_id_pattern",
            )
        return
    # A run that is taken again keeps its id, but that of a partition is made anew.
    for place in it.judged.where(Verdict.CREATE, Verdict.REPROCESS):
        key = dates.partition_keys[place]
        if not _is_allowed(pattern, iso(Instant(dates.afters[place])), key):
            yield warning(
                "run_id_not_allowed",
                f'Airflow does not allow the id of a run with the partition key "{one_line(key)}", '
                "so it can make none",
                "give the timetable another key_format, or allow it with [scheduler] allowed_run_id_pattern",
            )
            return


_LONGEST_ID: Final = 250
_SOMETHING_RANDOM: Final = "x" * 8


def _pattern_of_ids() -> str:
    from airflow.configuration import conf

    return str(conf.get("scheduler", "allowed_run_id_pattern")).strip()


def _double_dots_are_allowed() -> bool:
    from airflow.configuration import conf

    return bool(conf.getboolean("core", "allow_double_dot_in_ids", fallback=False))


def _is_allowed(pattern: str, after: str, key: str | None) -> bool:
    run_id = f"backfill__{after}" if key is None else f"backfill__{after}__{key}__{_SOMETHING_RANDOM}"
    return (
        (key is None or bool(key.strip()))
        and (".." not in run_id or _double_dots_are_allowed())
        and len(run_id) <= _LONGEST_ID
        and bool(pattern)
        and re.match(pattern, run_id) is not None
    )


def depends_on_past_rules(it: Situation) -> Iterator[PlanWarning]:
    """A task that depends on its past forbids one direction and one reprocess behavior."""
    if not it.planned.depends_on_past:
        return
    if it.request.run_backwards:
        yield warning(
            "depends_on_past_backwards",
            "A task depends on its past, so the dates can not run backwards",
            "run them forwards",
        )
    if it.request.reprocess_behavior is ReprocessBehavior.NONE:
        yield warning(
            "depends_on_past_missing_only",
            "A task depends on its past, so Airflow does not backfill the missing runs alone",
            "choose Missing and Errored Runs or All Runs",
        )


def conf(it: Situation) -> Iterator[PlanWarning]:
    """Airflow validates a conf against the params of the Dag."""
    if misfit := params_misfit(it.request, it.planned):
        yield warning(
            "conf_invalid",
            f"The conf does not fit the params of {one_line(it.request.dag_id)}: {misfit}",
            "change the conf",
        )


def nothing_to_do(it: Situation) -> Iterator[PlanWarning]:
    """A range without a run: Airflow refuses it when it takes up no date at all."""
    if it.run_count:
        return
    if due := it.judged.due:
        stays = "its only date" if due == 1 else f"each of the {due:,} dates"
        yield warning(
            "nothing_to_do",
            f"Nothing would run: {stays} has a run that stays as it is",
            "choose another reprocess behavior or range",
        )
    elif len(it.judged):
        yield _none_is_due(it)
    elif it.enumeration.cut_short:
        yield warning(
            "no_dates",
            f"The timetable fails at its first date in this range ({one_line(it.enumeration.cut_short)})",
            "mend the timetable",
        )
    else:
        yield warning("no_dates", "The schedule has no date in this range", "choose a longer range")


def _none_is_due(it: Situation) -> PlanWarning:
    """Airflow takes up a date once its data interval is over, and one without an interval never."""
    if ends := [end for end in it.judged.dates.ends if end != ABSENT]:
        return warning(
            "no_dates_due",
            f"No date of the range is due before {it.said(min(ends))}, when its data interval is over",
            "begin the range earlier, or wait until then",
        )
    return warning(
        "no_dates_due",
        "The timetable gives its dates no data interval, and Airflow leaves out all such dates for good",
        "mend the timetable",
    )
