"""What the list says of a Dag that only its serialized form knows, read once for each version of it."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from backfill_tui.bridge.compat.dags import is_partitioned
from backfill_tui.bridge.schedules import in_words, zone_name, zone_of_partitions
from backfill_tui.domain.ids import TaskId
from backfill_tui.domain.instants import Instant, from_datetime
from backfill_tui.domain.text import one_line

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class DagFacts:
    """The part of a `DagSummary` that changes only with the Dag's file."""

    schedule: str
    timetable: str
    timezone: str
    periodic: bool
    partitioned: bool = False
    catchup: bool = False
    depends_on_past: bool = False
    start_date: Instant | None = None
    end_date: Instant | None = None
    task_ids: tuple[TaskId, ...] = ()
    partition_zone: str = ""
    unreadable: str = ""


class FactsCache:
    """The facts of the latest version of every Dag, by the hash of its serialized form."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, DagFacts]] = {}
        self._lock = threading.Lock()

    def missing(self, hashes: Mapping[str, str]) -> set[str]:
        """The Dags (of Dag id to hash) that are not known at that version."""
        with self._lock:
            return {dag_id for dag_id, found in hashes.items() if self._known.get(dag_id, ("",))[0] != found}

    def learn(self, dag_id: str, dag_hash: str, facts: DagFacts) -> None:
        """Remember a version; the one before it is forgotten."""
        with self._lock:
            self._known[dag_id] = (dag_hash, facts)

    def of(self, dag_id: str) -> DagFacts | None:
        """What is known of a Dag, None for one that has no serialized form."""
        with self._lock:
            known = self._known.get(dag_id)
        return known[1] if known else None


def read_facts(serialized: Any) -> DagFacts:
    """The facts of one of Airflow's `SerializedDagModel`s.

    A form that this Airflow can not read (a timetable of a plugin that is not there) is told as such.
    """
    try:
        return _facts(serialized.dag)
    except (Exception, SystemExit) as cause:
        # Whatever a timetable's own `deserialize` raises, and Airflow's own bugs in reading.
        _log.warning("a serialized Dag can not be read", dag_id=serialized.dag_id, exc_info=True)
        return DagFacts(
            schedule="unknown",
            timetable="",
            timezone="UTC",
            periodic=False,
            unreadable=f"its serialized form can not be read ({in_one_line(cause)})",
        )


def in_one_line(broken: BaseException) -> str:
    """Why a serialized Dag can not be read.

    What a timetable raises comes as the cause of an error that says no more than that there was one.
    """
    first = broken.__cause__ or broken
    return one_line(f"{type(first).__name__}: {first}")


def _facts(dag: Any) -> DagFacts:
    timetable = dag.timetable
    partition_zone = zone_of_partitions(timetable)
    return DagFacts(
        schedule=in_words(timetable),
        timetable=str(timetable.summary),
        timezone=zone_name(dag.timezone),
        periodic=bool(timetable.periodic),
        partitioned=is_partitioned(timetable),
        catchup=bool(dag.catchup),
        depends_on_past=any(task.depends_on_past for task in dag.tasks),
        start_date=instant_or_none(dag.start_date),
        end_date=instant_or_none(dag.end_date),
        task_ids=tuple(TaskId(task.task_id) for task in _in_order(dag.task_group)),
        partition_zone="" if partition_zone is None else zone_name(partition_zone),
    )


def _in_order(group: Any) -> Iterator[Any]:
    """The tasks of a group in topological order, those of an inner group together, as the grid has them."""
    for node in group.topological_sort():
        if hasattr(node, "children"):
            yield from _in_order(node)
        else:
            yield node


def instant_or_none(moment: datetime | None) -> Instant | None:
    """The instant of an aware datetime, None for none."""
    return None if moment is None else from_datetime(moment)
