from __future__ import annotations

import csv
import io
import json
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.cli.conftest import CommandLine
from tests.support.scripted import ScriptedGateway
from tests.support.world import World, instant

from backfill_tui.domain.ids import BackfillId, DagId
from backfill_tui.domain.instants import Instant
from backfill_tui.domain.judging import decide
from backfill_tui.domain.outcomes import ExistingRun, runs_at
from backfill_tui.domain.plan_dates import Occurrence, columns_of
from backfill_tui.domain.planning import (
    BackfillPlan,
    BackfillRequest,
    Gravity,
    PlanWarning,
    ReprocessBehavior,
)
from backfill_tui.domain.states import RunState, TaskState
from backfill_tui.forms.csv_cells import safe_cell
from backfill_tui.forms.plan_csv import CSV_HEADER, csv_rows
from backfill_tui.forms.text_parts import indented
from backfill_tui.headless.paper import Paper
from backfill_tui.headless.plan_forms import ChosenRuns, PlanForm, verdicts_of
from backfill_tui.headless.planning import show_plan
from backfill_tui.headless.session import Session
from backfill_tui.headless.voice import PlainVoice
from backfill_tui.headless.wishes import Wish

RANGE = ("--range", "2024-01-01..2024-01-03")
DAY = Instant(24 * 3600 * 1_000_000)


def blocked(gateway: ScriptedGateway) -> None:
    gateway.more_warnings = (
        PlanWarning(code="told", message="It is late", remedy="", gravity=Gravity.TELLS),
        PlanWarning(
            code="no_way", message="It can not be", remedy="run them forwards", gravity=Gravity.BLOCKS
        ),
    )


def partitions(*keys: str, run: ExistingRun | None = None) -> BackfillPlan:
    """A plan of partitions with these keys, all of which have that run."""
    start = instant("2024-01-01")
    dates = columns_of(
        Occurrence(
            logical_date=None,
            data_interval_start=None,
            data_interval_end=None,
            run_after=Instant(start + number * DAY),
            partition_key=key,
            partition_date=Instant(start + number * DAY),
        )
        for number, key in enumerate(keys)
    )
    runs = {} if run is None else {Instant(at): run for at in dates.dates}
    request = BackfillRequest(
        dag_id=DagId("sales"),
        from_date=start,
        to_date=Instant(start + len(keys) * DAY),
        reprocess_behavior=ReprocessBehavior.FAILED,
    )
    judged = decide(
        dates,
        runs_at(dates, runs),
        behavior=request.reprocess_behavior,
        now=instant("2024-06-01"),
        run_backwards=False,
    )
    return BackfillPlan(request=request, timezone="UTC", judged=judged, warnings=(), planned_at=start)


def test_csv_has_a_header_and_a_line_for_each_date(run: CommandLine) -> None:
    run.world.add_run("sales_daily", "2024-01-02", RunState.FAILED)
    ended = run("plan", "sales_daily", *RANGE, "--reprocess-behavior", "failed", "--output", "csv")
    assert ended.code == 0
    rows = list(csv.DictReader(io.StringIO(ended.out)))
    assert list(rows[0]) == list(CSV_HEADER)
    assert [row["logical_date"] for row in rows] == [f"2024-01-0{day}T00:00:00+00:00" for day in (1, 2, 3)]
    assert [row["verdict"] for row in rows] == ["create", "reprocess", "create"]
    assert [row["ordinal"] for row in rows] == ["1", "2", "3"]
    assert rows[1]["existing_state"] == "failed"
    assert rows[1]["existing_run_type"] == "scheduled"
    assert (rows[1]["existing_tasks"], rows[1]["existing_tasks_succeeded"]) == ("2", "0")
    assert (rows[0]["partition_key"], rows[0]["existing_state"]) == ("", "")
    assert "sales_daily: 3 dates: 2 create, 1 reprocess" in ended.talk


