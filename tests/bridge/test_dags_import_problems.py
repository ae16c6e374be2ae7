from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.bridges import home_with_database, running_bridge

from backfill_tui.bridge.import_problems import explain
from backfill_tui.domain.dags import ImportProblem

HEAD = """\
# Written for Airflow 2.
from datetime import datetime, timedelta
from airflow import DAG
"""
IN_DAG = """\
from {module} import {operator}
with DAG('d', schedule=None):
    {operator}(task_id='x', {argument})
"""

LEFTOVERS = {
    "schedule_interval": "DAG('d', schedule_interval='@daily')",
    "schedule_interval_decorator": (
        "from airflow.sdk import dag\n@dag(schedule_interval='@daily')\ndef f(): ...\nf()"
    ),
    "timetable": "DAG('d', timetable=None)",
    "concurrency": "DAG('d', schedule=None, concurrency=3)",
    "fail_stop": "DAG('d', schedule=None, fail_stop=True)",
    "default_view": "DAG('d', schedule=None, default_view='graph')",
    "provide_context": IN_DAG.format(
        module="airflow.providers.standard.operators.python",
        operator="PythonOperator",
        argument="python_callable=print, provide_context=True",
    ),
    "task_concurrency": IN_DAG.format(
        module="airflow.providers.standard.operators.empty",
        operator="EmptyOperator",
        argument="task_concurrency=2",
    ),
    "execution_date": IN_DAG.format(
        module="airflow.providers.standard.operators.trigger_dagrun",
        operator="TriggerDagRunOperator",
        argument="trigger_dag_id='y', execution_date='2024-01-01'",
    ),
    "unknown_argument": IN_DAG.format(
        module="airflow.providers.standard.operators.empty",
        operator="EmptyOperator",
        argument="colour='red'",
    ),
    "days_ago": "from airflow.utils.dates import days_ago",
    "apply_defaults": "from airflow.utils.decorators import apply_defaults",
    "chain": "from airflow.utils.helpers import chain",
    "subdag": "from airflow.operators.subdag import SubDagOperator",
    "subdag_operator": "from airflow.operators.subdag_operator import SubDagOperator",
    "dummy": "from airflow.operators.dummy import DummyOperator",
    "dummy_operator": "from airflow.operators.dummy_operator import DummyOperator",
    "bash_operator": "from airflow.operators.bash_operator import BashOperator",
    "python_operator": "from airflow.operators.python_operator import PythonOperator",
    "base_hook": "from airflow.hooks.base_hook import BaseHook",
    "datasets": "from airflow.datasets import Dataset",
    "contrib": "from airflow.contrib.sensors.file_sensor import FileSensor",
    "provider": "from airflow.providers.google.cloud.hooks.gcs import GCSHook",
    "gone_module": "import airflow.smart_sensor",
    "gone_name": "from airflow.utils.dates import parse_execution_date",
    "missing": "import no_such_package.inner",
    "cycle": (
        "from airflow.providers.standard.operators.empty import EmptyOperator\n"
        "with DAG('d', schedule=None):\n"
        "    a, b = EmptyOperator(task_id='a'), EmptyOperator(task_id='b')\n    a >> b >> a"
    ),
    "variable": "from airflow.sdk import Variable\nVariable.get('nope')",
    "several_lines": "raise ValueError('first\\nsecond\\n  third')",
    "chained": (
        "try:\n    1 / 0\nexcept ZeroDivisionError as cause:\n    raise RuntimeError('outer') from cause"
    ),
    "bad_id": "DAG('a b', schedule=None)",
}
SENTENCES = {
    "schedule_interval": "'schedule_interval' is now 'schedule'",
    "schedule_interval_decorator": "'schedule_interval' is now 'schedule'",
    "timetable": "'timetable' is now 'schedule'",
    "concurrency": "'concurrency' is now 'max_active_tasks'",
    "fail_stop": "'fail_stop' is now 'fail_fast'",
    "default_view": "'default_view' of a Dag is gone in Airflow 3",
    "provide_context": "'provide_context' of PythonOperator is gone in Airflow 3",
    "task_concurrency": "'task_concurrency' of EmptyOperator is now 'max_active_tis_per_dag'",
    "execution_date": "'execution_date' of TriggerDagRunOperator is now 'logical_date'",
    "unknown_argument": "Task \"x\": EmptyOperator does not take {'colour': 'red'}",
    "days_ago": "days_ago is gone in Airflow 3",
    "apply_defaults": "apply_defaults is gone in Airflow 3",
    "chain": "chain has moved in Airflow 3",
    "subdag": "SubDagOperator is gone in Airflow 3",
    "subdag_operator": "SubDagOperator is gone in Airflow 3",
    "dummy": "DummyOperator is now EmptyOperator",
    "dummy_operator": "DummyOperator is now EmptyOperator",
    "bash_operator": "airflow.operators.bash_operator has moved in Airflow 3",
    "python_operator": "airflow.operators.python_operator has moved in Airflow 3",
    "base_hook": "airflow.hooks.base_hook has moved in Airflow 3",
    "datasets": "A Dataset is now an Asset",
    "contrib": "airflow.contrib is gone",
    "provider": "The provider airflow.providers.google is not installed",
    "gone_module": "Airflow 3 has no module airflow.smart_sensor",
    "gone_name": "Airflow 3 has no parse_execution_date in airflow.utils.dates",
    "missing": "No module named 'no_such_package'",
    "cycle": 'The tasks of "d" wait for each other in a circle, at "b"',
    "variable": 'There is no Variable "nope"',
    "several_lines": "ValueError: first second third",
    "chained": "RuntimeError: outer",
    "bad_id": (
        "ValueError: The key 'a b' has to be made of alphanumeric characters, dashes, dots, "
        "and underscores exclusively"
    ),
}


