"""All screens and widgets of the program, as classes."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from textual.screen import Screen
from textual.widget import Widget

from backfill_tui.ui import screens, widgets


def all_nodes() -> list[type[Widget]]:
    """Every class of the packages of screens and widgets that can be mounted."""
    found = {
        value: None
        for package in (screens, widgets)
        for module in iter_modules(package.__path__)
        for value in vars(import_module(f"{package.__name__}.{module.name}")).values()
        if isinstance(value, type)
        and issubclass(value, Widget)
        and value.__module__.startswith(package.__name__)
    }
    return list(found)


def is_screen(node: type[Widget]) -> bool:
    """Whether it is a screen or a dialog, and no part of one."""
    return issubclass(node, Screen)
