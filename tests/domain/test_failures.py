"""Failures in groups: what is folded, what stays apart, and in which order."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backfill_tui.domain.failures import Failure, FailureKind, grouped, normalised
from backfill_tui.domain.ids import RunId, TaskId
from backfill_tui.domain.instants import Instant
from backfill_tui.domain.log_errors import LONGEST_ERROR, last_exception, raised, shortened

DAY = 86_400_000_000


def a_failure(
    ordinal: int,
    error: str = "KeyError: 'sku'",
    *,
    task: str = "clean",
    kind: FailureKind = FailureKind.ERROR,
    map_index: int = -1,
) -> Failure:
    return Failure(
        ordinal=ordinal, logical_date=Instant(ordinal * DAY), partition_key=None,
        run_id=RunId(f"backfill__{ordinal}"), task_id=TaskId(task), map_index=map_index, try_number=1,
        kind=kind, error=error,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("error", "folded"),
    [
        ("KeyError: 'sku-123'", "KeyError: 'sku-<number>'"),
        ("ValueError: 2024-02-06T02:00:11.25+00:00 has 12 rows", "ValueError: <date> has <number> rows"),
        ("OSError: [Errno 2] No such file: '/data/2024-02-06/a b.csv'",
         "OSError: [Errno <number>] No such file: '<path>'"),
        ("Timeout: 3.5 s for s3://bucket/2024/x.csv", "Timeout: <number> s for <path>"),
        ("no run backfill__2024-02-06T00:00:00+00:00", "no run backfill__<date>"),
        ("row 0197abcd-0000-7000-8000-0123456789ab is gone", "row <id> is gone"),
        ("<object at 0x7F3a> deadbeef12", "<object at <hex>> <hex>"),
        ("-4, 1,234.5 and 1e-5", "<number>, <number> and <number>"),
        ("C:\\data\\x.csv and ../x/y", "<path> and <path>"),
        ("and/or, a - b, [bold]", "and/or, a - b, [bold]"),
        ("took 12:30:01 on 2024/02/06", "took <date> on <date>"),
    ],
)  # fmt: skip
def test_what_differs_from_date_to_date_is_folded(error: str, folded: str) -> None:
    assert normalised(error) == folded


_WORDS = st.text(alphabet=string.ascii_letters + string.digits + " '\"/\\-_.:<>[]{}~+,", max_size=60)


@given(_WORDS)
def test_what_is_folded_is_folded_once_and_for_all(error: str) -> None:
    once = normalised(error)
    assert normalised(once) == once


_DIFFERENCES = st.tuples(st.integers(min_value=0), st.dates(), st.integers(min_value=0), st.uuids())


@given(_DIFFERENCES, _DIFFERENCES)
def test_only_what_is_said_counts_and_not_its_numbers_dates_and_ids(
    one: tuple[object, ...], other: tuple[object, ...]
) -> None:
    words = "article {} of {} at /data/{}.csv in {} is not there"
    assert normalised(words.format(*one)) == normalised(words.format(*other))


@given(st.lists(st.tuples(st.integers(1, 30), st.sampled_from(["a 1", "a 2", "b"]), st.sampled_from("xy"))))
def test_every_failure_stands_in_one_group_of_its_task_and_its_error(
    drawn: list[tuple[int, str, str]],
) -> None:
    failures = [a_failure(ordinal, error, task=task) for ordinal, error, task in drawn]
    groups = grouped(failures)
    assert sorted(map(repr, failures)) == sorted(repr(one) for group in groups for one in group.failures)
    keys = [group.key for group in groups]
    assert len(set(keys)) == len(keys)
    for group in groups:
        assert {(one.task_id, normalised(one.error)) for one in group.failures} == {
            (group.task_id, normalised(group.error))
        }
        assert list(group.ordinals) == sorted(group.ordinals)
    sizes = [len(group.ordinals) for group in groups]
    assert sizes == sorted(sizes, reverse=True)


def test_a_group_shows_the_very_error_where_all_have_the_same_and_else_what_they_share() -> None:
    some = "OSError: [Errno 2] No such file: '/data/{}.csv'"
    (group,) = grouped(a_failure(day, some.format(day)) for day in (1, 2))
    assert group.words == "OSError: [Errno 2] No such file: '<path>'"
    same, differ = (a_failure(1, "E: 7"), a_failure(2, "E: 7")), (a_failure(1, "E: 7"), a_failure(2, "E: 8"))
    assert [group.words for group in grouped(same)] == ["E: 7"]
    assert [group.words for group in grouped(differ)] == ["E: <number>"]


def test_an_error_that_has_the_mark_of_a_number_itself_stands_with_those_that_have_a_number() -> None:
    (group,) = grouped([a_failure(1, "E: <number>"), a_failure(2, "E: 7")])
    assert group.words == "E: <number>"


def test_the_dates_of_a_mapped_task_count_once_each() -> None:
    (group,) = grouped(a_failure(day, map_index=index) for day in (3, 1) for index in (1, 0))
    assert group.ordinals == (1, 3)
    assert [(one.ordinal, one.map_index) for one in group.failures] == [(1, 0), (1, 1), (3, 0), (3, 1)]


def test_what_has_no_error_is_grouped_by_its_own_word() -> None:
    kinds = [FailureKind.NO_LOG, FailureKind.NEVER_RAN, FailureKind.NO_ERROR]
    groups = grouped(a_failure(day, "", kind=kind) for day, kind in enumerate(kinds, 1))
    assert [group.words for group in groups] == [kind.words for kind in kinds]
    assert all(kind.words for kind in FailureKind if kind is not FailureKind.ERROR)


def test_the_exception_that_was_raised_comes_before_its_causes() -> None:
    stacks = [
        {"exc_type": "ValueError", "exc_value": "bad\nsku"},
        {"exc_type": "KeyError", "exc_value": "'sku'"},
    ]
    assert raised(stacks) == "ValueError: bad sku"
    assert raised([{"exc_type": "Stop", "exc_value": ""}]) == "Stop"
    assert raised(["no mapping"]) == ""
    assert raised([]) == ""


def test_an_error_of_any_length_fits_a_list_and_no_control_code_of_it_is_left() -> None:
    assert len(shortened("x" * 10_000)) == LONGEST_ERROR
    assert shortened("a\x1b[31m red\n line") == "a red line"


def test_the_last_exception_of_some_lines_is_found() -> None:
    lines = ["ValueError: first", "Traceback (most recent call last):", "KeyError: 'sku'", "all went well"]
    assert last_exception(lines) == "KeyError: 'sku'"
    assert last_exception(["nothing here"]) == ""
