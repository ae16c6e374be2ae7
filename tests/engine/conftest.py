from __future__ import annotations

import pytest
from tests.support.homes import create_database_with_dags, private_home

from backfill_tui.engine.home import EmbeddedHome

# Every test has a Dag of its own: Airflow allows one active backfill for each.
DAGS = {
    "quick.py": """
        from datetime import datetime, timezone
        from airflow.providers.standard.operators.empty import EmptyOperator
        from airflow.providers.standard.operators.python import PythonOperator
        from airflow.sdk import DAG

        for dag_id in ("quick", "quick_elsewhere", "held_back"):
            with DAG(dag_id, schedule="@daily", start_date=datetime(2021, 1, 1, tzinfo=timezone.utc)):
                PythonOperator(task_id="extract", python_callable=print) >> EmptyOperator(task_id="load")
    """,
    # Their task works until its gate is open.
    "patient.py": """
        import time
        from datetime import datetime, timezone
        from pathlib import Path
        from airflow.providers.standard.operators.python import PythonOperator
        from airflow.sdk import DAG

        def wait_at_the_gate(dag, **context):
            gate = Path(__file__).with_name("gate-" + dag.dag_id)
            while not gate.exists():
                time.sleep(0.1)

        for dag_id in ("without_scheduler", "without_engine", "stopped"):
            with DAG(dag_id, schedule="@daily", start_date=datetime(2021, 1, 1, tzinfo=timezone.utc)):
                PythonOperator(task_id="wait", python_callable=wait_at_the_gate)
    """,
    "asleep.py": """
        from datetime import datetime, timedelta, timezone
        from airflow.providers.standard.triggers.temporal import TimeDeltaTrigger
        from airflow.sdk import DAG, BaseOperator

        class Sleep(BaseOperator):
            def execute(self, context):
                self.defer(trigger=TimeDeltaTrigger(timedelta(seconds=1)), method_name="wake")

            def wake(self, context, event=None):
                print("awake")

        with DAG("asleep", schedule="@daily", start_date=datetime(2021, 1, 1, tzinfo=timezone.utc)):
            Sleep(task_id="sleep")
    """,
    # Its first process ends when its gate is open, long after it was deferred and goes on in another one.
    "ends_late.py": """
        import subprocess, time
        from datetime import datetime, timedelta, timezone
        from pathlib import Path
        from airflow.providers.standard.triggers.temporal import TimeDeltaTrigger
        from airflow.sdk import DAG, BaseOperator

        HERE = Path(__file__).parent

        class EndLate(BaseOperator):
            def execute(self, context):
                gate = HERE / "gate-ends_late"
                subprocess.Popen(["sh", "-c", f"until test -e '{gate}'; do sleep 0.1; done"])
                self.defer(trigger=TimeDeltaTrigger(timedelta(0)), method_name="wake")

            def wake(self, context, event=None):
                (HERE / "awake-ends_late").touch()
                while not (HERE / "gate-awake").exists():
                    time.sleep(0.1)

        with DAG("ends_late", schedule="@daily", start_date=datetime(2021, 1, 1, tzinfo=timezone.utc)):
            EndLate(task_id="sleep")
    """,
}


@pytest.fixture(scope="session")
def home_with_dags(tmp_path_factory: pytest.TempPathFactory) -> EmbeddedHome:
    """A home with a database that knows the Dags above; one for all tests of the engine."""
    home = private_home(tmp_path_factory.mktemp("engine"), DAGS)
    create_database_with_dags(home)
    return home
