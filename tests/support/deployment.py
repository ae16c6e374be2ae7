"""An Airflow as it is run past one machine: PostgreSQL, CeleryExecutor over Redis, a process for each part.

Two schedulers, two workers, an API server, a Dag processor and a triggerer, on free ports of loopback, with a
database and a key prefix in Redis of their own. Nothing of it is left when the context ends.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from types import MappingProxyType
from typing import Final

import psutil
import redis
from scripts.services import REDIS

from backfill_tui.engine.configuration import Secrets
from backfill_tui.engine.logs import tail
from backfill_tui.engine.network import Probe, free_port
from backfill_tui.engine.processes import MARK, ProcessId, end_at_once, family
from tests.support.databases import Database, postgresql_database
from tests.support.homes import CREATE_DATABASE, wait_until
from tests.support.program import Finished
from tests.support.services import POSTGRES_URL, REDIS_URL, missing

WORKERS: Final = ("worker-1", "worker-2")
SCHEDULERS: Final = ("scheduler-1", "scheduler-2")
OTHERS: Final = ("api-server", "dag-processor", "triggerer")
CONCURRENCY: Final = 3
START_SECONDS: Final = 180
SILENT_TASK_SECONDS: Final = 30
"""After so long without a heartbeat Airflow fails a task, in place of its default of five minutes."""

_JOBS: Final = {"SchedulerJob": 2, "DagProcessorJob": 1, "TriggererJob": 1}
_IMPORTS: Final = (
    "airflow.dag_processing.dagbag",
    "airflow.providers.standard.decorators.python",
    "airflow.sdk.execution_time.supervisor",
    "airflow.sdk.execution_time.task_runner",
)
_SCRIPT: Final = str(Path(sys.executable).with_name("airflow"))


@dataclass(frozen=True)
class Part:
    """One process that was started, the leader of its session."""

    process: subprocess.Popen[bytes]
    identity: ProcessId


@dataclass(kw_only=True)
class Deployment:
    """A running one, and what a user or a stranger does with it."""

    home: Path
    database: Database
    port: int
    parts: dict[str, Part] = field(default_factory=dict)

    @property
    def dags_folder(self) -> Path:
        """Where its Dag processor and its workers find the Dags."""
        return self.home / "dags"

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a user on this machine; of the caller's Airflow nothing is in it."""
        kept = {name: value for name, value in os.environ.items() if "AIRFLOW" not in name}
        return {
            **{name: value for name, value in kept.items() if not name.startswith("BACKFILL_TUI")},
            "HOME": str(self.home),
            "XDG_CONFIG_HOME": str(self.home / "config"),
            "XDG_STATE_HOME": str(self.home / "state"),
            "BACKFILL_TUI_HINTS": "no",
            "LANG": "C.UTF-8",
            "TEXTUAL_ANIMATIONS": "none",
        }

    def words(self, *words: str) -> Sequence[str]:
        """The command line of the program, attached."""
        return [sys.executable, "-m", "backfill_tui", "--airflow-home", str(self.home), *words]

    def run(self, *words: str, seconds: float = 120) -> Finished:
        """Run a command of the program to its end."""
        done = subprocess.run(
            self.words(*words), env=self.environment, cwd=self.home, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=seconds, check=False,
        )  # fmt: skip
        return Finished(code=done.returncode, out=done.stdout, err=done.stderr)

    def start(self, part: str) -> None:
        """Start a part, in a session of its own."""
        with self.log(part).open("ab") as log:
            process = subprocess.Popen(
                [_SCRIPT, *_words(part, self.port)],
                env={**self.environment, "AIRFLOW_HOME": str(self.home), MARK: str(self.home)},
                cwd=self.home, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        self.parts[part] = Part(process, ProcessId.of(process.pid))

    def kill(self, part: str) -> None:
        """SIGKILL a part and all that it has started, as the loss of its machine would."""
        killed = self.parts.pop(part)
        assert end_at_once(family([killed.identity])) == []
        killed.process.wait()

    def part_of(self, pid: int) -> str:
        """The part to which a process belongs."""
        lines = {pid, *(parent.pid for parent in psutil.Process(pid).parents())}
        return next(name for name, part in self.parts.items() if part.identity.pid in lines)

    def log(self, part: str) -> Path:
        """What a part prints."""
        return self.home / f"{part}.log"

    def ends_of_logs(self) -> str:
        """The last words of every part, for the message of a failing test."""
        logs = (self.log(part) for part in (*SCHEDULERS, *WORKERS, *OTHERS))
        return "\n".join(f"--- {log.name}\n{tail(log, 1500)}" for log in logs if log.exists())

    def processes(self) -> list[psutil.Process]:
        """All that still runs of it, also what left its session."""
        return family([part.identity for part in self.parts.values()], mark=str(self.home))

    def is_up(self) -> bool:
        """Whether every part gives signs of life."""
        gone = [name for name, part in self.parts.items() if not part.identity.alive]
        assert not gone, f"{gone} ended\n{self.ends_of_logs()}"
        working = all(" ready." in self.log(worker).read_text("utf-8", "replace") for worker in WORKERS)
        return working and self._jobs() == _JOBS and self._answers()

    def _jobs(self) -> dict[str, int]:
        with self.database.stranger() as connection, closing(connection.cursor()) as cursor:
            cursor.execute("SELECT job_type, count(*) FROM job WHERE state = 'running' GROUP BY 1")
            return dict(cursor.fetchall())

    def _answers(self) -> bool:
        probe = Probe(self.port)
        wait_until(lambda: probe.answered is not None, lambda: "no answer to a probe")
        return bool(probe.answered)


@contextmanager
def deployment(
    folder: Path,
    dags: Mapping[str, str],
    *,
    server: str = POSTGRES_URL,
    bundles: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
) -> Iterator[Deployment]:
    """A deployment with these Dag files, all its parts up and its Dags known; skips without the servers.

    `bundles` are the Dag files of further bundles by their names.
    """
    with ExitStack() as stack:
        database = stack.enter_context(postgresql_database(server))
        prefix = stack.enter_context(_keys())
        made = Deployment(home=folder, database=database, port=free_port())
        _write_home(made, {"dags-folder": dags, **bundles}, prefix)
        variables = {**made.environment, "AIRFLOW_HOME": str(folder)}
        subprocess.run(
            [sys.executable, "-c", CREATE_DATABASE], env=variables, check=True, capture_output=True
        )
        stack.callback(_end, made)
        for part in (*SCHEDULERS, *WORKERS, *OTHERS):
            made.start(part)
        wait_until(made.is_up, made.ends_of_logs, START_SECONDS)
        known = "SELECT count(*) FROM serialized_dag"
        files = sum(map(len, (dags, *bundles.values())))
        wait_until(lambda: database.ask(known) >= files, made.ends_of_logs, START_SECONDS)
        yield made


def _words(part: str, port: int) -> list[str]:
    if part in WORKERS:
        return ["celery", "worker", "--skip-serve-logs", "--celery-hostname", part, "--without-mingle"]
    if part in SCHEDULERS:
        return ["scheduler", "--skip-serve-logs"]
    if part == "api-server":
        return ["api-server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    return [part, "--skip-serve-logs"] if part == "triggerer" else [part]


def _write_home(made: Deployment, bundles: Mapping[str, Mapping[str, str]], prefix: str) -> None:
    folders = {name: made.home / name for name in bundles} | {"dags-folder": made.dags_folder}
    for bundle, files in bundles.items():
        folders[bundle].mkdir(parents=True)
        for name, source in files.items():
            (folders[bundle] / name).write_text(dedent(source), encoding="utf-8")
    config = [
        {
            "name": name,
            "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle",
            "kwargs": {"path": str(folder)},
        }
        for name, folder in folders.items()
    ]
    secrets = Secrets.new()
    sections: dict[str, dict[str, object]] = {
        "core": {
            "executor": "CeleryExecutor",
            "dags_folder": made.dags_folder,
            "load_examples": False,
            "dags_are_paused_at_creation": False,
            "execution_api_server_url": f"http://127.0.0.1:{made.port}/execution/",
            "fernet_key": secrets.fernet_key,
            "hostname_callable": "socket.gethostname",
            "simple_auth_manager_passwords_file": made.home / "passwords.json",
        },
        "dag_processor": {"dag_bundle_config_list": json.dumps(config)},
        "database": {"sql_alchemy_conn": made.database.url},
        "api": {"base_url": f"http://127.0.0.1:{made.port}", "secret_key": secrets.secret_key},
        "api_auth": {"jwt_secret": secrets.jwt_secret},
        "logging": {"base_log_folder": made.home / "logs", "colored_console_log": False},
        "celery": {
            "broker_url": REDIS_URL,
            "worker_concurrency": CONCURRENCY,
            # Once in each worker, in place of once in each task: most of the time of a short one.
            "extra_celery_config": json.dumps({"imports": _IMPORTS}),
        },
        # What a lost worker had taken and not begun is given to another after the second of them.
        "celery_broker_transport_options": {"global_keyprefix": prefix, "visibility_timeout": 60},
        # The end of a part is noticed within the minutes of a test.
        "scheduler": {
            "task_instance_heartbeat_timeout": SILENT_TASK_SECONDS,
            "task_instance_heartbeat_timeout_detection_interval": 5,
            "orphaned_tasks_check_interval": 10,
            "task_queued_timeout": 60,
            "task_queued_timeout_check_interval": 10,
        },
    }
    lines = [
        line
        for section, options in sections.items()
        for line in (
            f"[{section}]",
            *(f"{name} = {value}".replace("%", "%%") for name, value in options.items()),
        )
    ]
    (made.home / "airflow.cfg").write_text("\n".join(lines), encoding="utf-8")


@contextmanager
def _keys() -> Iterator[str]:
    """A prefix for keys in Redis, which are deleted at the end."""
    prefix = f"backfill_tui_{os.urandom(6).hex()}:"
    with redis.Redis.from_url(REDIS_URL) as server:
        try:
            server.ping()
        except redis.ConnectionError as cause:
            missing(REDIS, cause)
        try:
            yield prefix
        finally:
            for key in server.scan_iter(f"{prefix}*"):
                server.delete(key)


def _end(made: Deployment) -> None:
    # At once: their ends are not what is tested, and one after the other they take long.
    end_at_once(made.processes(), timeout_seconds=20)
    for part in made.parts.values():
        part.process.wait()
    left = made.processes()
    assert left == [], f"still there: {left}"
