"""Lines of text, rows of the list and the values of the form, without a screen."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from rich.cells import cell_len
from rich.style import Style
from tests.support.scripted import ScriptedGateway
from tests.support.world import NOW, World, a_dag, instant

from backfill_tui.domain.dags import ImportProblem
from backfill_tui.domain.ids import DagId
from backfill_tui.domain.launching import Launch
from backfill_tui.domain.planning import BackfillRequest, ReprocessBehavior
from backfill_tui.domain.problems import BadRequest
from backfill_tui.domain.states import RunState
from backfill_tui.ui.holes import first_hole
from backfill_tui.ui.listing import matching, percent_done, read_listing, rows_of
from backfill_tui.ui.plan_values import PlanValues, first_range, range_words, request_of
from backfill_tui.ui.screens.launch import launch_question, launch_sentence
from backfill_tui.ui.text import count, end_of, fit, in_words, line, wrapped

JANUARY = PlanValues(from_text="2024-01-01", to_text="2024-01-31")


def request(
    dag_id: str = "sales", first: str = "2024-01-01", last: str = "2024-01-05", **more: object
) -> BackfillRequest:
    return BackfillRequest(
        dag_id=DagId(dag_id), from_date=instant(first), to_date=instant(last), **more  # type: ignore[arg-type]
    )  # fmt: skip


@pytest.mark.parametrize(
    "text", ["short", "much too long for this", "日本語のとても長い名前", "a\x1b[31mb[/red]\nc"]
)
def test_a_fitted_text_takes_exactly_its_cells_and_controls_nothing(text: str) -> None:
    fitted = fit(text, 10)
    assert cell_len(fitted) == 10
    assert fitted.isprintable()


def test_what_is_cut_says_so_and_numbers_stand_right() -> None:
    assert fit("sales_archive_of_all", 8) == "sales_a…"
    assert fit("12", 5, right=True) == "   12"


def test_the_end_of_a_text_is_measured_in_cells_too() -> None:
    assert end_of("/srv/dags/sales", 5) == "sales"
    assert end_of("/srv/日次売上", 5) == "売上"
    assert end_of("sales", 9) == "sales"
    assert end_of("sales", 0) == ""


def test_a_sentence_is_folded_at_its_words_and_never_longer_than_asked() -> None:
    assert wrapped("the conf does not fit", 9, 3) == ["the conf", "does not", "fit"]
    assert wrapped("the conf does not fit", 9, 2) == ["the conf", "does not…"]
    assert wrapped("日本語のとても長い名前", 10, 3) == ["日本語のと", "ても長い名", "前"]
    assert wrapped("", 10, 2) == [""]
    assert wrapped("too narrow", 0, 2) == []


def test_a_long_value_is_shortened_before_the_sentence_that_quotes_it() -> None:
    words = wrapped(f"The Dag's param '{'x' * 90}' is not one of the values it may have", 60, 2)
    assert " ".join(words) == f"The Dag's param '{'x' * 24}…' is not one of the values it may have"


def test_a_line_is_as_wide_as_it_has_to_be() -> None:
    assert line([("ab", Style()), ("c", Style())], 5, Style()).text == "abc  "
    assert line([("abcdefg", Style())], 5, Style()).text == "abcde"


def test_things_are_counted_in_words() -> None:
    assert [count(1, "run"), count(2, "run"), count(12_000, "run")] == ["1 run", "2 runs", "12,000 runs"]
    assert in_words(["a", "b", "c"]) == "a, b and c"


def test_broken_files_stand_between_the_dags_and_a_filter_looks_at_tags_and_owners_too() -> None:
    world = World(
        [a_dag("b_sales", tags=("core",)), a_dag("d_other", owners=("core-team",)), a_dag("a_first")],
        import_problems=[ImportProblem(file="sub/c_legacy.py", sentence="s", advice="a", traceback="t")],
    )
    rows = rows_of(read_listing(ScriptedGateway(world)))
    assert [row.name for row in rows] == ["a_first", "b_sales", "c_legacy.py", "d_other"]
    assert [row.name for row in matching(rows, "CORE")] == ["b_sales", "d_other"]
    assert [row.name for row in matching(rows, "core sales")] == ["b_sales"]
    assert matching(rows, "") == rows


def test_the_list_counts_the_runs_of_an_active_backfill() -> None:
    world = World([a_dag("sales"), a_dag("other")])
    gateway = ScriptedGateway(world)
    gateway.launch(Launch(request=request()))
    world.advance()
    world.finish("backfill__2024-01-01T00:00:00+00:00", RunState.SUCCESS)
    listing = read_listing(gateway)
    assert list(listing.active) == ["sales"]
    assert percent_done(listing.active[DagId("sales")]) == 20


def test_a_bare_date_is_the_whole_day_of_the_dags_timezone() -> None:
    dag = a_dag("nightly", timezone="America/New_York").summary
    meant = request_of(JANUARY, dag, NOW)
    assert (meant.from_date, meant.to_date) == (
        instant("2024-01-01T05:00"), instant("2024-02-01T05:00") - 1,
    )  # fmt: skip
    assert range_words(meant, dag.timezone).local == "Mon 2024-01-01 00:00 to Wed 2024-01-31 24:00"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (PlanValues(from_text="2024-02-01", to_text="2024-01-01"), "ends before it begins"),
        (PlanValues(from_text="2024-13-01", to_text="2024-01-01"), "2024-13-01"),
        (PlanValues(from_text="", to_text="2024-01-01"), "no beginning"),
        (PlanValues(from_text="2024-01-01", to_text="2024-01-02", max_active_runs="0"), "Max active"),
        (PlanValues(from_text="2024-01-01", to_text="2024-01-02", max_active_runs="²"), "Max active"),
    ],
)
def test_a_field_that_can_not_be_meant_is_refused_with_a_remedy(values: PlanValues, words: str) -> None:
    with pytest.raises(BadRequest) as refused:
        request_of(values, a_dag("sales").summary, NOW)
    assert words.lower() in refused.value.message.lower()
    assert refused.value.remedy


def test_the_range_offered_first_ends_now_or_with_the_dag() -> None:
    assert first_range(a_dag("sales").summary, NOW) == ("2024-01-01", "now")
    assert first_range(a_dag("sales", start_date=None).summary, NOW) == ("2024-05-16", "now")
    ended = a_dag("sales", end_date=instant("2024-03-31")).summary
    assert first_range(ended, NOW) == ("2024-01-01", "2024-03-31")
    future = a_dag("sales", start_date=instant("2024-07-01")).summary
    assert first_range(future, NOW) == ("2024-07-01", "2024-07-01")


def test_the_first_hole_is_the_earliest_date_without_a_run_in_either_direction() -> None:
    world = World([a_dag("sales")])
    world.add_run("sales", "2024-01-01", RunState.SUCCESS)
    gateway = ScriptedGateway(world)
    assert first_hole(gateway.plan(request())) == "2024-01-02"
    assert first_hole(gateway.plan(request(run_backwards=True))) == "2024-01-02"
    assert first_hole(gateway.plan(request(first="2024-01-01", last="2024-01-01"))) is None


def test_the_confirmation_says_what_is_created_and_what_is_overwritten() -> None:
    world = World(
        [a_dag("sales", tasks=("extract", "clean", "load"), is_paused=True)], now=instant("2024-01-05")
    )
    world.add_run("sales", "2024-01-01", RunState.SUCCESS)
    world.add_run("sales", "2024-01-02", RunState.FAILED, failed="clean")
    plan = ScriptedGateway(world).plan(request(reprocess_behavior=ReprocessBehavior.FAILED))
    assert launch_sentence(plan) == (
        "Create 2 runs and run 1 again (3 task instances, 1 of them had succeeded)"
    )
    question = launch_question(plan)
    assert question.notes == (
        "From Tue 2024-01-02 00:00 to Thu 2024-01-04 00:00 (UTC)",
        "At most 10 runs at a time, oldest first",
        "1 date stays as it is",
        "1 date can not run yet and is left out",
    )
    assert [warning.code for warning in question.warnings] == ["dag_paused"]


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (range(3), None),
        ((0, 2), "The filter of the list hides one of them, which is launched too"),
        ((), "The filter of the list hides 3 of them, which are launched too"),
    ],
)
def test_the_confirmation_says_what_of_it_the_list_does_not_show(
    seen: Sequence[int], words: str | None
) -> None:
    plan = ScriptedGateway(World([a_dag("sales")])).plan(request(first="2024-01-01", last="2024-01-03"))
    notes = launch_question(plan, seen=seen).notes
    assert [note for note in notes if "filter" in note] == [*filter(None, [words])]
