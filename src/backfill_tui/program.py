"""How an invocation of the program ends: sentences on stderr, and exit codes that mean something."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NoReturn, cast

import click

from backfill_tui.composition import Composition, RealComposition
from backfill_tui.domain.problems import Problem
from backfill_tui.domain.text import harmless, one_line
from backfill_tui.headless.remedies import sentence_of

_NAME: Final = "backfill-tui"
_USAGE: Final = 2
_UNEXPECTED: Final = 3
_INTERRUPTED: Final = 130
_READER_GONE: Final = 141
"""What a shell calls a process that ended by SIGPIPE."""


@dataclass(slots=True)
class Invocation:
    """What the options before the command say, and what the command is put together from."""

    composition: Composition
    flags: Mapping[str, object] = field(default_factory=dict)
    verbose: bool = False
    confirmed: str | None = None


class Program(click.Group):
    """The group of commands; a command returns its exit code."""

    def main(  # type: ignore[override]  # it always ends the process, as click's does by default
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,  # noqa: ARG002  # it has one name, however it was started
        **extra: Any,
    ) -> NoReturn:
        """Run a command and exit with its code; `obj` is the Invocation, made here unless it is given."""
        _open_what_is_closed()
        invocation = extra.pop("obj", None)
        if not isinstance(invocation, Invocation):
            invocation = Invocation(RealComposition(os.environ, Path.cwd()))
        extra["standalone_mode"] = False
        try:
            code = super().main(args, _NAME, obj=invocation, **extra)
        except click.Abort:
            _tell("interrupted")
            code = _INTERRUPTED
        except click.exceptions.NoArgsIsHelpError as incomplete:
            _tell(incomplete.format_message())
            code = _USAGE
        except click.ClickException as wrong:
            _tell(f"error: {_usage_words(wrong)}")
            code = _USAGE
        except Problem as problem:
            _tell(f"error: {sentence_of(problem)}")
            if problem.detail:
                _tell(harmless(problem.detail) if invocation.verbose else "(--verbose shows the details)")
            code = problem.exit_code
        except Exception as bug:  # noqa: BLE001  # the outermost edge: it is told with its traceback
            import traceback

            _tell(harmless("".join(traceback.format_exception(bug))))
            _tell(f"error: unexpected {type(bug).__name__}: this is a bug of backfill-tui")
            code = _UNEXPECTED
        _let_go_of_stdout()
        sys.exit(code if isinstance(code, int) else 0)

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; a reader of its output that is gone ends it quietly."""
        try:
            return cast("object", super().invoke(ctx))
        except BrokenPipeError:
            return _READER_GONE


def _usage_words(wrong: click.ClickException) -> str:
    context = getattr(wrong, "ctx", None)
    path = context.command_path if context is not None else _NAME
    sentence = one_line(wrong.format_message()).rstrip(".")
    return sentence if "Did you mean" in sentence else f"{sentence}: {path} --help shows what there is"


def _tell(text: str) -> None:
    try:
        click.echo(text, err=True)
    except OSError:
        # Nobody reads stderr any more; the exit code says the rest.
        return


def _open_what_is_closed() -> None:
    """See to it that there is a stdin, a stdout and a stderr, whatever a shell has closed (`>&-`).

    Else the next file to be opened, such as a pipe to the bridge, would be taken for one of them. What is
    said goes nowhere then, and data can not be written, which is an error as with every other program.
    """
    for descriptor, flags in enumerate((os.O_RDONLY, os.O_RDONLY, os.O_WRONLY)):
        if not _is_open(descriptor):
            # It takes the lowest one that is free.
            os.open(os.devnull, flags)
    for descriptor, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            mode = "w" if descriptor else "r"
            setattr(sys, name, os.fdopen(descriptor, mode, closefd=False))


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def _let_go_of_stdout() -> None:
    try:
        sys.stdout.flush()
    except OSError:
        # The interpreter must not find out again when it flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
