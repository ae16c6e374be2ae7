"""The names that our classes have of Textual's: each is meant, for one that is not has Textual call ours."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from types import FunctionType

from textual.reactive import Reactive

import backfill_tui.ui

_MEANT = frozenset(
    {
        # What Textual itself has subclasses define.
        *("apply", "can_replace", "check_action", "compose", "get_content_height", "render", "render_line"),
        *("discover", "search", "shutdown", "startup"),
        *("get_default_screen", "get_line_filters", "get_theme_variable_defaults", "notify_style_update"),
        # Its own, done otherwise, or with more.
        *("action_command_palette", "delete", "insert_text_at_cursor", "refresh", "render_lines"),
        "vertical_scrollbar",
        *("watch_has_focus", "watch_scroll_x", "watch_scroll_y"),
        *("_compositor_refresh", "_fatal_error", "_on_key", "_on_paste"),
    }
)


def names_taken() -> Iterator[tuple[str, str]]:
    """What classes of the screen define under a name that a class of Textual above them has, with theirs."""
    for found in pkgutil.walk_packages(backfill_tui.ui.__path__, "backfill_tui.ui."):
        module = importlib.import_module(found.name)
        for name, kind in inspect.getmembers(module, inspect.isclass):
            if kind.__module__ != module.__name__:
                continue
            above = [base for base in kind.__mro__ if base.__module__.startswith("textual.")]
            theirs = {one for base in above for one in vars(base)}
            for one, value in vars(kind).items():
                if one in theirs and isinstance(value, (FunctionType, property, Reactive)):
                    yield name, one


def test_no_name_of_textuals_is_taken_unawares() -> None:
    # A handler and what Python itself calls are there to be added to.
    taken = {pair for pair in names_taken() if not pair[1].startswith(("__", "on_"))}
    assert sorted(pair for pair in taken if pair[1] not in _MEANT) == []
    assert {one for _, one in taken} == _MEANT