@pytest.fixture(scope="module")
def problems(tmp_path_factory: pytest.TempPathFactory, database_template: Path) -> dict[str, ImportProblem]:
    """What the real Airflow and the bridge say of every leftover, by its name."""
    files = {f"{name}.py": HEAD + source + "\n" for name, source in LEFTOVERS.items()}
    home = home_with_database(database_template, tmp_path_factory.mktemp("leftovers"), files)
    with running_bridge(home) as bridge:
        listed = bridge.gateway.dags()
    return {problem.file.removesuffix(".py"): problem for problem in listed.import_problems}


@pytest.mark.airflow
@pytest.mark.xdist_group("bridge_dags_import_problems")
@pytest.mark.parametrize("name", sorted(SENTENCES))
def test_a_leftover_of_airflow_2_is_said_in_one_sentence_with_advice(
    problems: dict[str, ImportProblem], name: str
) -> None:
    problem = problems[name]
    assert problem.sentence == SENTENCES[name]
    assert problem.advice
    assert "Traceback" in problem.traceback or "Error" in problem.traceback or name == "cycle"


@pytest.mark.airflow
@pytest.mark.xdist_group("bridge_dags_import_problems")
def test_the_advice_names_what_to_write_instead(problems: dict[str, ImportProblem]) -> None:
    assert "from airflow.sdk import TaskGroup" in problems["subdag"].advice
    assert problems["provider"].advice == "install it: pip install apache-airflow-providers-google"
    assert problems["chained"].advice == "look at line 7 of chained.py"
    assert "airflow.providers.standard.operators.python" in problems["python_operator"].advice


def test_without_a_traceback_the_first_line_is_the_sentence() -> None:
    assert explain("a.py", "Something odd\nand more").sentence == "Something odd"
    assert explain("a.py", "").sentence == "It does not import"


def test_an_endless_message_is_cut() -> None:
    assert len(explain("a.py", "ValueError: " + "x" * 5000).sentence) == 200


def test_terminal_control_never_gets_through() -> None:
    told = 'Traceback (most recent call last):\n  File "a.py", line 1\nRuntimeError: \x1b[2Jclear [/bold]\x07'
    problem = explain("a.py", told)
    assert problem.sentence == "RuntimeError: clear [/bold]�"
    assert "\x1b" not in problem.traceback
