"""Every example of the pages says something that can be typed."""

from __future__ import annotations

import click
import pytest
from tests.support.examples import Block, commands_in, every_block, inline_commands

from backfill_tui.cli import main

BLOCKS = every_block()
COMMANDS = [block for block in BLOCKS if not block.is_output]


def leaf_of(words: list[str]) -> tuple[click.Context, click.Command, list[str]]:
    """The command that the words name, its context, and the words that are left for it."""
    context = click.Context(main, info_name="backfill-tui")
    command: click.Command = main
    _, left, _ = main.make_parser(context).parse_args(list(words))
    while left and isinstance(command, click.Group):
        found = command.get_command(context, left[0])
        assert found is not None, f"there is no command {left[0]}"
        command, left = found, left[1:]
        context = click.Context(command, parent=context, info_name=command.name)
    return context, command, left


def test_there_are_blocks_of_every_kind() -> None:
    assert len([block for block in BLOCKS if block.runs]) >= 4
    assert len([block for block in BLOCKS if block.is_session]) > 20
    assert len([block for block in BLOCKS if block.why_not]) >= 4
    assert len(inline_commands()) > 10


@pytest.mark.parametrize("block", COMMANDS, ids=lambda block: block.name)
def test_the_commands_of_a_block_have_the_options_and_arguments_they_are_given(block: Block) -> None:
    for words in commands_in(block):
        _, command, left = leaf_of(words)
        with command.make_context(command.name, left, parent=None):
            pass


@pytest.mark.parametrize(("page", "words"), inline_commands(), ids=lambda value: str(value)[:60])
def test_a_command_within_a_text_exists_with_its_options(page: str, words: list[str]) -> None:  # noqa: ARG001
    _, command, left = leaf_of(words)
    known = {name for param in command.params if isinstance(param, click.Option) for name in param.opts}
    assert {word.partition("=")[0] for word in left if word.startswith("--")} <= known
