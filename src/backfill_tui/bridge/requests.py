"""A backfill request against its Dag: what can not be meant is refused before any date is looked at.

The questions are those of Airflow 3.3 models/backfill.py (`_create_backfill`, `_validate_backfill_params`).
What Airflow refuses although the dates can be shown is not asked here: those are blocking warnings.
"""

from __future__ import annotations

import json
from typing import Any, Final, NoReturn

from backfill_tui.bridge.compat.dags import validate_params
from backfill_tui.bridge.masking import masked, without_masked
from backfill_tui.bridge.planned_dag import PlannedDag
from backfill_tui.bridge.schedules import in_words, without_periods
from backfill_tui.domain.instants import Instant
from backfill_tui.domain.planning import BackfillRequest
from backfill_tui.domain.problems import BadRequest
from backfill_tui.domain.reasons import moment
from backfill_tui.domain.text import one_line

_DEEPEST: Final = 950
"""Levels of a conf; from about 970 on Airflow's own creation ends in a RecursionError."""
_MOST_WORDS: Final = 150


def check_request(request: BackfillRequest, planned: PlannedDag, now: Instant) -> None:
    """Raise BadRequest, with the next step, for a request that no Airflow would take."""
    name = one_line(request.dag_id)
    if not planned.dag.timetable.periodic:
        raise BadRequest(
            f'"{name}" can not be backfilled: {one_line(without_periods(in_words(planned.dag.timetable)))}',
            remedy="choose a Dag with a cron or timedelta schedule",
        )
    if request.from_date > request.to_date:
        raise BadRequest(
            f"The range ends before it begins: from {moment(request.from_date, planned.zone)} "
            f"to {moment(request.to_date, planned.zone)}",
            remedy="swap its bounds",
        )
    if request.from_date >= now:
        raise BadRequest(
            f"The range is in the future: it begins {moment(request.from_date, planned.zone)}",
            remedy="begin it in the past",
        )
    if request.max_active_runs < 1:
        raise BadRequest(
            f"Max active runs is {request.max_active_runs}, so no run would ever start",
            remedy="give 1 or more",
        )
    conf_of(request)


def conf_of(request: BackfillRequest) -> dict[str, Any] | None:
    """The conf of the runs, None when none was given; raises BadRequest unless it is a JSON object."""
    if not request.conf.strip():
        return None
    try:
        value = json.loads(request.conf, parse_constant=_no_number)
    except (ValueError, RecursionError) as wrong:
        raise BadRequest(
            f"The conf is not JSON: {one_line(str(wrong))}", remedy='write it as {"key": "value"}'
        ) from wrong
    if not isinstance(value, dict):
        raise BadRequest("The conf is not a JSON object", remedy='write it as {"key": "value"}')
    if _is_deeper(value, _DEEPEST):
        raise BadRequest(
            f"The conf is nested more than {_DEEPEST} deep, which Airflow can not write to its database",
            remedy="make it flatter",
        )
    return value


def masked_conf_of(request: BackfillRequest) -> str | None:
    """The conf as it may be shown, JSON text; None where that is the whole of it."""
    conf = conf_of(request)
    shown = conf if conf is None else masked(conf)
    return None if shown == conf else json.dumps(shown)


def _is_deeper(value: Any, levels: int) -> bool:
    """Whether lists and objects are nested deeper than that; asked level by level, at any depth."""
    layer = [value]
    for _ in range(levels):
        layer = [
            part
            for whole in layer
            for part in (whole.values() if isinstance(whole, dict) else whole)
            if isinstance(part, (dict, list))
        ]
        if not layer:
            return False
    return True


def params_misfit(request: BackfillRequest, planned: PlannedDag) -> str:
    """Why the conf does not fit the params of the Dag, in one line; empty when it does.

    Airflow looks at the params only when a conf is given: a Dag's own defaults are valid by themselves.
    """
    conf = conf_of(request)
    if conf is None:
        return ""
    try:
        validate_params(planned.dag.params, conf)
    except ValueError as wrong:
        first, _, _ = str(wrong).partition("\n")
        return _shortened(one_line(without_masked(first, conf))) or type(wrong).__name__
    except RecursionError:
        # Airflow's own words about a deeply nested value; its creation ends with this error as well.
        return "it is nested too deeply"
    return ""


def _shortened(words: str) -> str:
    """What is wrong names the value, which may be of any length, before what is wrong with it."""
    return words if len(words) <= 2 * _MOST_WORDS else f"{words[:_MOST_WORDS]} ... {words[-_MOST_WORDS:]}"


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is not a number in JSON")
