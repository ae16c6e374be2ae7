"""What Airflow made is compared with the plan, entry by entry."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backfill_tui.bridge.made_runs import Made, differences, is_whole, launched
from backfill_tui.domain.ids import BackfillId, DagId
from backfill_tui.domain.instants import Instant
from backfill_tui.domain.launching import Launched
from backfill_tui.domain.outcomes import Verdict
from backfill_tui.domain.plan_dates import Occurrence
from backfill_tui.domain.planning import BackfillPlan, BackfillRequest, PlannedRun
from backfill_tui.domain.states import RunState

CREATE, REPROCESS, EXISTS, FLYING = (
    Verdict.CREATE,
    Verdict.REPROCESS,
    Verdict.SKIP_EXISTS,
    Verdict.SKIP_IN_FLIGHT,
)


def a_plan(*verdicts: Verdict, partitioned: bool = False) -> BackfillPlan:
    runs = tuple(
        PlannedRun(
            occurrence=Occurrence(
                logical_date=None if partitioned else Instant(number),
                data_interval_start=None,
                data_interval_end=None,
                run_after=Instant(number),
                partition_key=str(number) if partitioned else None,
            ),
            verdict=verdict,
            reason="",
            ordinal=None if verdict is Verdict.NOT_YET else number,
        )
        for number, verdict in enumerate(verdicts, start=1)
    )
    request = BackfillRequest(dag_id=DagId("sales"), from_date=Instant(0), to_date=Instant(9))
    return BackfillPlan(request=request, timezone="UTC", runs=runs, warnings=(), planned_at=Instant(0))


def made(*verdicts: Verdict) -> list[Made]:
    return [
        Made(ordinal=number, verdict=verdict, state=RunState.QUEUED if verdict.runs else None)
        for number, verdict in enumerate(verdicts, start=1)
    ]


def test_what_was_made_as_planned_has_no_differences() -> None:
    plan = a_plan(CREATE, REPROCESS, EXISTS, FLYING, Verdict.NOT_YET)
    entries = made(CREATE, REPROCESS, EXISTS, FLYING)
    assert differences(entries, plan) == []
    assert is_whole(entries, plan)
    assert launched(BackfillId(7), entries, plan) == Launched(
        backfill_id=BackfillId(7), created=1, reprocessed=1, skipped=2
    )


def test_a_new_run_beside_that_of_a_partition_counts_as_reprocessed() -> None:
    plan = a_plan(CREATE, REPROCESS, partitioned=True)
    assert differences(made(CREATE, CREATE), plan) == []
    assert launched(BackfillId(1), made(CREATE, CREATE), plan).reprocessed == 1


def test_every_difference_is_counted_in_words() -> None:
    plan = a_plan(CREATE, CREATE, CREATE, REPROCESS)
    entries = made(FLYING, FLYING, CREATE, REPROCESS, CREATE)
    entries[3] = replace(entries[3], state=RunState.SUCCESS)
    assert differences(entries, plan) == [
        "1 x not planned, now create",
        "2 x planned as create, now skip_in_flight",
        "1 x reprocess left its run success",
    ]


@pytest.mark.parametrize("lost", [0, 1, 2])
def test_an_entry_that_is_missing_makes_it_less_than_whole(lost: int) -> None:
    plan = a_plan(CREATE, CREATE, CREATE)
    entries = made(CREATE, CREATE, CREATE)
    assert is_whole(entries, plan)
    del entries[lost]
    assert not is_whole(entries, plan)
    assert "1 x planned, now absent" in differences(entries, plan)
