"""A Dag as a backfill would take it: its latest serialized version."""

from __future__ import annotations

import difflib
import traceback
from calendar import timegm
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Any

from backfill_tui.bridge.compat.dags import is_partitioned
from backfill_tui.bridge.dag_facts import in_one_line
from backfill_tui.bridge.schedules import zone_name, zone_of_partitions
from backfill_tui.domain.ids import DagId
from backfill_tui.domain.instants import Instant, to_datetime, zone_named
from backfill_tui.domain.planning import BackfillRequest
from backfill_tui.domain.problems import AirflowFailed, BadRequest, NotThere
from backfill_tui.domain.text import one_line

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedDag:
    """A Dag read for one call; `dag` is Airflow's `SerializedDAG`, `dag_hash` tells versions apart.

    `timezone` and `zone` are those of the clock on which its dates are written: of a partitioned Dag that of
    its timetable, `partition_zone`, which is empty for others.
    """

    dag_id: DagId
    dag_hash: str
    dag: Any
    timezone: str
    zone: tzinfo
    partition_zone: str = ""

    @property
    def partitioned(self) -> bool:
        """Whether its runs are of partitions instead of logical dates."""
        return is_partitioned(self.dag.timetable)

    @property
    def depends_on_past(self) -> bool:
        """Whether any task waits for its own previous run."""
        return any(task.depends_on_past for task in self.dag.tasks)

    def bounds(self, request: BackfillRequest) -> tuple[datetime, datetime]:
        """The bounds of the request in the form in which Airflow means the same.

        For logical dates that is the instant. A partitioned timetable takes the wall clock of a bound for
        one of its own zone (Airflow 3.3 timetables/_cron.py, `localize_partition_datetime`), so it gets
        that wall clock, called UTC. Raises BadRequest where its clock shows a year that is none.
        """
        return self._bound(request.from_date), self._bound(request.to_date)

    def meant_by(self, bound: datetime) -> Instant:
        """The instant that a bound in Airflow's tables means, the other way round."""
        own_zone = zone_of_partitions(self.dag.timetable)
        return instant_of(
            bound if own_zone is None else self.dag.timetable.localize_partition_datetime(bound)
        )

    def _bound(self, instant: Instant) -> datetime:
        moment = to_datetime(instant)
        own_zone = zone_of_partitions(self.dag.timetable)
        if own_zone is None:
            return moment
        try:
            return moment.astimezone(own_zone).replace(tzinfo=moment.tzinfo)
        except (OverflowError, ValueError) as beyond:
            raise BadRequest(
                f"The range leaves the years that a clock of {one_line(str(own_zone))} can show",
                remedy="choose dates from the year 2 to 9998",
            ) from beyond


def latest_hash(session: Session, dag_id: DagId) -> str | None:
    """What tells the latest version of a Dag from the one before; None for a Dag that is gone."""
    from airflow.models.serialized_dag import SerializedDagModel

    latest = SerializedDagModel.latest_item_select_object(dag_id)
    found: str | None = session.scalar(latest.with_only_columns(SerializedDagModel.dag_hash))
    return found


def read_dag(session: Session, dag_id: DagId, where: str) -> PlannedDag:
    """The latest version of a Dag; raises NotThere, with the nearest name, for one Airflow does not know."""
    from airflow.models.serialized_dag import SerializedDagModel

    stored = session.scalar(SerializedDagModel.latest_item_select_object(dag_id))
    if stored is None:
        raise _unknown(session, dag_id, where)
    with unreadable_is_said(dag_id):
        dag = stored.dag
    of_partitions = zone_of_partitions(dag.timetable)
    name = zone_name(of_partitions or dag.timezone)
    try:
        zone = zone_named(name)
    except ValueError:
        zone = of_partitions or dag.timezone
    return PlannedDag(
        dag_id=dag_id,
        dag_hash=stored.dag_hash,
        dag=dag,
        timezone=name,
        zone=zone,
        partition_zone="" if of_partitions is None else name,
    )


@contextmanager
def unreadable_is_said(dag_id: str) -> Generator[None, None, None]:
    """Read a Dag back as Airflow does, and raise AirflowFailed where its serialized form can not be read.

    That is whatever the `deserialize` of a timetable raises, whose plugin may be missing here, and Airflow's
    own bugs in reading; the database's errors stay what they are.
    """
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except SQLAlchemyError:
        raise
    except (Exception, SystemExit) as broken:
        raise AirflowFailed(
            f"Airflow can not read the Dag {one_line(dag_id)}: {in_one_line(broken)}",
            remedy="see to its timetable and plugins, then parse the Dags again",
            detail=traceback.format_exc(),
        ) from broken


def instant_of(moment: datetime) -> Instant:
    """The instant of an aware datetime; for pendulum's own, whose arithmetic is slow and not exact."""
    return Instant(timegm(moment.utctimetuple()) * 1_000_000 + moment.microsecond)


def _unknown(session: Session, dag_id: DagId, where: str) -> NotThere:
    from airflow.models.serialized_dag import SerializedDagModel
    from sqlalchemy import select

    names = [str(name) for name in session.scalars(select(SerializedDagModel.dag_id).distinct())]
    nearest = difflib.get_close_matches(dag_id, names, n=1)
    remedy = f'the nearest name is "{one_line(nearest[0])}"' if nearest else "look at the list of Dags"
    return NotThere(f'There is no Dag "{one_line(dag_id)}" in {one_line(where)}', remedy=remedy)
