"""A backfill request as commands that ask for the same: Airflow's own, this program's, and the REST call.

Each is one line for bash or zsh. What is shown is harmless and what is run means exactly the request, because
nothing unprintable is written as it is: JSON has its own escapes for it, and a word of the shell becomes
`$'...'` with octal bytes, which shells that lack that (dash) take for something else. Linux runs no command
with a word above 128 KiB, so a conf of that size can be read here but not be run.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta, timezone, tzinfo
from typing import Final, NoReturn

from backfill_tui.domain.instants import Instant, iso, to_datetime, zone_named
from backfill_tui.domain.planning import (
    DEFAULT_MAX_ACTIVE_RUNS,
    BackfillPlan,
    BackfillRequest,
    ReprocessBehavior,
)
from backfill_tui.domain.problems import BadRequest
from backfill_tui.domain.shell import Variable, Word, shell_line, shell_word
from backfill_tui.domain.text import one_line

_PROGRAM: Final = ("backfill-tui",)
_MINUTE: Final = timedelta(minutes=1)
_CONF: Final = Variable("DAG_RUN_CONF")
_GAP: Final = "\0"
"""Where a variable goes in JSON, in which no letter is this one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Commands:
    """Three ways to ask for one backfill, each a printable line of shell."""

    airflow: str
    own: str
    rest: str


def commands_of(
    plan: BackfillPlan,
    *,
    program: tuple[Word, ...] = _PROGRAM,
    note: str = "",
    stop_after_failures: int | None = None,
) -> Commands:
    """The commands that launch a plan, without what of its conf may not be shown; else as `commands_for`."""
    return commands_for(
        plan.request,
        partitioned=plan.judged.dates.partitioned or bool(plan.partition_zone),
        zone=zone_named(plan.partition_zone or plan.timezone),
        program=program,
        hides_conf=plan.masked_conf is not None,
        note=note,
        stop_after_failures=stop_after_failures,
    )


def commands_for(
    request: BackfillRequest,
    *,
    partitioned: bool,
    zone: tzinfo,
    program: tuple[Word, ...] = _PROGRAM,
    hides_conf: bool = False,
    note: str = "",
    stop_after_failures: int | None = None,
) -> Commands:
    """The commands of a request; `program` are the words that reach the same Airflow again.

    With `hides_conf` a variable of the shell stands for the conf, which may have a secret in it. A note and a
    number of failures to stop after are for this program's command alone: Airflow has neither.

    `zone` is that of the Dag's timetable, which need not be the Dag's: a partitioned Dag takes the wall clock
    of a bound for one of that zone (Airflow 3.3 timetables/_cron.py, `localize_partition_datetime`), so
    Airflow gets that wall clock, called UTC, as it does from the bridge. Raises BadRequest for a conf that is
    not a JSON object and for an id that no command can hold.
    """
    _check_word(request.dag_id)
    conf: Word = _printable_json(_checked_conf(request.conf))
    if conf and hides_conf:
        conf = _CONF
    first, last = (
        _as_airflow_reads_it(bound, zone if partitioned else timezone.utc)
        for bound in (request.from_date, request.to_date)
    )
    return Commands(
        airflow=shell_line(_airflow_words(request, first, last, conf)),
        own=shell_line([*program, *_own_words(request, zone, conf, note, stop_after_failures)]),
        rest=_rest_line(request, first, last, conf),
    )


def _airflow_words(request: BackfillRequest, first: str, last: str, conf: Word) -> list[Word]:
    """Airflow 3.3 cli/cli_config.py, `BACKFILL_COMMANDS`; nothing is left to defaults that can be configured.

    Its argparse takes a value that begins with a dash only behind `=`, and on Python 3.11 the value `--` not
    even there: Airflow's command does not find a Dag of that name.
    """
    dag_id = request.dag_id
    latest = "--run-on-latest-version" if request.run_on_latest_version else "--no-run-on-latest-version"
    return [
        *("airflow", "backfill", "create"),
        *([f"--dag-id={dag_id}"] if dag_id.startswith("-") else ["--dag-id", dag_id]),
        *("--from-date", first, "--to-date", last),
        *("--reprocess-behavior", request.reprocess_behavior.value),
        *("--max-active-runs", str(request.max_active_runs)),
        *(["--run-backwards"] if request.run_backwards else []),
        *(["--dag-run-conf", conf] if conf else []),
        latest,
    ]


