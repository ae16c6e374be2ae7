"""`python -m backfill_tui.bridge --mode MODE [--dags-folder DIR] [--journal FILE] [--far] [--read-only]`.

Frames on stdin and stdout, the log on stderr, AIRFLOW_HOME in the environment. It ends when stdin closes.
With `--far` the screen is on another machine: the journal is kept here, and the name of this Airflow begins
with this host's.
"""

from __future__ import annotations

import argparse
import gc
import os
import platform
import signal
import sys
import threading
import time
import traceback
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NoReturn

from backfill_tui import __version__
from backfill_tui.bridge.environment import AirflowEnvironment, Limits
from backfill_tui.bridge.server import Call, Server
from backfill_tui.bridge.streams import FrameStreams, take_over
from backfill_tui.domain.environment import Mode
from backfill_tui.domain.problems import AirflowFailed, Problem
from backfill_tui.domain.text import one_line
from backfill_tui.wire import methods
from backfill_tui.wire.frames import BrokenFrameError, FrameReader
from backfill_tui.wire.messages import PROTOCOL_VERSION, Hello

_NO_TERMINAL = 78
_GRACE_SECONDS = 1.0
"""How long calls under way may take to let go once nobody listens any more."""


def main(words: Sequence[str] | None = None) -> None:
    """Serve until stdin closes; never returns."""
    options = _options(words)
    if os.isatty(0) or os.isatty(1):
        _leave_terminal()
    streams = take_over()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    server = Server(FrameReader(streams.incoming), streams.outgoing)
    server.greet(
        Hello(
            protocol=PROTOCOL_VERSION, program=__version__, python=platform.python_version(), pid=os.getpid()
        )
    )
    code = 0
    try:
        _import_airflow(server, options, streams)
        if options.mode is Mode.EMBEDDED:
            # The home has its owner's data in it; an Airflow that is attached to has rules of its own. The
            # process that parses was forked before: what Dag files write is the user's.
            os.umask(0o077)
        server.serve()
        _let_calls_end()
    except BrokenFrameError as broken:
        sys.stderr.write(f"{broken}\n")
        code = 2
    except BaseException:
        traceback.print_exc()
        code = 1
    finally:
        # Threads of calls and pools of connections would hold an orderly end up; the database rolls back.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _options(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m backfill_tui.bridge", description=__doc__)
    parser.add_argument("--mode", type=Mode, choices=list(Mode), required=True)
    parser.add_argument("--dags-folder", type=Path)
    parser.add_argument("--read-only", action="store_true")
    parser.add_argument("--journal", type=Path)
    parser.add_argument("--far", action="store_true")
    options = parser.parse_args(words)
    if (options.mode is Mode.EMBEDDED) != (options.dags_folder is not None):
        parser.error("--dags-folder goes with --mode embedded")
    return options


def _leave_terminal() -> NoReturn:
    """Say why nothing can be done on a terminal, which changes bytes and waits for the end of a line."""
    sys.stderr.write(
        "backfill-tui bridge: it was started on a terminal, which frames do not survive: it is for a program "
        "to start, by ssh without -t, or docker exec or kubectl exec with -i and without -t\n"
    )
    sys.exit(_NO_TERMINAL)


def _import_airflow(server: Server, options: argparse.Namespace, streams: FrameStreams) -> None:
    """Import Airflow, fork the parsing process and let all calls be answered.

    An Airflow that does not import is the answer to all that is asked first: the screen says what is wrong
    with it.
    """
    try:
        # Nothing that an import makes is garbage before its end.
        gc.disable()
        airflow = _airflow(options, streams)
        gc.freeze()
        gc.enable()
        from backfill_tui.bridge.handlers import register_all

        register_all(server, airflow)
    except (Exception, SystemExit) as cause:
        told = "".join(traceback.format_exception(cause))
        sys.stderr.write(told)
        problem = _what_is_wrong(cause, told)

        def refuse(_: Any, __: Call[Any]) -> Any:
            raise problem

        server.handle(methods.OPEN, refuse)
        # These are asked without opening.
        server.handle(methods.JOURNAL, refuse)
        server.handle(methods.HOLD_ATTEMPTS, refuse)


def _what_is_wrong(cause: BaseException, told: str) -> Problem:
    """Why nothing can be answered: a version or a database that is not known, or a broken Airflow."""
    from backfill_tui.bridge.compat import adapter_for
    from backfill_tui.bridge.database_kind import problem_with_configured

    if isinstance(cause, AirflowFailed):
        return cause
    if (kind := problem_with_configured()) is not None:
        kind.detail = told
        return kind
    try:
        adapter_for(version("apache-airflow-core"))
    except AirflowFailed as unknown:
        words = f"{unknown.message}, and it can not be read either: {one_line(str(cause))}"
        return AirflowFailed(words, remedy=unknown.remedy, detail=told)
    except PackageNotFoundError:
        pass
    return AirflowFailed(
        f"Airflow does not import: {type(cause).__name__}: {cause}",
        remedy="check its installation and its airflow.cfg; the traceback says more",
        detail=told,
    )


def _airflow(options: argparse.Namespace, streams: FrameStreams) -> AirflowEnvironment:
    # Of what it says on every row it writes, only what went wrong is worth a line in the log.
    os.environ.setdefault("AIRFLOW__LOGGING__LOGGING_LEVEL", "WARNING")
    # All that the calls and the parsing need, before there is a second thread or process.
    import airflow.models.backfill
    import airflow.models.serialized_dag
    import airflow.sdk.definitions.dag
    from airflow.configuration import AIRFLOW_HOME

    if options.mode is Mode.EMBEDDED:
        import airflow.dag_processing.collection
        import airflow.dag_processing.dagbag  # noqa: F401

    from backfill_tui.bridge import compat
    from backfill_tui.bridge.journal import Journal, journal_of_home
    from backfill_tui.bridge.opening import words_for
    from backfill_tui.bridge.parsing import fork_parser

    folder: Path | None = options.dags_folder.resolve() if options.dags_folder else None
    parser = fork_parser(Path(AIRFLOW_HOME), streams.close_in_fork) if folder is not None else None
    where = words_for(options.mode, folder)
    if options.far:
        where = f"{platform.node()}:{where}"
        options.journal = options.journal or journal_of_home(Path(AIRFLOW_HOME))
    return AirflowEnvironment(
        mode=options.mode,
        where=where,
        read_only=options.read_only,
        dags_folder=folder,
        parser=parser,
        journal=Journal(options.journal, where),
        limits=Limits(compat.problem_with_installed(embedded=options.mode is Mode.EMBEDDED)),
    )


def _let_calls_end() -> None:
    deadline = time.monotonic() + _GRACE_SECONDS
    for thread in threading.enumerate():
        if thread.name.startswith("call-"):
            thread.join(max(0.0, deadline - time.monotonic()))


if __name__ == "__main__":
    main()
