"""Getting a program from the package manager of this machine, where that asks no question."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Final

_INSTALLERS: Final[Mapping[str, Sequence[Sequence[str]]]] = {
    "apt-get": (("update", "-q"), ("install", "-qy", "--no-install-recommends")),
    "dnf": (("install", "-qy"),),
    "apk": (("add", "-q"),),
    "brew": (("install", "-q"),),
}


class MissingError(Exception):
    """A server is not there and can not be had; the sentence says what to do."""


def install(title: str, packages: Mapping[str, str]) -> None:
    """Try to install a program; `packages` names its package by the manager, and under "" for the others."""
    for manager, steps in _INSTALLERS.items():
        if shutil.which(manager) and (as_root := _as_root(manager)) is not None:
            for step in (*steps[:-1], (*steps[-1], packages.get(manager, packages[""]))):
                words = [*as_root, manager, *step]
                print(f"{title} is installed: {' '.join(words)}", file=sys.stderr)
                variables = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
                subprocess.run(words, env=variables, stdin=subprocess.DEVNULL, check=False)
            return


def _as_root(manager: str) -> Sequence[str] | None:
    """What to put before the package manager, None when it may not be used without a question."""
    if manager == "brew" or os.geteuid() == 0:
        return ()
    sudo = shutil.which("sudo")
    allowed = sudo and subprocess.run([sudo, "-n", "true"], capture_output=True, check=False).returncode == 0
    return ("sudo", "-n") if allowed else None