def _own_words(
    request: BackfillRequest, zone: tzinfo, conf: Word, note: str, stop_after_failures: int | None
) -> list[Word]:
    """Only what is not the default; the bounds with their offset, so that they mean the same in any zone."""
    dag_id = request.dag_id
    options: list[Word] = ["--from", _local(request.from_date, zone), "--to", _local(request.to_date, zone)]
    if request.reprocess_behavior is not ReprocessBehavior.NONE:
        options += ["--reprocess-behavior", request.reprocess_behavior.value]
    if request.run_backwards:
        options += ["--run-backwards"]
    if request.max_active_runs != DEFAULT_MAX_ACTIVE_RUNS:
        options += ["--max-active-runs", str(request.max_active_runs)]
    if conf:
        options += ["--conf", conf]
    if not request.run_on_latest_version:
        options += ["--original-version"]
    if stop_after_failures is not None:
        options += ["--stop-after-failures", str(stop_after_failures)]
    if note:
        # Behind `=`, for a note may begin with a dash.
        options += [f"--note={note}"]
    if dag_id.startswith("-"):
        return ["launch", *options, "--", dag_id]
    return ["launch", dag_id, *options]


def _rest_line(request: BackfillRequest, first: str, last: str, conf: Word) -> str:
    """POST with Airflow 3.3 api_fastapi/core_api/datamodels/backfills.py, `BackfillPostBody`."""
    fields = {
        "dag_id": _printable_json(json.dumps(request.dag_id, ensure_ascii=False)),
        "from_date": json.dumps(first),
        "to_date": json.dumps(last),
        "run_backwards": json.dumps(request.run_backwards),
        # As it is, because a number read and written again may be another one.
        "dag_run_conf": _GAP if isinstance(conf, Variable) else conf or "null",
        "reprocess_behavior": json.dumps(request.reprocess_behavior.value),
        "max_active_runs": json.dumps(request.max_active_runs),
        "run_on_latest_version": json.dumps(request.run_on_latest_version),
    }
    body = ", ".join(f'"{name}": {value}' for name, value in fields.items())
    data = _CONF.word.join(map(shell_word, f"{{{body}}}".split(_GAP)))
    return (
        'curl -X POST "$AIRFLOW_URL/api/v2/backfills" -H "Authorization: Bearer $AIRFLOW_TOKEN" '
        f"-H 'Content-Type: application/json' --data-raw {data}"
    )


def _as_airflow_reads_it(bound: Instant, zone: tzinfo) -> str:
    """The wall clock of a bound in `zone`, called UTC.

    Always UTC, as from the bridge: a timedelta timetable counts months in the offset a bound is written in.
    """
    return to_datetime(bound, zone).replace(tzinfo=None).isoformat() + "Z"


def _local(bound: Instant, zone: tzinfo) -> str:
    """The instant as the Dag's people read it; in UTC where the offset is none that can be typed."""
    try:
        local = to_datetime(bound, zone)
    except OverflowError:
        return iso(bound)
    offset = local.utcoffset()
    return iso(bound) if offset is None or offset % _MINUTE else local.isoformat()


def _checked_conf(conf: str) -> str:
    """The conf, empty when none is meant; BadRequest unless it is an object, as the bridge says too."""
    if not conf.strip():
        return ""
    try:
        value = json.loads(conf, parse_constant=_no_number)
    except (ValueError, RecursionError) as wrong:
        raise BadRequest(
            f"The conf is not JSON: {one_line(str(wrong))}", remedy='write it as {"key": "value"}'
        ) from wrong
    if not isinstance(value, dict):
        raise BadRequest("The conf is not a JSON object", remedy='write it as {"key": "value"}')
    return conf.strip()


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is not a number in JSON")


def _printable_json(text: str) -> str:
    """Valid JSON on one line and printable, of the same value.

    Outside of strings JSON has no control characters but the three of white space, and inside it has none
    of those: so each letter alone tells what to do with it.
    """
    if text.isprintable():
        return text
    return "".join(" " if letter in "\t\n\r" else _json_letter(letter) for letter in text)


def _json_letter(letter: str) -> str:
    return letter if letter.isprintable() else json.dumps(letter)[1:-1]


def _check_word(dag_id: str) -> None:
    try:
        fits = b"\0" not in dag_id.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        fits = False
    if not fits:
        raise BadRequest(
            f'No command can name the Dag "{one_line(ascii(dag_id)[1:-1])}"',
            remedy="launch it from the screen",
        )
