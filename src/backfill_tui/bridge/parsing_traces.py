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
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, Final

_INSTALLED: Final = tuple(
    {
        path.rstrip(os.sep) + os.sep
        for name in ("stdlib", "platstdlib", "purelib", "platlib")
        for path in (sysconfig.get_path(name), os.path.realpath(sysconfig.get_path(name)))
    }
)
# Where a patch made by one file would change the Dags of the next.
_WATCHED_PACKAGES: Final = ("airflow.sdk.", "airflow.serialization.", "airflow.providers.standard.")
_WATCHED: Final = ("airflow.settings", "airflow.sdk", "datetime", "json", "os", "pendulum", "random", "time")
_PATCHABLE: Final = (FunctionType, type, property, staticmethod, classmethod, type(len))


class WatchedModules:
    """The modules of a process before any Dag file, and the functions in them that a file may not replace.

    It is taken in the parsing process, once for all children: it costs more than their fork.
    """

    def __init__(self) -> None:
        self.modules: dict[str, ModuleType] = {}
        self.callables: list[tuple[Any, str, object]] = []

    def take(self) -> None:
        """Look at the modules that have been imported since the last time."""
        new = {name: module for name, module in sys.modules.items() if name not in self.modules}
        self.callables += _callables(new)
        self.modules.update(new)


class ProcessTraces:
    """This process as it is now, to be compared with what it is after a Dag file."""

    def __init__(self, folder: Path, watched: WatchedModules) -> None:
        self._folder = f"{folder}{os.sep}"
        self._watched = watched
        # The first look may itself import or open something.
        _visible_state()
        self._state = _visible_state()

    def are_swept(self) -> bool:
        """Forget the modules of users that a file has imported; whether it left nothing else behind."""
        # Airflow leaves the handler of its import timeout.
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        for name in [name for name in sys.modules if name not in self._watched.modules]:
            if self._is_of_users(sys.modules[name]):
                del sys.modules[name]
        return (
            all(sys.modules.get(name) is module for name, module in self._watched.modules.items())
            and all(namespace.get(name) is value for namespace, name, value in self._watched.callables)
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
            str(place).startswith(self._folder) or not str(place).startswith(_INSTALLED) for place in places
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
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def _callables(modules: Mapping[str, ModuleType]) -> Iterator[tuple[Any, str, object]]:
    """Where a function, method or class is, its name there, and what it is."""
    for name, module in modules.items():
        if name not in _WATCHED and not name.startswith(_WATCHED_PACKAGES):
            continue
        space = vars(module)
        yield from _patchable(space)
        for value in list(space.values()):
            if isinstance(value, type) and value.__module__ == name:
                yield from _patchable(vars(value))


def _patchable(space: Any) -> Iterable[tuple[Any, str, object]]:
    return [(space, name, value) for name, value in space.items() if isinstance(value, _PATCHABLE)]
