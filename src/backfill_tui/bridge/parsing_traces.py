"""What a Dag file can leave behind in its process, where the next file would come upon it.

Airflow's own Dag processor parses every file in a process of its own (Airflow 3.3
dag_processing/processor.py). A child that parses several must not be told from that: modules of users are
forgotten after each file, and whatever else has changed makes the file its child's last.
"""

from __future__ import annotations

import atexit
import builtins
import gc
import locale
import logging
import os
import resource
import signal
import socket
import sys
import sysconfig
import threading
import time
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Final

_INSTALLED: Final = tuple(
    {
        path.rstrip(os.sep) + os.sep
        for name in ("stdlib", "platstdlib", "purelib", "platlib")
        for path in (sysconfig.get_path(name), os.path.realpath(sysconfig.get_path(name)))
    }
)
# Where a patch made by one file would change the Dags of the next.
_WATCHED_PACKAGES: Final = ("airflow.sdk.bases.", "airflow.sdk.definitions.", "airflow.serialization.")
_WATCHED: Final = ("airflow.settings", "airflow.sdk", "datetime", "json", "os", "pendulum", "random", "time")
_PATCHABLE: Final = (FunctionType, type, property, staticmethod, classmethod, type(len))


class WatchedModules:
    """The modules of a process before any Dag file, and the functions in them that a file may not replace.

    It is taken in the parsing process, once for all children: it costs more than their fork.
    """

    def __init__(self) -> None:
        self.modules: dict[str, ModuleType] = {}
        self.spaces: list[tuple[Mapping[str, object], list[str], list[object]]] = []

    def take(self) -> None:
        """Look at the modules that have been imported since the last time."""
        new = {name: module for name, module in sys.modules.items() if name not in self.modules}
        self.spaces += [
            (space, list(names), list(names.values()))
            for space in _spaces(new)
            if (names := _patchable(space))
        ]
        self.modules.update(new)


class ProcessTraces:
    """This process as it is now, to be compared with what it is after a Dag file."""

    def __init__(self, folder: Path, watched: WatchedModules) -> None:
        from airflow import settings

        self._folder = f"{folder}{os.sep}"
        # Airflow loads plugins once a process, and holds on to what they have.
        self._kept = (*_INSTALLED, f"{settings.PLUGINS_FOLDER}{os.sep}")
        self._watched = watched
        self._modules = list(watched.modules.values())
        # The first look may itself import or open something.
        _visible_state()
        self._state = _visible_state()

    def are_swept(self) -> bool:
        """Forget the modules of users that a file has imported; whether it left nothing else behind."""
        # Airflow leaves the handler of its import timeout.
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        for name in sys.modules.keys() - self._watched.modules.keys():
            if self._is_of_users(sys.modules[name]):
                del sys.modules[name]
        return (
            list(map(sys.modules.get, self._watched.modules)) == self._modules
            and all(list(map(space.get, names)) == values for space, names, values in self._watched.spaces)
            and _visible_state() == self._state
        )

    def _is_of_users(self, module: ModuleType) -> bool:
        spec = getattr(module, "__spec__", None)
        origin = getattr(spec, "origin", None)
        if origin in {"built-in", "frozen"}:
            return False
        if spec is None and module.__name__.startswith("airflow."):
            # Airflow makes some of its deprecated modules by hand.
            return False
        places = [origin] if origin else list(getattr(spec, "submodule_search_locations", None) or [])
        return not places or any(
            str(place).startswith(self._folder) or not str(place).startswith(self._kept) for place in places
        )


def _visible_state() -> tuple[object, ...]:
    from airflow.sdk.definitions._internal.contextmanager import DagContext, TaskGroupContext

    root = logging.getLogger()
    return (
        (Path.cwd(), dict(os.environ), _umask(), list(_descriptors()), _limits()),
        (threading.active_count(), _kernel_threads(), _has_children()),
        ([signal.getsignal(number) for number in signal.valid_signals()], signal.pthread_sigmask(0, ())),
        [
            signal.getitimer(timer)
            for timer in (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF)
        ],
        [list(places) for places in (sys.path, sys.meta_path, sys.path_hooks, sys.argv)],
        [id(stream) for stream in (sys.stdin, sys.stdout, sys.stderr, sys.excepthook, sys.displayhook)],
        (sys.getrecursionlimit(), sys.gettrace(), sys.getprofile(), gc.isenabled(), gc.get_threshold()),
        (threading.excepthook, builtins.__import__, builtins.open, builtins.print, len(vars(builtins))),
        (locale.setlocale(locale.LC_ALL), time.tzname, socket.getdefaulttimeout(), atexit._ncallbacks()),  # noqa: SLF001  # nothing public tells
        (root.level, list(root.handlers), list(root.filters), root.manager.disable, len(warnings.filters)),
        [list(stack._context) for stack in (DagContext, TaskGroupContext)],  # noqa: SLF001  # as there
    )


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _descriptors() -> Iterator[tuple[int, int, int]]:
    for name in sorted(os.listdir("/dev/fd"), key=int):  # noqa: PTH208  # numbers, not paths
        try:
            found = os.fstat(int(name))
        except OSError:
            # The one that read the folder.
            continue
        yield int(name), found.st_dev, found.st_ino


def _limits() -> list[tuple[int, int]]:
    return [
        resource.getrlimit(what)
        for what in (resource.RLIMIT_CPU, resource.RLIMIT_AS, resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE)
    ]


def _kernel_threads() -> int:
    """Also those that Python has not started; only Linux tells."""
    return len(list(Path("/proc/self/task").iterdir())) if sys.platform == "linux" else 0


def _has_children() -> bool:
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return False
    return True


def _spaces(modules: Mapping[str, ModuleType]) -> Iterator[Mapping[str, object]]:
    """Where the functions and classes are that a patch would replace: in modules, and in their classes."""
    for name, module in modules.items():
        if name in _WATCHED or name.startswith(_WATCHED_PACKAGES):
            space = vars(module)
            yield space
            for value in list(space.values()):
                if isinstance(value, type) and value.__module__ == name:
                    yield vars(value)


def _patchable(space: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in list(space.items()) if isinstance(value, _PATCHABLE)}
