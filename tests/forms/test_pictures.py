from __future__ import annotations

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st
from tests.support.pages import Page, read_page

from backfill_tui.domain.states import RunState, TaskState
from backfill_tui.domain.watching import Membership, RunRow
from backfill_tui.forms import pictures
from backfill_tui.forms.html import Column, Markup, block, facts, heading, page, paragraph, table
from backfill_tui.forms.pictures import Strip, grid, legend, said, shapes, strip
from backfill_tui.forms.signs import DATE_SIGNS, TASK_SIGNS, VERDICT_SIGNS, Sign, date_sign, gravest

SUCCESS, FAILED = TASK_SIGNS[TaskState.SUCCESS], TASK_SIGNS[TaskState.FAILED]
ALL = [*DATE_SIGNS.values(), *TASK_SIGNS.values(), *VERDICT_SIGNS.values()]


def drawn(parts: Iterable[str]) -> Page:
    return read_page("".join(page("Pictures", [shapes(ALL), *parts])))


def cells(found: Page) -> list[str]:
    return [text for text in found.text("title") if text != "Pictures"]


def gravest_date(signs: Iterable[Sign]) -> Sign:
    return gravest(signs, DATE_SIGNS.values())


def test_every_state_has_a_shape_of_its_own_and_a_word() -> None:
    for signs in (TASK_SIGNS, DATE_SIGNS, VERDICT_SIGNS):
        kinds = list(signs.values())
        assert len({sign.shape for sign in kinds}) == len(kinds)
        assert len({sign.word for sign in kinds}) == len(kinds)
    assert set(TASK_SIGNS) == set(TaskState)
    names = {sign.name: sign for sign in ALL}
    assert all(names[sign.name] == sign for sign in ALL)


def test_a_strip_has_a_cell_for_each_date_and_names_the_first_of_each_line() -> None:
    bad = {3, 80}
    dates = Strip(100, lambda at: FAILED if at in bad else SUCCESS, lambda at: f"day {at}", gravest_date)
    found = drawn(strip(dates, "All of them"))
    assert len(cells(found)) == 100
    assert [text for text in cells(found) if "failed" in text] == ["day 3: failed", "day 80: failed"]
    assert found.text("text") == ["day 0", "day 75"]
    assert "All of them" in found.text("figcaption")


def test_a_strip_of_very_many_dates_shows_the_gravest_of_those_that_share_a_cell() -> None:
    number = 3 * pictures.MOST_STRIP_CELLS - 1
    dates = Strip(number, lambda at: FAILED if at == 4 else SUCCESS, lambda at: f"day {at}", gravest_date)
    assert dates.dates_a_cell == 3
    found = cells(drawn(strip(dates, "Folded")))
    assert len(found) == pictures.MOST_STRIP_CELLS
    assert found[:3] == ["day 0 to day 2: success", "day 3 to day 5: failed", "day 6 to day 8: success"]
    assert found[-1] == f"day {number - 2} to day {number - 1}: success"


def test_a_grid_names_each_cell_and_leaves_out_those_that_are_not_there() -> None:
    codes = [[SUCCESS, TASK_SIGNS[TaskState.ABSENT]], [FAILED, TASK_SIGNS[TaskState.UPSTREAM_FAILED]]]
    found = drawn(grid(["one", "two"], ["a" * 60, "b"], lambda row: codes[row][0], codes.__getitem__, "Grid"))
    assert cells(found) == [
        "one: success",
        f"one, {'a' * 60}: success",
        "two: failed",
        f"two, {'a' * 60}: failed",
        "two, b: upstream failed",
    ]
    assert found.text("text")[:3] == ["Run", "a" * 27 + "…", "b"]


def test_a_date_is_shown_as_what_became_of_it() -> None:
    def row(membership: Membership, state: RunState | None = None, *, cancelled: bool = False) -> RunRow:
        return RunRow(
            ordinal=1, logical_date=None, partition_key="a", membership=membership, state=state,
            cancelled=cancelled,
        )  # fmt: skip

    included = Membership.INCLUDED
    assert date_sign(row(included, RunState.FAILED)) is FAILED
    assert date_sign(row(included, RunState.FAILED, cancelled=True)).name == "cancelled"
    assert date_sign(row(Membership.TAKEN_OVER)).name == "taken-over"
    assert date_sign(row(Membership.ALREADY_EXISTS)).word == "skipped: no run of this backfill"


HOSTILE = st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(
    ["</script><script>alert(1)</script>", "]]>", "-->", "<!--", "&lt;", '"><b>', "\u202e\x1b[31m\x00", "'"]
)


@given(HOSTILE)
def test_outside_text_stays_text_wherever_it_stands(text: str) -> None:
    sign = said(SUCCESS, text)
    parts = [
        heading(text),
        paragraph(text),
        *facts([(text, text), ("conf", block(text))]),
        *table(text, [Column(text)], [[text], [sign]]),
        legend([SUCCESS]),
        *strip(Strip(1, lambda _: SUCCESS, lambda _: text, gravest_date), text),
        *grid([text], [text], lambda _: SUCCESS, lambda _: [FAILED], text),
    ]
    before = drawn([*parts[:0]])
    found = drawn(parts)
    plain = drawn(
        [
            heading("x"), paragraph("x"), *facts([("x", "x"), ("conf", block("x"))]),
            *table("x", [Column("x")], [["x"], [said(SUCCESS, "x")]]), legend([SUCCESS]),
            *strip(Strip(1, lambda _: SUCCESS, lambda _: "x", gravest_date), "x"),
            *grid(["x"], ["x"], lambda _: SUCCESS, lambda _: [FAILED], "x"),
        ]
    )  # fmt: skip
    assert before.count("h2") == 0
    # The same tags whatever the text; of an empty fact there is none.
    if text:
        assert [tag for tag, _ in found.tags] == [tag for tag, _ in plain.tags]
    assert isinstance(sign, Markup)
