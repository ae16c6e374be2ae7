"""One real bridge and one child that edits its tables, for all tests of this folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.support.bridges import RunningBridge, home_with_database, running_bridge
from tests.support.edits import Edits, editing

_DAGS = """
from datetime import datetime, timezone
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, task, task_group

def chain(dag_id):
    with DAG(dag_id=dag_id, schedule="@daily", start_date=datetime(2024, 1, 1, tzinfo=timezone.utc)):
        @task
        def extract(): return [1, 2, 3]
        @task
        def clean(): pass
        @task
        def load(): pass
        # Declared against the order in which they run, and against the alphabet.
        last, middle, first = load(), clean(), extract()
        first >> middle >> last

def mapped(dag_id):
    with DAG(dag_id=dag_id, schedule="@daily", start_date=datetime(2024, 1, 1, tzinfo=timezone.utc)):
        @task
        def files(): return [1, 2, 3]
        @task
        def each(name): return name
        @task
        def total(names): pass
        @task_group
        def beside():
            EmptyOperator(task_id="nothing")
        total(each.expand(name=files())) >> beside()

for number in range(80):
    chain(f"chain_{number:02}")
for number in range(40):
    mapped(f"mapped_{number:02}")
"""


@pytest.fixture(scope="session")
def bridge(database_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningBridge]:
    home = home_with_database(database_template, tmp_path_factory.mktemp("live"), {"many.py": _DAGS})
    with running_bridge(home) as running:
        yield running


@pytest.fixture(scope="session")
def edits(bridge: RunningBridge) -> Iterator[Edits]:
    with editing(bridge.home) as child:
        child.do("beat", seconds_ago=-3600)
        yield child


@pytest.fixture(scope="session")
def fresh() -> Callable[[str], str]:
    """A Dag of that kind (`chain`, `mapped`) which no other test touches."""
    used: dict[str, int] = {}

    def take(kind: str) -> str:
        used[kind] = used.get(kind, -1) + 1
        return f"{kind}_{used[kind]:02}"

    return take
