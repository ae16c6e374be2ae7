from __future__ import annotations

import json
import shlex
import subprocess
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.cli.conftest import CommandLine, ScriptedComposition
from tests.support.scripted import ScriptedGateway
from tests.support.world import World, a_dag, instant

from backfill_tui.domain.as_command import commands_for
from backfill_tui.domain.ids import DagId
from backfill_tui.domain.instants import Instant, zone_named
from backfill_tui.domain.planning import BackfillPlan, BackfillRequest, ReprocessBehavior
from backfill_tui.domain.problems import BadRequest
from backfill_tui.domain.shell import Variable, Word, shell_line, shell_word
from backfill_tui.domain.text import harmless

UTC = zone_named("UTC")
NEW_YORK = ZoneInfo("America/New_York")
ZONES = ["UTC", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia", "-03:30"]

MARCH = BackfillRequest(
    dag_id=DagId("sales_daily"),
    from_date=instant("2024-03-01T05:00"),
    to_date=Instant(instant("2024-04-01T04:00") - 1),
)
EVERYTHING = replace(
    MARCH,
    reprocess_behavior=ReprocessBehavior.FAILED,
    max_active_runs=4,
    run_backwards=True,
    conf='{"size": 1.0, "who": "it\'s me"}',
    run_on_latest_version=False,
)

nasty_text = st.text(
    alphabet=st.one_of(
        st.sampled_from(
            " '\"\\-$`!=~#*?[](){}<>|&;%\t\n\r\x01\x1b\x7f\x9b\xa0\u200d\u202e\ufeff\U000e0001é日07aA"
        ),
        st.characters(exclude_categories=["Cs"], exclude_characters="\0"),
    )
)
dag_ids = st.one_of(
    st.sampled_from(
        ["[/red]", "-", "--", "-x", "--yes", "=ls", "a b", "it's", "$(id)", "\x1b[31mred", "a\n"]
    ),
    nasty_text.filter(bool),
).map(DagId)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | nasty_text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(nasty_text, inner, max_size=3),
    max_leaves=6,
)
confs = st.just("") | st.builds(
    lambda value, indent, ascii_only: json.dumps(value, indent=indent, ensure_ascii=ascii_only),
    st.dictionaries(nasty_text, json_values, max_size=4),
    st.sampled_from([None, 2, "\t"]),
    st.booleans(),
)


def requests(first: Instant, last: Instant) -> st.SearchStrategy[BackfillRequest]:
    """Requests of every kind, with bounds between two instants."""
    bounds = st.tuples(st.integers(first, last), st.integers(first, last)).map(sorted)
    return st.builds(
        lambda both, **more: BackfillRequest(from_date=Instant(both[0]), to_date=Instant(both[1]), **more),
        bounds,
        dag_id=dag_ids,
        reprocess_behavior=st.sampled_from(ReprocessBehavior),
        max_active_runs=st.integers(1, 1000) | st.just(10),
        run_backwards=st.booleans(),
        conf=confs,
        run_on_latest_version=st.booleans(),
    )


def argv_of(line: str, **variables: str) -> list[str]:
    """The words that bash gives to the command of a line, itself the first of them."""
    name = line.split(" ", 1)[0]
    done = subprocess.run(
        ["bash", "-c", f"{name}() {{ printf '%s\\0' {name} \"$@\"; }}\n{line}"],
        env={"AIRFLOW_URL": "http://airflow", "AIRFLOW_TOKEN": "a token", **variables},
        capture_output=True,
        check=True,
    )
    assert not done.stderr
    return [word.decode("utf-8", "surrogateescape") for word in done.stdout.split(b"\0")[:-1]]


def body_of(rest: str) -> Any:
    return json.loads(argv_of(rest)[-1])


def conf_value(conf: str) -> Any:
    return json.loads(conf) if conf else None


