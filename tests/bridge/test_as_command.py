"""The commands are read by Airflow's own parser and model, in one process that has imported them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import IO, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.domain.test_as_command import MARCH, ZONES, argv_of, requests
from tests.support.homes import private_home
from tests.support.world import instant

from backfill_tui.domain.as_command import commands_for
from backfill_tui.domain.instants import zone_named
from backfill_tui.domain.planning import BackfillRequest

pytestmark = pytest.mark.airflow

# Answers, for a request and the commands of it, what the bridge would pass to `_create_backfill` and what
# Airflow's command and its API make of theirs.
READER = r"""
import json, os, sys
from types import SimpleNamespace

out = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)

import msgspec
from airflow._shared.timezones.timezone import coerce_datetime
from airflow.api_fastapi.core_api.datamodels.backfills import BackfillPostBody
from airflow.cli.cli_parser import get_parser
from airflow.timetables.trigger import CronPartitionTimetable, CronTriggerTimetable
from backfill_tui.bridge.planned_dag import PlannedDag
from backfill_tui.bridge.requests import conf_of
from backfill_tui.domain.instants import zone_named
from backfill_tui.domain.planning import BackfillRequest

parser = get_parser()

def told(dag_id, first, last, runs, backwards, conf, behavior, latest):
    offsets = [bound.utcoffset().total_seconds() for bound in (first, last)]
    bounds = [bound.replace(tzinfo=None).isoformat() for bound in (first, last)]
    return [dag_id, bounds, offsets, runs, backwards, conf, behavior, latest]

def bridge(request, partitioned, zone):
    schedule = CronPartitionTimetable if partitioned else CronTriggerTimetable
    timetable = schedule("0 0 * * *", timezone=zone)
    dag = PlannedDag(
        dag_id=request.dag_id, dag_hash="", dag=SimpleNamespace(timetable=timetable),
        timezone="UTC", zone=zone_named("UTC"),
    )
    return told(
        request.dag_id, *dag.bounds(request), request.max_active_runs, request.run_backwards,
        conf_of(request), request.reprocess_behavior.value, request.run_on_latest_version,
    )

def command(words):
    args = parser.parse_args(words)
    assert (args.subcommand, args.dry_run) == ("create", False), args
    return told(
        args.dag_id, args.from_date, args.to_date, args.max_active_runs, args.run_backwards,
        json.loads(args.dag_run_conf) if args.dag_run_conf else None,
        args.reprocess_behavior, args.run_on_latest_version,
    )

def api(body):
    model = BackfillPostBody.model_validate(json.loads(body))
    return told(
        model.dag_id, coerce_datetime(model.from_date), coerce_datetime(model.to_date),
        model.max_active_runs, model.run_backwards, model.dag_run_conf,
        model.reprocess_behavior.value, model.run_on_latest_version,
    )

for line in sys.stdin:
    order = json.loads(line)
    try:
        request = msgspec.convert(order["request"], BackfillRequest)
        answer = [
            bridge(request, order["partitioned"], order["zone"]), command(order["words"]), api(order["body"])
        ]
    except (Exception, SystemExit) as wrong:
        answer = repr(wrong)
    out.write(json.dumps(answer) + "\n")
    out.flush()
"""


@dataclass(frozen=True)
class Reader:
    """The process; both ends of it are lines of JSON."""

    orders: IO[str]
    answers: IO[str]

    def __call__(self, request: BackfillRequest, zone: str, *, partitioned: bool) -> list[Any]:
        """What the bridge passes on, what Airflow's command does, and what its API does."""
        commands = commands_for(request, partitioned=partitioned, zone=zone_named(zone))
        order = {
            "request": asdict(request),
            "partitioned": partitioned,
            "zone": zone,
            "words": argv_of(commands.airflow)[1:],
            "body": argv_of(commands.rest)[-1],
        }
        self.orders.write(json.dumps(order) + "\n")
        self.orders.flush()
        answer = json.loads(self.answers.readline())
        assert isinstance(answer, list), answer
        return answer


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """A process on a home without a database: neither parser needs one."""
    home = private_home(tmp_path_factory.mktemp("commands"))
    with subprocess.Popen(
        [sys.executable, "-c", READER],
        env=home.environment(os.environ),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield Reader(process.stdin, process.stdout)
        finally:
            process.kill()


@given(
    # Airflow 3.3 on Python 3.11 can not be told of a Dag called `--`.
    request=requests(instant("1900-01-01"), instant("2200-01-01")).filter(lambda it: it.dag_id != "--"),
    partitioned=st.booleans(),
    zone=st.sampled_from([zone for zone in ZONES if zone != "-03:30"]),
)
@settings(deadline=None, max_examples=200)
def test_airflow_reads_in_its_command_and_its_api_what_the_bridge_passes_on(
    read: Reader, request: BackfillRequest, zone: str, *, partitioned: bool
) -> None:
    by_bridge, by_command, by_api = read(request, zone, partitioned=partitioned)
    assert by_command == by_bridge
    assert by_api == by_bridge


def test_the_last_day_of_a_partitioned_dag_ends_with_the_last_microsecond_of_its_own_clock(
    read: Reader,
) -> None:
    for _, bounds, offsets, *_rest in read(MARCH, "America/New_York", partitioned=True):
        assert bounds == ["2024-03-01T00:00:00", "2024-03-31T23:59:59.999999"]
        assert offsets == [0, 0]
