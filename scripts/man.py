"""Writes the manual page man/backfill-tui.1 from the commands and the settings of the program.

python -m scripts.man
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from textwrap import wrap
from typing import Final

import click

from backfill_tui import __version__
from backfill_tui.cli import main as program
from backfill_tui.settings.names import CONFIG_VARIABLE, PREFIX
from backfill_tui.settings.registry import SETTINGS, Setting

PAGE: Final = Path(__file__).parents[1] / "man" / "backfill-tui.1"
_NAME: Final = "backfill-tui"
_WIDTH: Final = 78
_SUMMARY: Final = "plan, launch, watch and repair Apache Airflow 3 backfills from the terminal"
_DESCRIPTION: Final = """\
Without a command the screen opens, which needs a terminal; ? shows its keys. With one, data goes to standard
output and everything else to standard error.

No Airflow has to be configured: for a folder of Dags the program starts one of its own, private and on
loopback only. Where AIRFLOW_HOME is set, or with --airflow-home, it attaches to that Airflow instead."""
_EXIT_CODES: Final = (
    ("0", "all succeeded, or nothing had to be waited for"),
    ("1", "finished, but with failures, or cancelled, or stopped after failures"),
    ("2", "what was typed or set can not be meant"),
    ("3", "Airflow, its database, the bridge or the engine does not answer or breaks"),
    ("4", "refused: nobody said yes, a read-only session, a warning that forbids a launch"),
    ("130", "interrupted with ctrl+c"),
    ("141", "whoever read the output went away"),
)
_EXAMPLES: Final = (
    ("Open the screen on a folder of Dags, with an Airflow of its own:", "--dags-folder dags"),
    ("Show every date of a backfill with what would become of it:", "plan sales_daily --range 2024-01"),
    (
        "Launch it, follow it to its end, and say nothing but the outcome:",
        "launch sales_daily --range 2024-01 --yes --wait --quiet",
    ),
    (
        "Run again what failed, three times at most:",
        "rerun sales_daily --failed --max-attempts 3 --every 5m --yes",
    ),
)
_FILES: Final = (
    ("~/.config/backfill-tui/config.toml", "the settings; config --example prints one with everything in it"),
    ("~/.local/state/backfill-tui/", "the embedded Airflows, the journals and the logs of the bridges"),
)


_ESCAPES: Final = (
    ("\\", "\\e"),
    ("-", "\\-"),
    ("'", "\\(aq"),
    ('"', "\\(dq"),
    ("^", "\\(ha"),
    ("~", "\\(ti"),
)
"""What troff would take for something else, or draw as another sign than the one that is typed."""


def page() -> str:
    """The page as troff source, in the macros of man(7)."""
    return "\n".join(_lines()) + "\n"


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command with its words, those of groups after the name of the group."""
    yield from _commands_of(program, "")


def main() -> None:
    """Write the page anew."""
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")


def _commands_of(group: click.Group, before: str) -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from _commands_of(command, f"{before}{name} ")
        else:
            yield f"{before}{name}", command


def _lines() -> Iterator[str]:
    yield '.\\" Made from the program by: python -m scripts.man'
    yield f'.TH BACKFILL\\-TUI 1 "" "{_NAME} {_text(__version__)}" "User Commands"'
    yield ".SH NAME"
    yield _sentence(f"{_NAME} - {_SUMMARY}")
    yield ".SH SYNOPSIS"
    yield f".B {_text(_NAME)}"
    yield f"{_text('[OPTIONS] [COMMAND [ARGS]]')}"
    yield ".SH DESCRIPTION"
    yield from _paragraphs(_DESCRIPTION)
    yield ".SH OPTIONS"
    yield from _options(program)
    yield ".SH COMMANDS"
    for name, command in commands():
        yield from _command(name, command)
    yield ".SH SETTINGS"
    yield from _paragraphs(
        "Each of them is a key of the settings file, and but for those of a profile a variable, in "
        f"capitals after {PREFIX}. An option comes before a variable, a variable before the profile in use, "
        f"that before the file. {_NAME} config shows what counts, and where it is set."
    )
    for setting in SETTINGS:
        yield from _setting(setting)
    yield ".SH ENVIRONMENT"
    yield from _tagged(CONFIG_VARIABLE, "the settings file, in place of the user's")
    yield from _tagged("AIRFLOW_HOME", "the Airflow to attach to where no setting chooses one")
    yield from _tagged("NO_COLOR", "set to anything: no colours")
    yield ".SH FILES"
    for name, meaning in _FILES:
        yield from _tagged(name, meaning)
    yield ".SH EXIT STATUS"
    for code, meaning in _EXIT_CODES:
        yield from _tagged(code, meaning)
    yield ".SH EXAMPLES"
    for place, (words, typed) in enumerate(_EXAMPLES):
        yield from [".PP"] if place else []
        yield from (_sentence(words), ".PP", ".nf", ".RS", _text(f"{_NAME} {typed}"), ".RE", ".fi")
    yield ".SH SEE ALSO"
    yield ".BR airflow (1)"


def _command(name: str, command: click.Command) -> Iterator[str]:
    context = click.Context(command, info_name=name)
    words = " ".join(command.collect_usage_pieces(context))
    yield f'.SS "{_text(f"{name} {words}".rstrip())}"'
    yield from _paragraphs(command.help or "")
    yield from _options(command)


def _options(command: click.Command) -> Iterator[str]:
    context = click.Context(command, info_name=_NAME)
    for param in command.get_params(context):
        record = param.get_help_record(context)
        if isinstance(param, click.Option) and record is not None:
            yield from _tagged(*record)


def _setting(setting: Setting) -> Iterator[str]:
    where = "in a profile; " if setting.only_in_profile else ""
    yield from _tagged(
        setting.key, f"{setting.meaning} ({where}{setting.kind_words}; default: {setting.default})"
    )


def _tagged(tag: str, words: str) -> Iterator[str]:
    yield ".TP"
    yield f".B {_text(tag)}"
    yield _sentence(words)


def _paragraphs(words: str) -> Iterator[str]:
    for place, paragraph in enumerate(re.split(r"\n\s*\n", words.replace("\b", "").strip())):
        # Under a heading the first one begins by itself.
        yield from [".PP"] if place else []
        yield _sentence(" ".join(paragraph.split()))


def _sentence(words: str) -> str:
    """With what is code in bold, as the docs have it between backticks, in short lines."""
    parts = [
        f"\\fB{_text(part)}\\fR" if place % 2 else _text(part) for place, part in enumerate(words.split("`"))
    ]
    lines = wrap(" ".join("".join(parts).split()), _WIDTH, break_long_words=False, break_on_hyphens=False)
    # A line that begins with a dot would be a request.
    return "\n".join(f"\\&{line}" if line.startswith(".") else line for line in lines)


def _text(words: str) -> str:
    """Words as troff prints them: what is typed keeps its plain hyphens and quotes."""
    for sign, escaped in _ESCAPES:
        words = words.replace(sign, escaped)
    return words


if __name__ == "__main__":
    main()
