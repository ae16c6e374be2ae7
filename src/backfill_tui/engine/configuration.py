"""What the private home's Airflow is told: the text of its airflow.cfg, and the code it finds there.

Everything is written, nothing is left to the user's environment: the options below differ from Airflow's
defaults, and each says why.
"""

from __future__ import annotations

import base64
import configparser
import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_HEADER: Final = """\
# Written by backfill-tui at every start: changes made here are lost.
# Connections and variables come from AIRFLOW_CONN_* and AIRFLOW_VAR_* in the environment.
"""

BUNDLE_NAME: Final = "dags-folder"
"""The only Dag bundle of a private home, under the name Airflow gives its own default."""

PYTHON_FILES: Final = {
    "airflow_local_settings.py": "config/airflow_local_settings.py",
    "late_ends.py": "plugins/late_ends.py",
    "warm_workers.py": "plugins/warm_workers.py",
}
"""What else Airflow finds in the home: the files in `home_files`, and their places there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """The secrets of one home, made once and kept in its airflow.cfg only."""

    fernet_key: str
    jwt_secret: str
    secret_key: str

    @classmethod
    def new(cls) -> Secrets:
        """Fresh ones; a Fernet key is 32 random bytes in URL-safe base64."""
        return cls(
            fernet_key=base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            jwt_secret=secrets.token_urlsafe(48),
            secret_key=secrets.token_urlsafe(32),
        )

    @classmethod
    def read(cls, text: str) -> Secrets | None:
        """Those of an airflow.cfg, None when it has not all of them."""
        parser = configparser.RawConfigParser()
        try:
            parser.read_string(text)
            return cls(
                fernet_key=parser.get("core", "fernet_key"),
                jwt_secret=parser.get("api_auth", "jwt_secret"),
                secret_key=parser.get("api", "secret_key"),
            )
        except configparser.Error:
            return None


def airflow_cfg(home: Path, dags_folder: Path, kept: Secrets) -> str:
    """The text of the home's airflow.cfg."""
    sections = _sections(home, dags_folder, kept)
    lines = [_HEADER]
    for section, options in sections.items():
        lines.append(f"[{section}]")
        # Airflow reads values with interpolation: a percent sign is written twice.
        lines += [f"{option} = {value.replace('%', '%%')}" for option, value in options.items()]
        lines.append("")
    return "\n".join(lines)


def _sections(home: Path, dags_folder: Path, kept: Secrets) -> dict[str, dict[str, str]]:
    bundle = {
        "name": BUNDLE_NAME,
        "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle",
        # Without a path this bundle is [core] dags_folder.
        "kwargs": {},
    }
    return {
        "core": {
            "dags_folder": str(dags_folder),
            "executor": "LocalExecutor",
            # Every task holds a worker for over a second, mostly waiting: even two cores want many workers.
            "parallelism": "32",
            "load_examples": "False",
            # Nothing is scheduled here, so a new Dag has nothing to be held back from.
            "dags_are_paused_at_creation": "False",
            # A Dag file changed twice within Airflow's default of 30 s is still seen.
            "min_serialized_dag_update_interval": "0",
            # The default asks the name server, which takes seconds on a machine that is offline.
            "hostname_callable": "socket.gethostname",
            "simple_auth_manager_passwords_file": str(home / "passwords.json"),
            "fernet_key": kept.fernet_key,
        },
        "database": {
            "sql_alchemy_conn": f"sqlite:///{home / 'airflow.db'}",
            # The bridge has looked at the database before the engine is started.
            "check_migrations": "False",
        },
        "logging": {
            "base_log_folder": str(home / "logs"),
            "dag_processor_child_process_log_directory": str(home / "logs" / "dag_processor"),
            "file_task_handler_new_folder_permissions": "0o700",
            "file_task_handler_new_file_permissions": "0o600",
            "colored_console_log": "False",
            "uvicorn_logging_level": "WARNING",
            # One line for every call of every task otherwise.
            "namespace_levels": "http.access=WARNING",
        },
        "api": {
            "host": "127.0.0.1",
            "workers": "1",
            "expose_config": "False",
            "enable_swagger_ui": "False",
            # Tasks speak to loopback only: there is nothing to check with public certificates.
            "client_use_public_certs": "False",
            "secret_key": kept.secret_key,
        },
        "api_auth": {"jwt_secret": kept.jwt_secret},
        "dag_processor": {"dag_bundle_config_list": json.dumps([bundle])},
        "scheduler": {
            # It runs backfills; it never schedules on its own.
            "use_job_schedule": "False",
            "scheduler_idle_sleep_time": "0.5",
            # Tasks of a scheduler that was killed are taken over soon after it counts as dead (30 s), not
            # after the default of 300 s.
            "orphaned_tasks_check_interval": "20",
            "enable_health_check": "False",
            "scheduler_health_check_server_host": "127.0.0.1",
        },
        # A launch keeps SQLite to itself while it creates. A task that asked again after the default of 5 s
        # could be answered out of order, and one that has ended be set back to running.
        "workers": {"execution_api_timeout": "90"},
    }
