from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import click
import pytest
from tests.cli.conftest import CommandLine, Ended, ScriptedComposition, scheduler
from tests.cli.journals import a_journal
from tests.support.json_page import LINES, documented_examples, same_shape, shape
from tests.support.scripted import ScriptedEngine
from tests.support.world import World, a_dag, instant

from backfill_tui.cli import main
from backfill_tui.domain.dags import ImportProblem
from backfill_tui.domain.ids import BackfillId
from backfill_tui.domain.instants import SECOND, Instant, zone_named
from backfill_tui.domain.outcomes import Verdict
from backfill_tui.domain.problems import BadRequest, Interrupted, Refused, Unreachable
from backfill_tui.domain.progress import CREATION_SECONDS
from backfill_tui.domain.ranges import RangeContext, parse_range
from backfill_tui.domain.states import RunState
from backfill_tui.forms.plan_csv import CSV_HEADER
from backfill_tui.settings import FLAGS

DOCS = Path(__file__).parents[2] / "docs"
COMMANDS_PAGE = (DOCS / "commands.md").read_text("utf-8")


def every_command(group: click.Group, path: str = "") -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from every_command(command, f"{path}{name} ")
        else:
            yield f"{path}{name}", command


COMMANDS = dict(every_command(main))


def options_of(command: click.Command) -> set[str]:
    return {
        word
        for option in command.params
        if isinstance(option, click.Option)
        for word in option.opts + option.secondary_opts
    }


def section(page: str, heading: str) -> str:
    found = re.search(rf"^### `{heading}(?: [^`]*)?`\n(.*?)(?=^###? |\Z)", page, re.MULTILINE | re.DOTALL)
    assert found is not None, f"no section of {heading}"
    return found[1]


def documented_options(text: str) -> set[str]:
    return {
        word
        for row in re.findall(r"^\| (`--.*?) \|", text, re.MULTILINE)
        for word in re.findall(r"--[a-z-]+|(?<=`)-[a-z](?=`)", row)
    }


@pytest.mark.parametrize("name", list(COMMANDS))
def test_the_page_of_commands_has_every_option_and_no_other(name: str) -> None:
    documented = documented_options(section(COMMANDS_PAGE, name))
    if name == "launch":
        shared = options_shared_with_plan()
        assert shared <= options_of(COMMANDS["plan"])
        documented |= shared
    assert documented == options_of(COMMANDS[name])


def options_shared_with_plan() -> set[str]:
    found = re.search(
        r"mean what they mean for `plan`:(.*?)\. Its own", section(COMMANDS_PAGE, "launch"), re.DOTALL
    )
    assert found is not None
    return set(re.findall(r"`(--[a-z-]+)`", found[1]))


def documented_choices(name: str) -> dict[str, list[str]]:
    """By option: the words in the brackets behind it."""
    rows = re.findall(r"^\| `(--[a-z-]+) \[(.*?)\]`", section(COMMANDS_PAGE, name), re.MULTILINE)
    return {option: words.split("\\|") for option, words in rows}


def test_the_page_of_commands_has_every_choice_of_an_option() -> None:
    choices = {
        option.opts[0]: list(option.type.choices)
        for option in COMMANDS["plan"].params
        if isinstance(option.type, click.Choice)
    }
    assert documented_choices("plan") == choices


def test_the_page_of_commands_has_every_verdict_and_the_columns_of_csv() -> None:
    text = section(COMMANDS_PAGE, "plan")
    verdicts = re.findall(r"^\| `([a-z_]+)` \|", text, re.MULTILINE)
    assert verdicts == [str(verdict) for verdict in Verdict]
    assert f"\n    {','.join(CSV_HEADER)}\n" in text


def documented_expressions() -> list[str]:
    """What can be typed for a date or a range, by the two tables of the page."""
    dates = COMMANDS_PAGE[COMMANDS_PAGE.index("## Dates") : COMMANDS_PAGE.index("## Commands")]
    cells = re.findall(r"^\| (`.*?) \|", dates, re.MULTILINE)
    return [text for cell in cells for text in re.findall(r"`([^`]+)`", cell)]


def test_every_expression_on_the_page_of_commands_is_understood() -> None:
    now = instant("2024-06-15T12:00")
    context = RangeContext(
        zone=zone_named("Europe/Zurich"),
        now=now,
        start=instant("2023-01-01"),
        last_success=instant("2024-05-01"),
    )
    expressions = documented_expressions()
    assert len(expressions) > 20
    for text in expressions:
        span = parse_range(text, context)
        assert span.first <= span.last


