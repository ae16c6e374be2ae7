"""Dag ids, backfills and other names as arguments, and what the tab key finds of them.

It starts nothing and asks nobody: Dag ids and backfills are those that were seen last, in a list on the
screen or by a command. Where something is wrong, such as a settings file, it finds nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from itertools import chain
from typing import TYPE_CHECKING, Final

import click
from click.shell_completion import CompletionItem

from backfill_tui.commands.words import Words
from backfill_tui.domain.problems import Problem
from backfill_tui.program import Invocation
from backfill_tui.settings import FLAGS

if TYPE_CHECKING:
    from backfill_tui.known_names import Names
    from backfill_tui.settings import Report

Found = Iterable[tuple[str, str]]

# A shell takes whatever comes apart at other signs, and expands some.
_PLAIN: Final = re.compile(r"[\w.@+-]+")


class Named(Words):
    """A text with something in it, of which some values are known; each with a word about it."""

    def __init__(self, find: Callable[[click.Context], Found]) -> None:
        self._find = find

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem[str]]:
        """Those that begin with what was typed."""
        return _items(self._find(ctx), incomplete, param)


class File(Words):
    """The name of a file, which the shell itself completes."""

    def shell_complete(
        self,
        ctx: click.Context,  # noqa: ARG002  # click's
        param: click.Parameter,  # noqa: ARG002  # click's
        incomplete: str,
    ) -> list[CompletionItem[str]]:
        """Files and folders."""
        return [CompletionItem(incomplete, type="file")]


class BackfillNumber(click.IntRange):
    """The number of a backfill."""

    def __init__(self) -> None:
        super().__init__(min=1)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem[str]]:
        """Those that begin with what was typed."""
        return _items(_backfills(ctx), incomplete, param)


def _items(found: Found, incomplete: str, param: click.Parameter) -> list[CompletionItem[str]]:
    # Of several with commas between, the last one is typed.
    before, comma, last = incomplete.rpartition(",") if param.name == "only" else ("", "", incomplete)
    return [
        CompletionItem(f"{before}{comma}{name}", help=words or None)
        for name, words in found
        if name.startswith(last) and _PLAIN.fullmatch(name)
    ]


def _names(ctx: click.Context) -> Names:
    from backfill_tui.known_names import Names

    invocation, flags = _given(ctx)
    try:
        return Names() if invocation is None else invocation.composition.names(flags)
    except Problem:
        return Names()


def _report(ctx: click.Context) -> Report | None:
    invocation, flags = _given(ctx)
    try:
        return None if invocation is None else invocation.composition.settings(flags)
    except Problem:
        return None


def _given(ctx: click.Context) -> tuple[Invocation | None, dict[str, object]]:
    """What was typed before the command, which is not run."""
    root = ctx.find_root()
    flags = {key: value for key in FLAGS if (value := root.params.get(key)) not in {None, False}}
    return (root.obj if isinstance(root.obj, Invocation) else None), flags


def _dags(ctx: click.Context) -> Found:
    return ((dag_id, "") for dag_id in _names(ctx).dags)


def _backfills(ctx: click.Context) -> Found:
    return ((str(number), of) for number, of in _names(ctx).backfills)


def _backfills_and_dags(ctx: click.Context) -> Found:
    return chain(_backfills(ctx), _dags(ctx))


def _profiles(ctx: click.Context) -> Found:
    report = _report(ctx)
    found = () if report is None else report.profiles
    return ((profile.name, "production" if profile.production else "") for profile in found)


def _components(ctx: click.Context) -> Found:  # noqa: ARG001  # they are always the same
    return ((name, "") for name in ("engine", "scheduler", "api-server", "triggerer", "bridge"))


def _verdicts(ctx: click.Context) -> Found:  # noqa: ARG001  # likewise
    return ((name, "") for name in ("create", "reprocess", "skip", "not_yet"))


FILE: Final = File()
DAG_ID: Final = Named(_dags)
BACKFILL_ID: Final = BackfillNumber()
BACKFILL_OR_DAG: Final = Named(_backfills_and_dags)
PROFILE: Final = Named(_profiles)
COMPONENT: Final = Named(_components)
VERDICTS: Final = Named(_verdicts)
