"""Options that several commands have."""

from __future__ import annotations

import click

as_json = click.option("--json", "as_json", is_flag=True, help="Data as JSON on stdout.")
yes = click.option("--yes", is_flag=True, help="Do not ask.")
wait = click.option("--wait", is_flag=True, help="Follow it to its end; the exit code tells the outcome.")
