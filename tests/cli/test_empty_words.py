"""An empty text, as a shell makes of a variable that is not set, is never an option that was left out."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest
from tests.cli.conftest import CommandLine

from backfill_tui.cli import main

RERUN = ("rerun", "sales_daily", "--yes")
MARK = ("mark", "success", "sales_daily", "--yes")
LAUNCH = ("launch", "sales_daily", "--range", "2024-01", "--yes")


@pytest.fixture
def failed(run: CommandLine) -> CommandLine:
    """Backfill 1, whose `load` failed on two of three dates."""
    run.world.fail("sales_daily", "load", "2024-01-01", "2024-01-02")
    run("launch", "sales_daily", "--from", "2024-01-01", "--to", "2024-01-03", "--yes")
    run.world.advance_to_end()
    return run


@pytest.mark.parametrize("empty", ["", "  "])
@pytest.mark.parametrize(
    ("words", "option"),
    [
        ((*RERUN, "--task"), "--task"),
        ((*RERUN, "--date"), "--date"),
        ((*RERUN, "--from"), "--from"),
        ((*RERUN, "--from", "2024-01-01", "--to"), "--to"),
        ((*RERUN, "--max-attempts", "3", "--from"), "--from"),
        ((*RERUN, "--max-attempts", "3", "--every"), "--every"),
        ((*RERUN, "--note"), "--note"),
        ((*MARK, "--task"), "--task"),
        ((*MARK, "--date"), "--date"),
        (("undo", "--yes"), "[ENTRY]"),
        (("undo", "--yes", "--dag"), "--dag"),
        ((*LAUNCH, "--if-unchanged"), "--if-unchanged"),
        ((*LAUNCH, "--conf"), "--conf"),
        (("launch", "sales_daily", "--range", "2024-01", "--accept"), "--accept"),
        (("journal", "--dag"), "--dag"),
        (("list", "--dag"), "--dag"),
        (("failures",), "[DAG_ID]"),
    ],
)
def test_an_empty_text_is_refused_before_airflow_comes_up(
    failed: CommandLine, words: tuple[str, ...], option: str, empty: str
) -> None:
    before = len(failed.composition.gateways)
    refused = failed(*words, empty)
    assert refused.code == 2
    assert f"Invalid value for '{option}': it is empty" in refused.talk
    assert len(failed.composition.gateways) == before


@pytest.mark.parametrize("flag", ["--dags-folder", "--airflow-home", "--home"])
def test_an_empty_path_is_not_the_folder_one_stands_in(run: CommandLine, flag: str) -> None:
    refused = run(flag, "", "dags")
    assert refused.code == 2
    assert f"Invalid value for '{flag}': it is empty" in refused.talk


def every_parameter(group: click.Group) -> Iterator[tuple[click.Command, click.Parameter]]:
    for command in (group, *group.commands.values()):
        if isinstance(command, click.Group) and command is not group:
            yield from every_parameter(command)
        else:
            yield from ((command, parameter) for parameter in command.params)


@pytest.mark.parametrize(
    ("command", "parameter"),
    [
        pytest.param(command, parameter, id=f"{command.name} {parameter.human_readable_name}")
        for command, parameter in every_parameter(main)
        if not (isinstance(parameter, click.Option) and parameter.is_flag)
    ],
)
def test_no_parameter_of_any_command_takes_an_empty_text(
    command: click.Command, parameter: click.Parameter
) -> None:
    with pytest.raises(click.BadParameter):
        parameter.type("", parameter, click.Context(command))