def test_airflows_command_says_everything_that_a_default_might_decide() -> None:
    assert commands_for(MARCH, partitioned=False, zone=NEW_YORK).airflow == (
        "airflow backfill create --dag-id sales_daily"
        " --from-date 2024-03-01T05:00:00Z --to-date 2024-04-01T03:59:59.999999Z"
        " --reprocess-behavior none --max-active-runs 10 --run-on-latest-version"
    )
    assert commands_for(EVERYTHING, partitioned=False, zone=NEW_YORK).airflow.endswith(
        " --reprocess-behavior failed --max-active-runs 4 --run-backwards"
        """ --dag-run-conf '{"size": 1.0, "who": "it'"'"'s me"}' --no-run-on-latest-version"""
    )


def test_our_own_command_leaves_out_what_is_the_default() -> None:
    plain = commands_for(MARCH, partitioned=False, zone=NEW_YORK)
    assert plain.own == (
        "backfill-tui launch sales_daily"
        " --from 2024-03-01T00:00:00-05:00 --to 2024-03-31T23:59:59.999999-04:00"
    )
    program = ("backfill-tui", "--dags-folder", "my dags")
    assert commands_for(EVERYTHING, partitioned=False, zone=UTC, program=program).own == (
        "backfill-tui --dags-folder 'my dags' launch sales_daily"
        " --from 2024-03-01T05:00:00+00:00 --to 2024-04-01T03:59:59.999999+00:00"
        " --reprocess-behavior failed --run-backwards --max-active-runs 4"
        """ --conf '{"size": 1.0, "who": "it'"'"'s me"}' --original-version"""
    )


def test_a_note_and_a_limit_of_failures_are_for_this_program_alone() -> None:
    plain = commands_for(MARCH, partitioned=False, zone=NEW_YORK)
    more = commands_for(
        MARCH, partitioned=False, zone=NEW_YORK, note="-- it's late data", stop_after_failures=3
    )
    assert shlex.split(more.own) == [
        *shlex.split(plain.own),
        *("--stop-after-failures", "3"),
        "--note=-- it's late data",
    ]
    assert (more.airflow, more.rest) == (plain.airflow, plain.rest)


def test_the_rest_call_holds_no_secret_and_the_whole_request() -> None:
    assert commands_for(MARCH, partitioned=False, zone=NEW_YORK).rest == (
        'curl -X POST "$AIRFLOW_URL/api/v2/backfills" -H "Authorization: Bearer $AIRFLOW_TOKEN"'
        " -H 'Content-Type: application/json' --data-raw"
        """ '{"dag_id": "sales_daily", "from_date": "2024-03-01T05:00:00Z","""
        """ "to_date": "2024-04-01T03:59:59.999999Z", "run_backwards": false, "dag_run_conf": null,"""
        """ "reprocess_behavior": "none", "max_active_runs": 10, "run_on_latest_version": true}'"""
    )
    sent = commands_for(EVERYTHING, partitioned=False, zone=NEW_YORK).rest
    assert argv_of(sent)[1:6] == [
        *("-X", "POST", "http://airflow/api/v2/backfills", "-H", "Authorization: Bearer a token")
    ]
    assert body_of(sent)["dag_run_conf"] == {"size": 1.0, "who": "it's me"}
    assert body_of(sent)["run_on_latest_version"] is False


def test_a_conf_that_is_not_to_be_seen_comes_from_a_variable_of_the_shell() -> None:
    whole = commands_for(EVERYTHING, partitioned=False, zone=UTC)
    hidden = commands_for(EVERYTHING, partitioned=False, zone=UTC, hides_conf=True)
    for line, without in (
        (whole.airflow, hidden.airflow),
        (whole.own, hidden.own),
        (whole.rest, hidden.rest),
    ):
        assert "it" in line
        assert "who" not in without
        assert '"${DAG_RUN_CONF:?}"' in without
        assert argv_of(without, DAG_RUN_CONF=EVERYTHING.conf) == argv_of(line)
        with pytest.raises(subprocess.CalledProcessError):
            argv_of(without, DAG_RUN_CONF="")
    plain = commands_for(MARCH, partitioned=False, zone=UTC, hides_conf=True)
    assert plain == commands_for(MARCH, partitioned=False, zone=UTC)