def test_csv_quotes_what_needs_it_and_ends_its_lines_as_the_standard_has_them() -> None:
    out = io.StringIO(newline="")
    plan = partitions('eu,"north"', "two\nlines")
    Paper(out, is_terminal=False).csv(CSV_HEADER, csv_rows(ChosenRuns(plan, None)))
    text = out.getvalue()
    assert text.count("\r\n") == 3
    assert '"eu,""north"""' in text
    assert [row["partition_key"] for row in csv.DictReader(io.StringIO(text, newline=""))] == [
        'eu,"north"',
        "two\nlines",
    ]


def test_outside_text_in_csv_is_no_formula_and_no_control_code() -> None:
    run = ExistingRun(
        state=RunState.FAILED,
        run_type="+1",
        triggering_user='=HYPERLINK("x")\x1b[31m',
        backfill_id=BackfillId(7),
        task_counts=((TaskState.SUCCESS, 1), (TaskState.FAILED, 2)),
    )
    keys = ("@eu", "-1", "\tx", "＝1", "a=1")
    rows = list(csv_rows(ChosenRuns(partitions(*keys, run=run), None)))
    by_name = [dict(zip(CSV_HEADER, row, strict=True)) for row in rows]
    assert [row["partition_key"] for row in by_name] == ["'@eu", "'-1", "'\tx", "'＝1", "a=1"]
    assert by_name[0]["existing_triggering_user"] == '\'=HYPERLINK("x")'
    assert by_name[0]["existing_run_type"] == "'+1"
    assert (by_name[0]["existing_backfill_id"], by_name[0]["existing_tasks"]) == (7, 3)


@given(st.text())
def test_no_cell_of_outside_text_begins_as_a_formula(text: str) -> None:
    assert not str(safe_cell(text)).startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


@pytest.mark.parametrize(
    ("only", "days"),
    [
        ("create", ["01", "03"]),
        ("skip", ["02"]),
        ("skip_exists", ["02"]),
        ("reprocess", []),
        ("create, Skip", ["01", "02", "03"]),
        ("not-yet", []),
    ],
)
def test_only_some_verdicts_are_shown_and_the_totals_stay_of_all(
    run: CommandLine, only: str, days: list[str]
) -> None:
    run.world.add_run("sales_daily", "2024-01-02", RunState.SUCCESS)
    words = ("plan", "sales_daily", *RANGE, "--only", only)
    plan = run(*words, "--json").json
    assert [each["logical_date"][8:10] for each in plan["runs"]] == days
    assert plan["totals"]["create"] == 2
    assert plan["totals"]["skip_exists"] == 1
    ended = run(*words, "--output", "csv")
    assert [row["logical_date"][8:10] for row in csv.DictReader(io.StringIO(ended.out))] == days
    talk = run(*words).talk
    assert "3 dates: 2 create, 1 skip" in talk


def test_some_verdicts_of_a_backwards_plan_stay_in_its_order(run: CommandLine) -> None:
    run.world.add_run("sales_daily", "2024-01-02", RunState.SUCCESS)
    plan = run("plan", "sales_daily", *RANGE, "--run-backwards", "--only", "create", "--json").json
    assert [(each["logical_date"][8:10], each["ordinal"]) for each in plan["runs"]] == [("03", 1), ("01", 3)]


def test_an_unknown_verdict_is_refused(run: CommandLine) -> None:
    ended = run("plan", "sales_daily", *RANGE, "--only", "create,all")
    assert (ended.code, ended.out) == (2, "")
    assert '"all" is no verdict: write --only create,reprocess,skip,not_yet' in ended.talk
    assert verdicts_of("skip") == verdicts_of("skip_exists,skip_in_flight")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--json", "--output", "json"), 0),
        (("--output", "table"), 0),
        (("--json", "--output", "csv"), 2),
        (("--json", "--as-command"), 2),
        (("--output", "csv", "--as-command", "own"), 2),
        (("--only", "create", "--as-command", "own"), 2),
        (("--output", "yaml"), 2),
    ],
)
def test_forms_that_contradict_are_refused(run: CommandLine, words: tuple[str, ...], code: int) -> None:
    ended = run("plan", "sales_daily", *RANGE, *words)
    assert ended.code == code, ended.talk
    if code:
        assert ended.out == ""


