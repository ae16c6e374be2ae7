"""Coming up: the database, the Dags, and what the line at the top of every screen says."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from backfill_tui.bridge.database import check_readable, check_version, ensure_created
from backfill_tui.bridge.environment import AirflowEnvironment, dialect_of
from backfill_tui.bridge.heartbeats import (
    DAG_PROCESSOR,
    SCHEDULER,
    TRIGGERER,
    any_deferred,
    beats_at,
    read_beats,
)
from backfill_tui.bridge.kept_readings import KeptReadings
from backfill_tui.bridge.parsing import DagParser, NothingNew
from backfill_tui.bridge.parsing_messages import FilesFound, FileStarted
from backfill_tui.bridge.server import Call, Server
from backfill_tui.bridge.writable import why_only_read
from backfill_tui.domain.environment import Environment, Mode, StartupPhase, StartupStep
from backfill_tui.domain.problems import BadRequest
from backfill_tui.domain.text import one_line
from backfill_tui.wire import methods

OnStep = Callable[[StartupStep], None]


def register(server: Server, airflow: AirflowEnvironment, readings: KeptReadings) -> None:
    """Answer `open` and `environment`."""

    def open_(_: methods.Nothing, call: Call[StartupStep]) -> Environment:
        _come_up(airflow, readings, call)
        return read_environment(airflow, readings)

    def environment(_: methods.Nothing, __: Call[methods.Nothing]) -> Environment:
        return read_environment(airflow, readings)

    server.handle(methods.OPEN, open_)
    server.handle(methods.ENVIRONMENT, environment)


def _come_up(airflow: AirflowEnvironment, readings: KeptReadings, call: Call[StartupStep]) -> None:
    from airflow import __version__

    call.emit(
        StartupStep(
            phase=StartupPhase.IMPORTING, sentence=f"Airflow {__version__} is imported", done=1, total=1
        )
    )
    parsing = folder_and_parser(airflow)
    if parsing is not None:
        folder, parser = parsing
        check_folder(folder)
        if _see_to_database(parser, call):
            # What was asked before has looked at the file that is gone now.
            readings.close()
    call.emit(StartupStep(phase=StartupPhase.CHECKING_DATABASE, sentence="Checking the database"))
    check_version(airflow)
    if (unknown := airflow.limits.only_reads) is not None:
        check_readable(airflow, unknown)
    _look_for_limits(airflow)
    if parsing is not None:
        parse_and_sync(airflow, parsing[0], parsing[1], call)
    call.emit(StartupStep(phase=StartupPhase.READY, sentence="Ready"))


def _look_for_limits(airflow: AirflowEnvironment) -> None:
    if airflow.mode is Mode.ATTACHED and airflow.limits.only_reads is None and not airflow.read_only:
        with airflow.session() as session:
            airflow.limits.only_reads = why_only_read(session, dialect_of(session))


def _see_to_database(parser: DagParser, call: Call[StartupStep]) -> bool:
    """Whether it was created now."""

    def on_wait() -> None:
        call.emit(
            StartupStep(
                phase=StartupPhase.CREATING_DATABASE,
                sentence="Creating the database of this home, once",
            )
        )

    return ensure_created(Path(os.environ["AIRFLOW_HOME"]), parser, on_wait, call.check)


def folder_and_parser(airflow: AirflowEnvironment) -> tuple[Path, DagParser] | None:
    """What there is to parse, and who parses it; None in attached mode."""
    if airflow.dags_folder is None or airflow.parser is None:
        return None
    return airflow.dags_folder, airflow.parser


def check_folder(folder: Path) -> None:
    """Raise BadRequest for a Dags folder that is not there, is none, or can not be read."""
    if not folder.exists():
        raise BadRequest(f"There is no Dags folder {folder}", remedy="name one with --dags-folder DIR")
    if not folder.is_dir():
        raise BadRequest(
            f"The Dags folder {folder} is a file", remedy="name the folder it is in with --dags-folder DIR"
        )
    if not os.access(folder, os.R_OK | os.X_OK):
        raise BadRequest(
            f"The Dags folder {folder} can not be read", remedy="make it readable for you, or name another"
        )


def parse_and_sync(
    airflow: AirflowEnvironment, folder: Path, parser: DagParser, call: Call[StartupStep]
) -> None:
    """Parse every Dag file of the folder and write what they have to the database, telling of each file."""
    from sqlalchemy.orm import configure_mappers

    from backfill_tui.bridge.parsing_sync import ResultsWriter, bundle_of

    check_folder(folder)
    done = total = 0

    def tell(sentence: str) -> None:
        call.emit(StartupStep(phase=StartupPhase.PARSING, sentence=sentence, done=done, total=total))

    tell("Looking for Dag files")
    bundle_name = bundle_of(folder)
    writer: ResultsWriter | None = None
    started: dict[str, None] = {}
    for news in parser.parse(folder, bundle_name, lambda: call.cancelled):
        if isinstance(news, FilesFound):
            total = len(news.files)
            # A quarter of a second of this process's time, while the other one parses.
            configure_mappers()
            writer = ResultsWriter(airflow, bundle_name, news.files)
        elif isinstance(news, NothingNew):
            if started:
                tell(f"Waiting for {one_line(', '.join(started))}")
        elif isinstance(news, FileStarted):
            started[news.file] = None
            tell(f"Parsing {one_line(news.file)}")
        elif writer is not None:
            done += 1
            started.pop(news.file, None)
            writer.add(news)
            if writer.is_due:
                call.check()
                writer.write()
    call.check()
    tell("Writing the Dags to the database")
    if writer is not None:
        writer.finish()


def read_environment(airflow: AirflowEnvironment, readings: KeptReadings) -> Environment:
    """The environment now, with the latest heartbeat of any scheduler that has not ended."""
    from airflow import __version__
    from airflow.configuration import conf

    (database, found), now = readings.get(
        "heartbeats", lambda session: (dialect_of(session), read_beats(session))
    )
    beats = beats_at(now, found)
    schedulers, only_reads = beats[SCHEDULER], airflow.limits.only_reads
    waits = not beats[TRIGGERER].alive and readings.get("deferred", any_deferred)[0]
    return Environment(
        mode=airflow.mode,
        where=airflow.where,
        version=__version__,
        executor=conf.get("core", "executor"),
        database=database,
        read_only=airflow.read_only or only_reads is not None,
        scheduler_heartbeat=schedulers.latest,
        read_at=now,
        schedulers=schedulers.alive,
        triggerers=beats[TRIGGERER],
        dag_processors=beats[DAG_PROCESSOR],
        waits_for_triggerer=waits,
        read_only_because="" if only_reads is None else only_reads.message,
        changes=readings.state,
    )


def words_for(mode: Mode, dags_folder: Path | None) -> str:
    """How a person names this Airflow: by its Dags folder, or by its home."""
    place = dags_folder if mode is Mode.EMBEDDED and dags_folder is not None else _home()
    for start, short in ((Path.cwd(), ""), (Path.home(), "~/")):
        if place != start and place.is_relative_to(start):
            return f"{short}{place.relative_to(start)}/"
    return f"{place}/"


def _home() -> Path:
    from airflow.configuration import AIRFLOW_HOME

    return Path(AIRFLOW_HOME)
