"""What is done in a child of the parsing process: some Dag files, or the database, then the child is gone.

Only here runs users' code. Whatever it does to its process, the results go through a pipe that nothing
else writes to, and a child that gives none is spoken for by its parent.
"""

from __future__ import annotations

import faulthandler
import gc
import os
import signal
import sys
import traceback
from json import dumps
from pathlib import Path
from types import ModuleType
from typing import BinaryIO

from backfill_tui.bridge.parsing_messages import (
    HEADER,
    ChildParsed,
    Done,
    FileParsed,
    FromChild,
    JobFailed,
    ParseFolder,
    SerializedDagText,
    framed,
)
from backfill_tui.bridge.parsing_traces import ProcessTraces, WatchedModules


def create_database_in_child(_: int, result_fd: int) -> int:
    """Create the metadata database and tell of it; the exit code of the child."""
    faulthandler.enable(file=2)
    try:
        reply: FromChild = _create_database()
    except BaseException as cause:
        traceback.print_exc()
        reply = JobFailed(f"{type(cause).__name__}: {cause}", "".join(traceback.format_exception(cause)))
    with os.fdopen(result_fd, "wb") as result:
        result.write(framed(reply))
    return 0


def parse_in_child(order: ParseFolder, watched: WatchedModules, orders_fd: int, result_fd: int) -> int:
    """Parse the files that are ordered, one after the other, and tell of each; the exit code of the child.

    It ends with the orders, or with the first file that does not import or leaves something behind.
    """
    # A crash in native code leaves the Python stack in the child's output.
    faulthandler.enable(file=2)
    process = os.getpid()
    # The bridge imports Airflow, and forks, without it; here the Dags of one file are garbage after it.
    gc.enable()
    _prepare(order.folder)
    with os.fdopen(orders_fd, "rb") as orders, os.fdopen(result_fd, "wb") as results:
        traces = ProcessTraces(Path(order.folder), watched)
        while file := _next_order(orders):
            os.write(2, heading(relative_to(file, order.folder)))
            parsed = _parsed(file, order)
            if os.getpid() != process:
                # The file has forked, and this is not the process that was asked.
                return 0
            last = bool(parsed.import_errors) or not _are_swept(traces)
            results.write(framed(ChildParsed(parsed=parsed, last=last)))
            results.flush()
            if last:
                break
    return 0


def heading(file: str) -> bytes:
    """The line in a child's output above what a file has written."""
    return f"== {file}\n".encode("utf-8", "backslashreplace")


def _next_order(orders: BinaryIO) -> str:
    head = orders.read(HEADER.size)
    return os.fsdecode(orders.read(HEADER.unpack(head)[0])) if len(head) == HEADER.size else ""


def _prepare(folder: str) -> None:
    os.environ["_AIRFLOW_PROCESS_CONTEXT"] = "server"
    # Airflow keeps two frames by default, which often leave out the Dag file's own line.
    os.environ["AIRFLOW__CORE__DAGBAG_IMPORT_ERROR_TRACEBACK_DEPTH"] = "100"
    if folder not in sys.path:
        sys.path.append(folder)
    _leave_crashes_alone()


def _parsed(file: str, order: ParseFolder) -> FileParsed:
    try:
        parsed = _parse_file(file, order.folder, order.bundle_name)
        sys.stdout.flush()
    except BaseException as cause:
        traceback.print_exc()
        relative = relative_to(file, order.folder)
        told = "".join(traceback.format_exception(cause))
        parsed = FileParsed(file=relative, dags=[], import_errors={relative: told})
    return parsed


def _are_swept(traces: ProcessTraces) -> bool:
    try:
        return traces.are_swept()
    except Exception:
        # A process that can not even be looked at (its working directory is gone, say).
        traceback.print_exc()
        return False


def relative_to(path: str, folder: str) -> str:
    """A Dag file as Airflow names it in its tables: relative to the bundle's folder."""
    return str(Path(path).relative_to(folder))


def _parse_file(path: str, folder: str, bundle_name: str) -> FileParsed:
    """Import the file with Airflow's own DagBag and serialize its Dags.

    Variables and connections of the metadata database can be read, as in Airflow's own processor
    (Airflow 3.3 dag_processing/processor.py).
    """
    from airflow.dag_processing.dagbag import BundleDagBag

    bag = BundleDagBag(
        dag_folder=path, bundle_path=Path(folder), bundle_name=bundle_name, load_op_links=False
    )
    errors = dict(bag.import_errors)
    dags = []
    for dag in bag.dags.values():
        try:
            dags.append(_serialized(dag))
        except Exception:  # noqa: PERF203  # each Dag of the file stands or falls alone
            errors[dag.relative_fileloc or relative_to(path, folder)] = traceback.format_exc()
    return FileParsed(file=relative_to(path, folder), dags=dags, import_errors=errors)


def _serialized(dag: object) -> SerializedDagText:
    from airflow.serialization.serialized_objects import DagSerialization

    data = DagSerialization.to_dict(dag)
    loaded = getattr(dag, "last_loaded", None)
    return SerializedDagText(
        dag_id=data["dag"]["dag_id"],
        data=dumps(data),
        last_loaded=loaded.isoformat() if loaded else None,
    )


def _leave_crashes_alone() -> None:
    """Keep Airflow from catching SIGSEGV while it imports a file.

    Its handler (Airflow 3.3 dag_processing/importers/python_importer.py) is written in Python, so after a
    real crash the faulting instruction is tried again for ever; without it the child ends at once.
    """
    from airflow.dag_processing.importers import python_importer

    gentle = ModuleType("signal")
    gentle.__dict__.update(vars(signal))

    def keep_segv(number: int, handler: object) -> object:
        return None if number == signal.SIGSEGV else signal.signal(number, handler)  # type: ignore[arg-type]  # as given

    gentle.signal = keep_segv  # type: ignore[attr-defined]  # it stands in for the module
    python_importer.signal = gentle


def _create_database() -> Done:
    """Create the tables beside the database's place and move them there whole.

    A first start that is killed leaves a file that the next one throws away, never half a database. It is
    done in a child because Airflow sets an alarm for it, which only a main thread may.
    """
    from airflow import settings
    from airflow.utils.db import initdb

    place = Path(settings.engine.url.database)
    new = place.with_name(place.name + ".new")
    _remove(new)
    settings.SQL_ALCHEMY_CONN = f"sqlite:///{new}"
    settings.reconfigure_orm()
    try:
        initdb()
        # The last connection to leave takes the write-ahead log with it.
        settings.dispose_orm()
        _remove(place)
        new.replace(place)
    except BaseException:
        _remove(new)
        raise
    return Done()


def _remove(database: Path) -> None:
    for file in (database, Path(f"{database}-wal"), Path(f"{database}-shm")):
        file.unlink(missing_ok=True)
