"""Why a Dag file does not import, in one sentence, with advice where the cause is well known.

The causes are what Airflow 3.3 raises for Dag files written for Airflow 2, each tried.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from backfill_tui.domain.dags import ImportProblem
from backfill_tui.domain.text import harmless, one_line

_EXCEPTION: Final = re.compile(r"(?P<kind>[A-Za-z_][\w.]*)(?:: (?P<message>.*))?", re.DOTALL)
_FRAME: Final = re.compile(r'^\s+File "(?P<file>[^"]+)", line (?P<line>\d+)', re.MULTILINE)
_MACHINERY: Final = re.compile(r'\s+File "(?:<frozen importlib|[^"]*/airflow/dag_processing/)')
_LONGEST: Final = 200
_EXIT_ADVICE: Final = "take the call out of the top of the file"
_NOT_STORED: Final = "imports, but Airflow can not store it"
_STORED_ADVICE: Final = "see to its timetable (deserialize, next_dagrun_info) and to the plugin that has it"
_UPGRADE: Final = "ruff check --select AIR3 lists what Airflow 3 wants changed"

Told = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Cause:
    """A known cause: what the exception looks like, and the sentence and the advice for its match."""

    looks_like: re.Pattern[str]
    tell: Callable[[re.Match[str]], Told]


def explain(file: str, traceback: str) -> ImportProblem:
    """The problem of a file, from the traceback (or the bridge's own words) that the database has of it."""
    text = _without_machinery(harmless(traceback).strip())
    raised = _raised(text)
    whose = text.partition("\n")[0]
    if raised is not None and whose.endswith(_NOT_STORED):
        sentence, advice = _shortened(one_line(f"{whose}: {_plain(*raised)}")), _STORED_ADVICE
    elif raised is None:
        sentence, advice = _said_plainly(text)
    else:
        sentence, advice = _told(*raised) or (_shortened(_plain(*raised)), "")
    return ImportProblem(
        file=file,
        sentence=sentence,
        advice=advice or _where(file, text),
        traceback=text,
    )


def not_stored(whose: str, traceback: str) -> str:
    """What the database is told of a file whose Dags (`whose`: `The Dag "sales"`) Airflow can not store."""
    return f"{whose} {_NOT_STORED}\n{traceback}"


def _without_machinery(text: str) -> str:
    """The traceback without the frames of the import itself, at the beginning of each of its parts."""
    kept: list[str] = []
    starting = skipping = False
    for line in text.splitlines():
        if line.startswith("Traceback ("):
            starting = True
        elif starting and line.startswith("  File "):
            skipping = bool(_MACHINERY.match(line))
            starting = skipping
        elif not line.startswith(" "):
            starting = skipping = False
        if not skipping:
            kept.append(line)
    return "\n".join(kept)


def _raised(text: str) -> tuple[str, str] | None:
    """The last exception of a traceback: its class without its module, and its message."""
    lines = text.splitlines()
    if not any(_FRAME.match(line) for line in lines):
        found = _EXCEPTION.fullmatch(text)
        known = found and found["kind"].endswith(("Error", "Exception", "Exit", "Found"))
        return (_short(found["kind"]), found["message"] or "") if found and known else None
    start = None
    for number in range(1, len(lines)):
        # The exception comes after the indented lines of its last frame; a message may be indented again.
        begins = lines[number - 1].startswith(" ") and not lines[number].startswith((" ", "\t"))
        if begins and (found := _EXCEPTION.fullmatch(lines[number])) and _is_exception(found["kind"]):
            start = number
    if start is None:
        return None
    found = _EXCEPTION.fullmatch("\n".join(lines[start:]))
    return (_short(found["kind"]), found["message"] or "") if found else None


def _is_exception(kind: str) -> bool:
    name = _short(kind)
    return name[:1].isupper() or "." in kind


def _short(kind: str) -> str:
    return kind.rsplit(".", maxsplit=1)[-1]


def _plain(kind: str, message: str) -> str:
    return one_line(f"{kind}: {message}" if message else kind)


def _shortened(sentence: str) -> str:
    return sentence if len(sentence) <= _LONGEST else sentence[: _LONGEST - 3] + "..."


def _said_plainly(text: str) -> Told:
    first = one_line(text.splitlines()[0]) if text else "It does not import"
    if "exit code" in first:
        return first, "take the call that ends the process (such as os._exit) out of the file"
    if "longer than" in first:
        return first, "move slow work from the top of the file into its tasks"
    return _shortened(first), ""


def _told(kind: str, message: str) -> Told | None:
    plain = f"{kind}: {message}"
    for cause in _CAUSES:
        if found := cause.looks_like.search(plain):
            sentence, advice = cause.tell(found)
            return _shortened(one_line(sentence)), one_line(advice)
    return None


def _where(file: str, text: str) -> str:
    """The line of the Dag file itself that led there: the last of its frames."""
    name = file.rsplit("/", maxsplit=1)[-1]
    lines = [
        found["line"] for found in _FRAME.finditer(text) if found["file"].rsplit("/", maxsplit=1)[-1] == name
    ]
    return f"look at line {lines[-1]} of {one_line(name)}" if lines else ""


def _cause(pattern: str, sentence: str, advice: str) -> _Cause:
    """A cause whose words need at most the groups of the pattern, as `{0}`, `{1}`."""

    def tell(found: re.Match[str]) -> Told:
        groups = [group or "" for group in found.groups()]
        return sentence.format(*groups), advice.format(*groups)

    return _Cause(re.compile(pattern, re.DOTALL), tell)


def _renamed(old: str, new: str) -> _Cause:
    return _cause(
        rf"DAG\.__init__\(\) got an unexpected keyword argument '{old}'",
        f"'{old}' is now '{new}'",
        f"rename {old} to {new} where the Dag is made",
    )


def _removed(old: str) -> _Cause:
    return _cause(
        rf"DAG\.__init__\(\) got an unexpected keyword argument '{old}'",
        f"'{old}' of a Dag is gone in Airflow 3",
        f"remove {old} where the Dag is made",
    )


def _moved(old: str, new: str) -> _Cause:
    return _cause(
        rf"No module named '{re.escape(old)}'",
        f"{old} has moved in Airflow 3",
        f"import from {new} instead",
    )


def _missing_provider(found: re.Match[str]) -> Told:
    name = found[1]
    if name in {"apache", "atlassian", "cncf", "common", "dbt", "microsoft"}:
        package = f"the package apache-airflow-providers-{name}-... that has it"
    else:
        package = f"it: pip install apache-airflow-providers-{name.replace('.', '-').replace('_', '-')}"
    return f"The provider airflow.providers.{name} is not installed", f"install {package}"


_CAUSES: Final = (
    _renamed("schedule_interval", "schedule"),
    _renamed("timetable", "schedule"),
    _renamed("concurrency", "max_active_tasks"),
    _renamed("fail_stop", "fail_fast"),
    _removed("default_view"),
    _removed("orientation"),
    _cause(
        r"Invalid arguments were passed to (\S+) .*'provide_context'",
        "'provide_context' of {0} is gone in Airflow 3",
        "remove provide_context: the context is always given",
    ),
    _cause(
        r"Invalid arguments were passed to (\S+) .*'execution_date'",
        "'execution_date' of {0} is now 'logical_date'",
        "rename execution_date to logical_date",
    ),
    _cause(
        r"Invalid arguments were passed to (\S+) .*'task_concurrency'",
        "'task_concurrency' of {0} is now 'max_active_tis_per_dag'",
        "rename task_concurrency to max_active_tis_per_dag",
    ),
    _cause(
        r"Invalid arguments were passed to (\S+) \(task_id: (.*?)\).*?\*\*kwargs: (.*)",
        'Task "{1}": {0} does not take {2}',
        "remove the argument, or look up its new name",
    ),
    _cause(
        r"KeyError: 'execution_date'",
        "'execution_date' is now 'logical_date'",
        "rename execution_date to logical_date",
    ),
    _cause(
        r"cannot import name 'days_ago'",
        "days_ago is gone in Airflow 3",
        'give a fixed start_date, such as pendulum.datetime(2024, 1, 1, tz="UTC")',
    ),
    _cause(
        r"cannot import name 'apply_defaults'",
        "apply_defaults is gone in Airflow 3",
        "remove the decorator: default_args are always applied",
    ),
    _cause(
        r"cannot import name '(chain|cross_downstream)' from 'airflow\.utils\.helpers'",
        "{0} has moved in Airflow 3",
        "import {0} from airflow.sdk",
    ),
    _cause(
        r"No module named 'airflow\.operators\.subdag(?:_operator)?'",
        "SubDagOperator is gone in Airflow 3",
        "use a TaskGroup (from airflow.sdk import TaskGroup)",
    ),
    _cause(
        r"No module named 'airflow\.operators\.dummy(?:_operator)?'",
        "DummyOperator is now EmptyOperator",
        "use EmptyOperator from airflow.providers.standard.operators.empty",
    ),
    _moved("airflow.operators.bash_operator", "airflow.providers.standard.operators.bash"),
    _moved("airflow.operators.python_operator", "airflow.providers.standard.operators.python"),
    _cause(
        r"No module named 'airflow\.hooks\.base_hook'",
        "airflow.hooks.base_hook has moved in Airflow 3",
        "import BaseHook from airflow.sdk",
    ),
    _cause(
        r"No module named 'airflow\.datasets'",
        "A Dataset is now an Asset",
        "use Asset (from airflow.sdk import Asset)",
    ),
    _cause(
        r"No module named 'airflow\.contrib",
        "airflow.contrib is gone",
        f"use the provider package that has it now; {_UPGRADE}",
    ),
    _Cause(re.compile(r"No module named 'airflow\.providers\.([\w.]+)'"), _missing_provider),
    _cause(r"No module named '(airflow\.[\w.]+)'", "Airflow 3 has no module {0}", _UPGRADE),
    _cause(r"cannot import name '(\w+)' from '(airflow[\w.]*)'", "Airflow 3 has no {0} in {1}", _UPGRADE),
    _cause(
        r"No module named '([\w.]+)'",
        "No module named '{0}'",
        "install the package where Airflow runs, or put the module beside the Dags",
    ),
    _cause(
        r"AirflowDagDuplicatedIdException: Ignoring DAG (.+) from (.+) - also found in (.+)",
        'The Dag "{0}" is also in {2}',
        "give one of the two another dag_id",
    ),
    _cause(
        r"AirflowDagCycleException: Cycle detected in Dag: (.+?)\. Faulty task: (.+)",
        'The tasks of "{0}" wait for each other in a circle, at "{1}"',
        "remove one of the dependencies in the circle",
    ),
    _cause(
        r"AirflowTaskTimeout: DagBag import timeout for .+ after ([\d.]+)s",
        "Importing it took longer than {0} s",
        "move slow work from the top of the file into its tasks",
    ),
    _cause(r"SystemExit: (.+)", "It calls sys.exit: {0}", _EXIT_ADVICE),
    _cause(r"SystemExit", "It calls sys.exit", _EXIT_ADVICE),
    _cause(
        r"VARIABLE_NOT_FOUND.*Variable (.+?) not found",
        'There is no Variable "{0}"',
        "give Variable.get a default, or set the Variable (AIRFLOW_VAR_... in the environment)",
    ),
)
