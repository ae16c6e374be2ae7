from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]


def modules_after(statement: str) -> set[str]:
    """The packages that a fresh interpreter has loaded after a statement."""
    told = subprocess.run(
        [sys.executable, "-c", f"{statement}\nimport json, sys\nprint(json.dumps(list(sys.modules)))"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout
    names: Iterable[str] = json.loads(told.splitlines()[-1])
    return {name.partition(".")[0] for name in names}


AIRFLOW = {"airflow", "sqlalchemy", "pendulum", "alembic"}
ALL_OF = """
import importlib, pkgutil, {package} as package
for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
    importlib.import_module(module.name)
"""
DRAWING = {"textual", "rich"}


@pytest.mark.parametrize(
    ("statement", "kept_out"),
    [
        ("import backfill_tui.ui.app", AIRFLOW),
        ("import backfill_tui.cli", AIRFLOW | DRAWING | {"msgspec", "platformdirs", "psutil"}),
        ("import backfill_tui.ui.keymap_reading", AIRFLOW | DRAWING | {"msgspec", "click"}),
        ("import backfill_tui.engine.home", AIRFLOW | DRAWING | {"msgspec", "click"}),
        ("import backfill_tui.gateway.bridge", AIRFLOW | DRAWING | {"click"}),
        ("import backfill_tui.wire.methods", AIRFLOW | DRAWING | {"click"}),
        (
            ALL_OF.format(package="backfill_tui.domain"),
            AIRFLOW | DRAWING | {"click", "msgspec", "sqlite3", "subprocess", "socket"},
        ),
    ],
)
def test_a_layer_loads_only_what_is_its_own(statement: str, kept_out: set[str]) -> None:
    assert modules_after(statement) & kept_out == set()


def test_every_command_without_a_screen_runs_without_the_screen() -> None:
    listed = modules_after(ALL_OF.format(package="backfill_tui.headless"))
    assert listed & (AIRFLOW | {"textual"}) == set()


def test_the_import_contracts_hold() -> None:
    told = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--no-logo"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, "NO_COLOR": "1"},
    )
    assert told.returncode == 0, told.stdout
    assert "0 broken" in told.stdout