def test_the_page_of_commands_has_the_options_before_the_command() -> None:
    start = COMMANDS_PAGE.index("## Options before the command")
    assert documented_options(COMMANDS_PAGE[start : COMMANDS_PAGE.index("## Dates")]) == options_of(main) | {
        "--help"
    }
    for key in FLAGS:
        assert f"`{key}`" in COMMANDS_PAGE
        assert f"`BACKFILL_TUI_{key.upper()}`" in COMMANDS_PAGE


def test_the_page_of_commands_has_every_exit_code_of_a_problem() -> None:
    codes = set(re.findall(r"^\| (\d+) \|", COMMANDS_PAGE, re.MULTILINE))
    assert codes == {"0", "1", "2", "3", "4", "130", "141"}
    assert {str(kind.exit_code) for kind in (BadRequest, Refused, Unreachable, Interrupted)} <= codes


def prepare_for(name: str, run: CommandLine) -> None:
    """Bring the world to where the example of a command makes sense."""
    world = run.world
    if name in {"launch", "plan"}:
        return
    world.fail("sales_daily", "load", "2024-01-06")
    run("launch", "sales_daily", "--from", "2024-01-05", "--to", "2024-01-07", "--yes")
    backfill = world.backfills[BackfillId(1)]
    if name not in {"pause", "resume", "cancel", "reopen", "remove"}:
        world.advance_to_end()
        if name not in OTHER_OBJECTS:
            world.mend()
        if name == "undo":
            run("mark", "success", "sales_daily", "--failed", "--yes")
        return
    world.advance(2)
    backfill.is_paused = name == "resume"
    if name == "reopen":
        backfill.completed_at = world.now
    elif name == "remove":
        backfill.entries.clear()
        world.now = Instant(world.now + CREATION_SECONDS * SECOND)


def run_example(name: str, words: str, tmp_path: Path) -> Ended:
    """The command of an example, on a world that has something of everything."""
    broken = ImportProblem(file="legacy.py", sentence="no", advice="mend it", traceback="Trace")
    world = World([a_dag("sales_daily", tags=("a",))], import_problems=[broken])
    engine = ScriptedEngine(world)
    engine.ready()
    (tmp_path / "scheduler.log").write_text("one\n")
    logs = {"scheduler": tmp_path / "scheduler.log"}
    config_path = tmp_path / "config.toml"
    config_path.write_text('read_only = true\nprofile = "prod"\n[profiles.prod]\nairflow_home = "/opt/af"\n')
    composition = ScriptedComposition(
        world,
        engine_of=engine,
        logs=logs,
        journal_path=a_journal(tmp_path),
        config_path=config_path,
    )
    run = CommandLine(composition)
    world.add_run("sales_daily", "2024-02-01", RunState.SUCCESS)
    prepare_for(name, run)
    if name == "plan":
        world.paused.add(world.dag_list().dags[0].dag_id)
        world.add_run("sales_daily", "2024-01-06", RunState.FAILED)
    engine.start()
    with scheduler(world) if name in {"launch", "watch", "rerun", *OTHER_OBJECTS} else nullcontext():
        return run(*shlex.split(words))


OTHER_OBJECTS = ("rerun --max-attempts",)
"""Options with which a command prints an object of another kind."""


WITH_JSON = [name for name, command in COMMANDS.items() if "--json" in options_of(command)]


def test_every_command_but_the_script_of_a_shell_has_json() -> None:
    assert set(COMMANDS) - set(WITH_JSON) <= {"completion", "serve"}


def test_the_page_of_json_has_an_example_of_every_command() -> None:
    assert set(documented_examples()) == {*WITH_JSON, *OTHER_OBJECTS}


@pytest.mark.parametrize("name", [*WITH_JSON, *OTHER_OBJECTS])
def test_the_json_of_a_command_is_the_documented_one(name: str, tmp_path: Path) -> None:
    words, documented = documented_examples()[name]
    ended = run_example(name, words, tmp_path)
    assert ended.code in {0, 1}, ended.talk
    real = ended.json_lines if name in LINES else [ended.json]
    assert len(documented) >= 1
    for one in documented:
        for other in real:
            assert same_shape(shape(one), shape(other)), (
                f"{json.dumps(shape(one))}\n{json.dumps(shape(other))}"
            )