def test_a_word_that_is_not_to_be_seen_is_one_word_of_the_shell() -> None:
    line = shell_line(["echo", Variable("HIDDEN"), "a b"])
    assert line == """echo "${HIDDEN:?}" 'a b'"""
    assert argv_of(line, HIDDEN="c  d * $x") == ["echo", "c  d * $x", "a b"]


def test_a_partitioned_dag_gets_the_wall_clock_of_its_timetable_called_utc() -> None:
    commands = commands_for(MARCH, partitioned=True, zone=NEW_YORK)
    assert " --from-date 2024-03-01T00:00:00Z --to-date 2024-03-31T23:59:59.999999Z " in commands.airflow
    assert body_of(commands.rest)["from_date"] == "2024-03-01T00:00:00Z"
    assert commands.own == commands_for(MARCH, partitioned=False, zone=NEW_YORK).own


def test_an_id_that_begins_with_a_dash_is_not_taken_for_an_option() -> None:
    commands = commands_for(replace(MARCH, dag_id=DagId("-x y")), partitioned=False, zone=UTC)
    assert commands.airflow.startswith("airflow backfill create '--dag-id=-x y' --from-date ")
    assert commands.own.endswith(" -- '-x y'")


def test_an_offset_that_can_not_be_typed_is_left_for_utc() -> None:
    long_ago = replace(MARCH, from_date=instant("1880-01-01"))
    assert "--from 1880-01-01T00:00:00+00:00" in commands_for(long_ago, partitioned=False, zone=NEW_YORK).own
    first = replace(MARCH, from_date=instant("0001-01-01"))
    assert "--from 0001-01-01T00:00:00+00:00" in commands_for(first, partitioned=False, zone=NEW_YORK).own


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("sales", "sales"),
        ("it's", """'it'"'"'s'"""),
        ("", "''"),
        ("=ls", "'=ls'"),
        ("日本 é", "'日本 é'"),
        ("\x1b[31m it's\\0!", "$'\\033[31m it\\047s\\1340\\041'"),
        ("evil\u202e1", "$'evil\\342\\200\\2561'"),
        ("not \udcff utf-8", "$'not \\377 utf-8'"),
    ],
)
def test_a_word_is_written_so_that_it_can_be_shown(text: str, word: str) -> None:
    assert shell_word(text) == word
    assert argv_of(f"echo {word}") == ["echo", text]


def test_white_space_between_the_parts_of_a_conf_is_only_white_space() -> None:
    request = replace(MARCH, conf=' {\n\t"a":\r\n "\\n\x7f\U000e0001" }\n')
    own = commands_for(request, partitioned=False, zone=UTC).own
    assert own.endswith("""--conf '{  "a":   "\\n\\u007f\\udb40\\udc01" }'""")


@pytest.mark.parametrize("conf", ["{", "[1]", "{}, 1", '{}, "dag_id": "other"', '{"a": NaN}', "[" * 100_000])
def test_a_conf_that_is_no_object_is_refused(conf: str) -> None:
    with pytest.raises(BadRequest, match="The conf is not"):
        commands_for(replace(MARCH, conf=conf), partitioned=False, zone=UTC)


@pytest.mark.parametrize("conf", [" ", "\n"])
def test_a_blank_conf_is_none(conf: str) -> None:
    blank = commands_for(replace(MARCH, conf=conf), partitioned=False, zone=UTC)
    assert blank == commands_for(MARCH, partitioned=False, zone=UTC)
    empty = commands_for(replace(MARCH, conf="{}"), partitioned=False, zone=UTC)
    assert "--dag-run-conf '{}'" in empty.airflow
    assert body_of(empty.rest)["dag_run_conf"] == {}


