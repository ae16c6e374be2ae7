"""`PYTHON bridge_without_install.py WORD...`: the bridge, on a Python in which this package is not installed.

That Python gets to see this one package and nothing else of the environment that the program runs in, whose
versions would clash with its own. Nothing is written there, and what a Dag file starts inherits nothing.
What is written here must be read by a Python that is too old, too.
"""

from __future__ import annotations

import runpy
import sys
from importlib import util
from pathlib import Path

PACKAGE = "backfill_tui"
OLDEST = (3, 10)
MISSING = 78
"""The exit code (`EX_CONFIG` of sysexits.h) of a Python that can not run the bridge."""


def main() -> None:
    """Look whether this Python can run the bridge, and run it."""
    folder = Path(__file__).resolve().parent
    # Python puts the folder of a script first, where modules of ours have the names of others.
    sys.path[:] = [path for path in sys.path if Path(path or ".").resolve() != folder]
    sys.dont_write_bytecode = True
    problem = what_is_missing()
    if problem:
        sys.stderr.write(f"backfill-tui bridge: {sys.executable} {problem}\n")
        sys.exit(MISSING)
    _make_visible(folder)
    runpy.run_module(f"{PACKAGE}.bridge", run_name="__main__", alter_sys=True)


def what_is_missing() -> str:
    """What keeps this Python from running the bridge, as the end of a sentence; empty when nothing does."""
    if sys.version_info < OLDEST:
        major, minor = sys.version_info[:2]
        return f"is Python {major}.{minor}, Airflow 3 needs 3.10: name the Python of your Airflow"
    if util.find_spec("airflow") is None:
        return "has no Airflow: name the Python of your Airflow, such as /opt/airflow/bin/python"
    if util.find_spec("msgspec") is None:
        return "has no msgspec, which Airflow 3 brings: install msgspec there"
    return ""


def _make_visible(folder: Path) -> None:
    spec = util.spec_from_file_location(
        PACKAGE, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"no package can be read from {folder}")
    package = util.module_from_spec(spec)
    sys.modules[PACKAGE] = package
    spec.loader.exec_module(package)


if __name__ == "__main__":
    main()
