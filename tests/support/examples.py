"""The examples of the pages: what is typed in them, and what says that it can not be typed here.

A block of the README or of a page, indented or between fences without a language, holds commands for a shell.
A comment above it says where that is not so:

* `<!-- not run: WHY -->`: they are commands that can not run in a test; their options are checked.
* `<!-- output -->`: it is what something prints, or a drawing.

A line that begins with `$ ` is one command, and what stands below it is what it prints.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

REPOSITORY: Final = Path(__file__).parents[2]
PAGES: Final = (
    REPOSITORY / "README.md",
    REPOSITORY / "CONTRIBUTING.md",
    *sorted((REPOSITORY / "docs").glob("*.md")),
)

_MARK: Final = re.compile(r"<!-- (?:not run: (?P<why>.+)|(?P<output>output)) -->")
_FENCE: Final = re.compile(r" {0,3}```(?P<language>\w*)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A block of a page: its text as it is printed, the line it begins at, and why it is not run."""

    page: str
    line: int
    text: str
    why_not: str = ""
    is_output: bool = False

    @property
    def name(self) -> str:
        """Where it is."""
        return f"{self.page}:{self.line}"

    @property
    def is_session(self) -> bool:
        """Whether it shows a command with a prompt."""
        return self.text.startswith("$ ")

    @property
    def runs(self) -> bool:
        """Whether a test runs it as it stands."""
        return not (self.why_not or self.is_output or self.is_session)


def blocks_of(page: Path) -> list[Block]:
    """All blocks of a page that are not in another language, in their order."""
    name = str(page.relative_to(REPOSITORY))
    return [
        Block(page=name, line=line, text=text, why_not=why, is_output=is_output)
        for line, text, (why, is_output) in _marked(page.read_text("utf-8").splitlines())
    ]


def every_block() -> list[Block]:
    """Those of all pages."""
    return [block for page in PAGES for block in blocks_of(page)]


def _marked(lines: list[str]) -> Iterator[tuple[int, str, tuple[str, bool]]]:
    mark, place, in_list = ("", False), 0, False
    while place < len(lines):
        line = lines[place]
        if found := _MARK.fullmatch(line.strip()):
            mark = (found["why"] or "", found["output"] is not None)
        elif fence := _FENCE.fullmatch(line):
            end = next(at for at in range(place + 1, len(lines)) if lines[at].strip() == "```")
            if not fence["language"]:
                yield place + 1, "\n".join(lines[place + 1 : end]), mark
            mark, place = ("", False), end
        elif line.startswith("    ") and not in_list:
            end = place
            while end < len(lines) and (not lines[end].strip() or lines[end].startswith("    ")):
                end += 1
            yield place + 1, "\n".join(text[4:] for text in lines[place:end]).rstrip(), mark
            mark, place = ("", False), end - 1
        elif line.strip():
            mark = ("", False)
            in_list = bool(re.match(r"\d+\. |\* | {2,3}\S", line))
        place += 1


def commands_in(block: Block) -> list[list[str]]:
    """The words of each `backfill-tui` of a block, without those of the shell around them."""
    lines = block.text.splitlines()
    if block.is_session:
        lines = [lines[0].removeprefix("$ ")]
    return [words for line in lines for words in calls_in(line)]


def calls_in(line: str) -> Iterator[list[str]]:
    """The words after each `backfill-tui` of a line of shell."""
    for found in re.finditer(r"(?:^|(?<=[\s/(]))backfill-tui(?=\s|$)", line):
        yield shlex.split(_to_its_end(line[found.end() :]), comments=True)


def _to_its_end(text: str) -> str:
    """What belongs to one command: up to a pipe, a redirection or the end of a substitution."""
    quote = ""
    for place, letter in enumerate(text):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"":
            quote = letter
        elif letter in "|&;<>)":
            return text[:place]
    return text


def inline_commands() -> list[tuple[str, list[str]]]:
    """Each `backfill-tui ...` within a text of a page, with the name of the page."""
    found = []
    for page in PAGES:
        text = re.sub(r"^ {0,3}```.*?^ {0,3}```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
        for span in re.findall(r"(?<!`)`(backfill-tui [^`]+)`", text):
            words = span.replace("\n", " ").replace("\\|", "|")
            found += [(page.name, call) for call in calls_in(words)]
    return found
