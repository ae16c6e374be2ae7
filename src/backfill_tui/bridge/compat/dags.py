"""Timetables and params, asked as the version of Airflow has it: since 3.2 runs may be of partitions."""

from __future__ import annotations

import copy
from typing import Any


def is_partitioned(timetable: Any) -> bool:
    """Whether the runs of a timetable are of partitions instead of logical dates."""
    return bool(getattr(timetable, "partitioned", False))


def next_info(timetable: Any, last: Any, restriction: Any) -> Any:
    """The `DagRunInfo` after one, the first for None; raises what the timetable raises."""
    if hasattr(timetable, "next_dagrun_info_v2"):
        return timetable.next_dagrun_info_v2(last_dagrun_info=last, restriction=restriction)
    return timetable.next_dagrun_info(
        last_automated_data_interval=None if last is None else last.data_interval, restriction=restriction
    )


def next_scheduled(timetable: Any, model: Any) -> Any:
    """The `DagRunInfo` that the scheduler comes to next, by a `DagModel`; None for none."""
    if hasattr(timetable, "next_run_info_from_dag_model"):
        return timetable.next_run_info_from_dag_model(dag_model=model)
    from airflow._shared.timezones.timezone import coerce_datetime
    from airflow.models.dag import get_next_data_interval

    after = coerce_datetime(model.next_dagrun_create_after)
    interval = get_next_data_interval(timetable, model)
    return None if after is None or interval is None else run_info(after, interval)


def run_info(run_after: Any, data_interval: Any, key: str | None = None, date: Any = None) -> Any:
    """One of Airflow's `DagRunInfo`; `key` and `date` are those of its partition."""
    from airflow.timetables.base import DagRunInfo

    if "partition_key" not in DagRunInfo._fields:
        return DagRunInfo(run_after=run_after, data_interval=data_interval)
    return DagRunInfo(
        run_after=run_after, data_interval=data_interval, partition_key=key, partition_date=date
    )


def read_timetable(stored: Any) -> Any:
    """A timetable from its serialized form; raises what its own `deserialize` raises."""
    try:
        from airflow.serialization.decoders import decode_timetable
    except ModuleNotFoundError:
        # Its place before Airflow 3.2.
        from airflow.serialization import serialized_objects

        return serialized_objects.decode_timetable(stored)
    return decode_timetable(stored)


def validate_params(params: Any, conf: dict[str, Any]) -> None:
    """Raise ValueError unless the params of a serialized Dag take this conf, as a run is given it."""
    try:
        if hasattr(params, "deep_merge"):
            merged = params.deep_merge(conf)
        else:
            merged = copy.deepcopy(params)
            merged.update(conf)
        merged.validate()
    except Exception as misfit:
        # It is a ValueError since Airflow 3.3, and has had several homes.
        if type(misfit).__name__ == "ParamValidationError" and not isinstance(misfit, ValueError):
            raise ValueError(str(misfit)) from misfit
        raise
