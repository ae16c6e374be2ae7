"""What Airflow made is compared with the plan, entry by entry."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backfill_tui.bridge.made_runs import Made, differences, is_whole, launched
from backfill_tui.domain.ids import BackfillId, DagId
from backfill_tui.domain.instants import Instant
from backfill_tui.domain.launching import Launched
from backfill_tui.domain.outcomes import Outcome, OutcomeTable, Verdict
from backfill_tui.domain.plan_dates import Occurrence, columns_of
from backfill_tui.domain.planning import BackfillPlan, BackfillRequest
from backfill_tui.domain.states import RunState

CREATE, REPROCESS, EXISTS, FLYING = (
    Verdict.CREATE,
    Verdict.REPROCESS,
    Verdict.SKIP_EXISTS,
    Verdict.SKIP_IN_FLIGHT,
)


def a_plan(*verdicts: Verdict, partitioned: bool = False, backwards: bool = False) -> BackfillPlan:
    """A plan with these verdicts in the timetable's order; those not yet due come last."""
    dates = columns_of(
        Occurrence(
            logical_date=None if partitioned else Instant(number),
            data_interval_start=None if partitioned else Instant(number),
            data_interval_end=None if partitioned else Instant(number),
            run_after=Instant(number),
            partition_key=str(number) if partitioned else None,
            partition_date=Instant(number) if partitioned else None,
        )
        for number in range(1, 1 + len(verdicts))
    )
    table = OutcomeTable(len(verdicts))
    for place, verdict in enumerate(verdicts):
        table.outcome_of[place] = table.number(Outcome(verdict=verdict))
    due = len(verdicts) - verdicts.count(Verdict.NOT_YET)
    return BackfillPlan(
        request=BackfillRequest(
            dag_id=DagId("sales"), from_date=Instant(0), to_date=Instant(9), run_backwards=backwards
        ),
        timezone="UTC",
        judged=table.judged(dates, due),
        warnings=(),
        planned_at=Instant(0),
    )


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
        "1 date has a run without task instances, which Airflow did not queue again: it stays success",
        "1 date that was not due when the plan was made was created",
        "2 dates that were to be created were skipped, for a run is in flight",
    ]


@pytest.mark.parametrize("lost", [0, 1, 2])
def test_an_entry_that_is_missing_makes_it_less_than_whole(lost: int) -> None:
    plan = a_plan(CREATE, CREATE, CREATE)
    entries = made(CREATE, CREATE, CREATE)
    assert is_whole(entries, plan)
    del entries[lost]
    assert not is_whole(entries, plan)
    assert "1 date of the plan has no entry" in differences(entries, plan)


def test_entries_of_a_backfill_that_goes_backwards_are_compared_with_the_last_date_first() -> None:
    plan = a_plan(CREATE, REPROCESS, EXISTS, Verdict.NOT_YET, backwards=True)
    assert differences(made(EXISTS, REPROCESS, CREATE), plan) == []
    assert differences(made(CREATE, REPROCESS, EXISTS), plan) == [
        "1 date that was to be created was skipped, for a run exists",
        "1 date that was to be skipped was created",
    ]


def test_a_date_that_has_become_due_meanwhile_leaves_the_backfill_whole() -> None:
    plan = a_plan(CREATE, CREATE, Verdict.NOT_YET)
    entries = made(CREATE, CREATE, CREATE)
    assert is_whole(entries, plan)
    assert differences(entries, plan) == ["1 date that was not due when the plan was made was created"]
    assert launched(BackfillId(1), entries, plan).created == 3


def test_a_partition_that_is_skipped_is_not_taken_for_one_that_was_reprocessed() -> None:
    plan = a_plan(REPROCESS, REPROCESS, partitioned=True)
    entries = made(FLYING, CREATE)
    assert differences(entries, plan) == [
        "1 date that was to be reprocessed was skipped, for a run is in flight"
    ]
    assert launched(BackfillId(1), entries, plan) == Launched(
        backfill_id=BackfillId(1), created=0, reprocessed=1, skipped=1
    )


def test_a_run_that_was_to_be_cleared_and_is_new_is_a_difference_where_there_are_no_partitions() -> None:
    plan = a_plan(REPROCESS)
    assert differences(made(CREATE), plan) == ["1 date that was to be reprocessed was created"]