@pytest.mark.parametrize("form", [(), ("--json",), ("--output", "csv"), ("--as-command", "own")])
def test_a_plan_that_a_warning_blocks_is_printed_and_ends_with_4(
    run: CommandLine, form: tuple[str, ...]
) -> None:
    run.composition.prepare = blocked
    ended = run("plan", "sales_daily", *RANGE, *form)
    assert ended.code == 4
    assert ended.out
    assert "This forbids a launch: It can not be: leave out --run-backwards\n" in ended.talk
    assert ("Note: It is late\n" in ended.talk) == (form in {(), ("--output", "csv")})
    if form == ("--json",):
        assert ended.json["blocked"] is True
        assert [warning["gravity"] for warning in ended.json["warnings"]] == ["tells", "blocks"]


def test_a_plan_as_our_own_command_launches_the_same(run: CommandLine) -> None:
    options = ("--max-active-runs", "3", "--original-version", "--conf", '{"a": "b c"}')
    ended = run("--dags-folder", "my dags", "plan", "sales_daily", *RANGE, *options, "--as-command", "own")
    assert ended.code == 0
    (line,) = ended.out.splitlines()
    program, *words = shlex.split(line)
    assert (program, words[:2]) == ("backfill-tui", ["--dags-folder", "my dags"])
    assert run(*words, "--yes").code == 0
    (backfill,) = run.world.backfills.values()
    request = backfill.request
    assert (request.from_date, request.to_date) == (
        instant("2024-01-01"),
        instant("2024-01-04") - 1,
    )
    assert (request.max_active_runs, request.run_on_latest_version, request.conf) == (
        3,
        False,
        '{"a": "b c"}',
    )


def test_a_plan_as_commands_has_all_three_with_their_names(run: CommandLine) -> None:
    lines = run("plan", "sales_daily", *RANGE, "--as-command").out.splitlines()
    assert [line.partition(": ")[0] for line in lines] == ["airflow", "own", "rest"]
    assert lines[0].startswith("airflow: airflow backfill create --dag-id sales_daily ")
    assert "curl -X POST" in lines[2]
    commands = run("plan", "sales_daily", *RANGE, "--json").json["commands"]
    assert [f"{name}: {line}" for name, line in commands.items()] == lines
    assert run("plan", "sales_daily", *RANGE, "--as-command", "airflow").out == f"{commands['airflow']}\n"


SECRET = "hunter2"


def test_what_airflow_masks_in_a_conf_is_in_no_form_of_a_plan_but_in_the_launch(run: CommandLine) -> None:
    conf = ("--conf", f'{{"password": "{SECRET}", "why": "late data"}}')
    forms: list[tuple[str, ...]] = [
        (),
        ("--json",),
        ("--output", "csv"),
        ("--output", "html"),
        ("--as-command",),
    ]
    for form in forms:
        ended = run("plan", "sales_daily", *RANGE, *conf, *form)
        assert ended.code == 0, ended.talk
        assert SECRET not in ended.out + ended.talk
        assert ("late data" in ended.out) == (form in {("--json",), ("--output", "html")})
    plan = run("plan", "sales_daily", *RANGE, *conf, "--json").json
    assert plan["conf"] == {"password": "***", "why": "late data"}
    assert plan["commands"]["own"].endswith('--conf "${DAG_RUN_CONF:?}"')
    launched = run("launch", "sales_daily", *RANGE, *conf, "--yes", "--json")
    assert SECRET not in launched.out + launched.talk
    (backfill,) = run.world.backfills.values()
    assert json.loads(backfill.request.conf)["password"] == SECRET
    for kept in ("json", "html", "csv"):
        exported = run("export", "sales_daily", "--format", kept)
        assert exported.code == 0, exported.talk
        assert SECRET not in exported.out


