"""All benchmarks, or those named: `python -m benchmarks [NAME...]`.

A benchmark is a module of this package with a function `main`; `NAME_side` is one side of it, a process of
its own. The exit code is 1 when one could not be run; a missed target is printed, and no failure.
"""

from __future__ import annotations

import argparse
import importlib
import os
import pkgutil
import platform
import subprocess
import sys

import benchmarks

_SIDE = "_side"


def main() -> int:
    """Run them one after the other, each in a process of its own."""
    names = [
        module.name
        for module in pkgutil.iter_modules(benchmarks.__path__)
        if module.name != "__main__" and not module.name.endswith(_SIDE)
    ]
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", nargs="*", choices=[[], *names], metavar="NAME", help=", ".join(names))
    chosen = parser.parse_args().name or names
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n")
    failed = []
    for name in chosen:
        if not callable(getattr(importlib.import_module(f"benchmarks.{name}"), "main", None)):
            continue
        print(f"== {name}", flush=True)
        if subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode:
            failed.append(name)
        print()
    if failed:
        print(f"could not be run: {', '.join(failed)}")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