@pytest.mark.parametrize("dag_id", ["a\0b", "a\ud800b"])
def test_an_id_that_no_command_can_hold_is_refused(dag_id: str) -> None:
    with pytest.raises(BadRequest, match="No command can name the Dag") as refusal:
        commands_for(replace(MARCH, dag_id=DagId(dag_id)), partitioned=False, zone=UTC)
    assert str(refusal.value).isprintable()


@given(
    request=requests(instant("1900-01-01"), instant("2200-01-01")),
    partitioned=st.booleans(),
    zone=st.sampled_from(ZONES).map(zone_named),
    folder=nasty_text,
)
@settings(deadline=None)
def test_what_is_shown_is_one_harmless_line(
    request: BackfillRequest, folder: str, *, partitioned: bool, zone: Any
) -> None:
    program: tuple[Word, ...] = ("backfill-tui", "--dags-folder", folder)
    commands = commands_for(request, partitioned=partitioned, zone=zone, program=program)
    for line in (commands.airflow, commands.own, commands.rest):
        assert line.isprintable()
        assert harmless(line) == line


@given(words=st.lists(nasty_text, max_size=8))
@settings(deadline=None, max_examples=50)
def test_bash_reads_each_word_as_it_was(words: list[str]) -> None:
    line = " ".join(["echo", *map(shell_word, words)])
    assert argv_of(line) == ["echo", *words]
    if all(word.isprintable() for word in words):
        assert shlex.split(line) == ["echo", *words]


class Recording(ScriptedGateway):
    """Keeps the requests it is asked to plan."""

    planned: BackfillRequest | None = None

    def plan(self, request: BackfillRequest, *rest: Any, **more: Any) -> BackfillPlan:
        self.planned = request
        return super().plan(request, *rest, **more)


def typed(line: str, request: BackfillRequest, timezone: str) -> BackfillRequest:
    """The request that our command line makes of a line, in a world that has the Dag."""
    world = World([a_dag(request.dag_id, timezone=timezone)])
    run = CommandLine(ScriptedComposition(world, gateway_class=Recording))
    ended = run(*argv_of(line)[1:])
    [gateway] = run.composition.gateways
    assert isinstance(gateway, Recording)
    assert gateway.planned is not None, ended.talk
    return gateway.planned


@given(
    # The flag for the original version is a word of its own, seen in the examples above.
    request=requests(instant("2024-01-01"), instant("2024-02-01")).map(
        lambda request: replace(request, run_on_latest_version=True)
    ),
    partitioned=st.booleans(),
    shown_in=st.sampled_from(ZONES).map(zone_named),
    dags_zone=st.sampled_from(ZONES),
)
@settings(deadline=None, max_examples=60)
def test_our_own_command_asks_for_the_same_request(
    request: BackfillRequest, shown_in: Any, dags_zone: str, *, partitioned: bool
) -> None:
    commands = commands_for(request, partitioned=partitioned, zone=shown_in)
    same = typed(commands.own, request, dags_zone)
    assert replace(same, conf="") == replace(request, conf="")
    assert conf_value(same.conf) == conf_value(request.conf)
    if request.conf.isprintable():
        assert same.conf == request.conf


@given(request=requests(instant("2024-01-01"), instant("2024-02-01")))
@settings(deadline=None)
def test_a_printable_command_is_split_by_any_posix_shell(request: BackfillRequest) -> None:
    assume(request.dag_id.isprintable())
    commands = commands_for(request, partitioned=False, zone=UTC)
    assert shlex.split(commands.airflow)[:3] == ["airflow", "backfill", "create"]
    assert request.dag_id in shlex.split(commands.own)
    assert json.loads(shlex.split(commands.rest)[-1])["dag_id"] == request.dag_id