def test_a_secret_in_a_bridge_command_is_in_no_sentence_and_no_command(run: CommandLine) -> None:
    far = ("--bridge-command", f"ssh prod env PASSWORD={SECRET} python -m backfill_tui.bridge")
    hidden = 'backfill-tui --bridge-command "${BACKFILL_TUI_BRIDGE_COMMAND:?}" '
    own = run(*far, "plan", "sales_daily", *RANGE, "--as-command", "own")
    assert own.out.startswith(f"{hidden}launch sales_daily ")
    launched = run(*far, "launch", "sales_daily", *RANGE, "--yes")
    assert f"watch it with {hidden}watch 1" in launched.talk
    told = [own, launched, run(*far, "plan", "sales_daily", *RANGE, "--json"), run(*far, "list")]
    assert SECRET not in "".join(ended.out + ended.talk for ended in told)
    plain = ("--bridge-command", "ssh prod python -m backfill_tui.bridge")
    assert run(*plain, "plan", "sales_daily", *RANGE, "--as-command", "own").out.startswith(
        "backfill-tui --bridge-command 'ssh prod python -m backfill_tui.bridge' launch sales_daily "
    )


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON_VALUES)
def test_what_is_indented_here_is_what_the_standard_library_gives(value: object) -> None:
    assert indented(value) == json.dumps(value, indent=2)


@pytest.mark.parametrize("count", [0, 1, 999, 1000, 2001])
def test_a_long_listing_is_written_in_parts_and_is_one_json_object(count: int) -> None:
    entries: list[dict[str, object]] = [
        {"number": number, "more": None if number % 2 else {"a": []}} for number in range(count)
    ]
    out = io.StringIO()
    Paper(out, is_terminal=False).json_listing({"a": 1}, "runs", iter(entries), {"z": {}})
    assert out.getvalue() == json.dumps({"a": 1, "runs": entries, "z": {}}, indent=2) + "\n"


class CountedRuns:
    """A long listing that knows how many of its entries are held at the same time."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.alive = self.most = 0

    def __iter__(self) -> CountedRuns:
        return self

    def __next__(self) -> dict[str, object]:
        if not self.count:
            raise StopIteration
        self.count -= 1
        return Entry(self)


class Entry(dict[str, object]):
    def __init__(self, counter: CountedRuns) -> None:
        super().__init__(number=counter.count)
        self._counter = counter
        counter.alive += 1
        counter.most = max(counter.most, counter.alive)

    def __del__(self) -> None:
        self._counter.alive -= 1


def test_of_a_long_listing_only_a_part_is_held() -> None:
    runs = CountedRuns(20_000)
    Paper(io.StringIO(), is_terminal=False).json_listing({"a": 1}, "runs", runs, {"z": 1})
    assert runs.most <= 2_001


class Activities(PlainVoice):
    """Keeps what is going on."""

    def __init__(self) -> None:
        super().__init__(io.StringIO())
        self.told: list[str] = []

    def activity(self, sentence: str, done: int = 0, total: int = 0, *, key: str = "") -> None:
        super().activity(sentence, done, total, key=key)
        self.told.append(sentence)


def test_a_slow_timetable_is_told_as_far_as_it_has_come(world: World) -> None:
    gateway, voice = ScriptedGateway(world), Activities()
    request = BackfillRequest(
        dag_id=DagId("new_york"), from_date=instant("2021-01-01"), to_date=instant("2021-05-01T12:00")
    )
    gateway.partial_plans = (gateway.plan(request),)
    session = Session(
        gateway=gateway, engine=None, voice=voice, paper=Paper(io.StringIO(), is_terminal=False)
    )
    wish = Wish(dag_id="new_york", range_text="2024-01-01", max_active_runs=10)
    show_plan(session, wish, PlanForm())
    assert voice.told[-2:] == [
        "Planning new_york",
        "Planning new_york: 121 dates so far, up to 2021-04-30",
    ]
