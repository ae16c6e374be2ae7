"""What older versions of Airflow do otherwise than the plan says, so that it is not launched there."""

from __future__ import annotations

from collections.abc import Iterator

from backfill_tui.bridge.compat import installed
from backfill_tui.bridge.plan_warnings.situation import Situation, warning
from backfill_tui.domain.numbers import counted
from backfill_tui.domain.outcomes import Verdict
from backfill_tui.domain.planning import PlanWarning


def conf(it: Situation) -> Iterator[PlanWarning]:
    """A conf reaches the runs that are taken again since Airflow 3.2.2."""
    taken = it.judged.count(Verdict.REPROCESS)
    if taken and it.request.conf.strip() and not installed().gives_conf_to_all(_version()):
        runs = counted(taken, "run")
        yield warning(
            "conf_not_for_all",
            f"Airflow {_version()} would not give the conf to the {runs} of the plan that it takes again",
            "leave the conf out, or choose Missing Runs",
        )


def _version() -> str:
    from airflow import __version__

    return str(__version__)
