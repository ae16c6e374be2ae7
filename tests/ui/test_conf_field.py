"""The conf: pasted whole, also in several lines, and never drawn when that would take seconds."""

from __future__ import annotations

import json
import time

import pytest
from tests.support.plan_screens import a_february, planning
from tests.support.screen import Eyes, an_app, looking_at, on_screen
from tests.support.scripted import ScriptedGateway
from tests.support.world import NOW, a_dag
from textual import events

from backfill_tui.domain.problems import BadRequest
from backfill_tui.ui.plan_values import MAX_CONF_BYTES, PlanValues, request_of, size_words
from backfill_tui.ui.screens.plan import PlanScreen
from backfill_tui.wire.frames import MAX_FRAME_BYTES

BIG = '{"a": "' + "x" * 1_000_000 + '"}'


async def pasting(eyes: Eyes, text: str) -> PlanScreen:
    """Paste into the conf of an open plan."""
    screen = await planning(eyes)
    await eyes.sees("122 create")
    screen.form.conf_field.focus()
    screen.form.conf_field.post_message(events.Paste(text))
    await eyes.pilot.pause()
    return screen


@on_screen
async def test_lines_are_joined_because_json_means_the_same_without_them() -> None:
    conf = {"day": "2024-02-06", "note": "two\nlines \u2028 of text"}
    async with looking_at(an_app(a_february())) as eyes:
        screen = await pasting(eyes, json.dumps(conf, indent=2, ensure_ascii=False))
        await eyes.until(lambda: screen.plan is not None and screen.plan.request.conf, "its plan")
        assert screen.plan is not None
        assert json.loads(screen.plan.request.conf) == conf
        assert screen.form.conf_field.value.startswith('{   "day": "2024-02-06"')


@on_screen
async def test_a_megabyte_is_held_and_its_size_told() -> None:
    async with looking_at(an_app(a_february())) as eyes:
        begun = time.monotonic()
        screen = await pasting(eyes, BIG)
        await eyes.sees("{…} 1.0 MB")
        await eyes.until(lambda: screen.plan is not None and screen.plan.request.conf == BIG, "its plan")
        # Drawn in the field it would take longer than this for every key.
        assert time.monotonic() - begun < 5
        screen.form.from_field.focus()
        await eyes.write("2024-04")
        await eyes.press("tab", "delete")
        await eyes.sees("30 dates")
        assert screen.form.values.conf == BIG


@pytest.mark.parametrize("key", ["backspace", "delete", "ctrl+u", "ctrl+w", "ctrl+k"])
@on_screen
async def test_deleting_drops_what_is_held(key: str) -> None:
    async with looking_at(an_app(a_february())) as eyes:
        screen = await pasting(eyes, BIG)
        await eyes.sees("1.0 MB")
        await eyes.press(key)
        await eyes.sees('Conf {"key": "value"}')
        await eyes.until(lambda: screen.plan is not None and screen.plan.request.conf == "", "its plan")


@on_screen
async def test_what_is_typed_takes_the_place_of_what_is_held() -> None:
    async with looking_at(an_app(a_february())) as eyes:
        screen = await pasting(eyes, BIG)
        await eyes.sees("1.0 MB")
        await eyes.write("{}")
        await eyes.until(lambda: screen.plan is not None and screen.plan.request.conf == "{}", "its plan")


@on_screen
async def test_a_long_conf_that_is_not_json_is_refused() -> None:
    async with looking_at(an_app(a_february())) as eyes:
        await pasting(eyes, BIG[:-1])
        await eyes.sees("✗ The conf is not JSON")


@on_screen
async def test_a_range_pasted_by_mistake_as_long_as_a_book_freezes_nothing() -> None:
    gateway = ScriptedGateway(a_february())
    async with looking_at(an_app(gateway)) as eyes:
        screen = await planning(eyes)
        await eyes.sees("122 create")
        screen.form.from_field.post_message(events.Paste("x" * 1_000_000))
        await eyes.pilot.pause()
        assert len(screen.form.values.from_text) <= 100


def test_a_conf_that_fits_into_no_frame_is_refused_before_it_is_sent() -> None:
    assert MAX_CONF_BYTES * 2 < MAX_FRAME_BYTES
    conf = '{"a": "' + "é" * (MAX_CONF_BYTES // 2) + '"}'
    values = PlanValues(from_text="2024-01", to_text="", conf=conf)
    with pytest.raises(BadRequest, match=r"25\.2 MB, and no more than 24 MB") as refused:
        request_of(values, a_dag("sales").summary, NOW)
    assert refused.value.remedy


def test_a_number_of_runs_that_airflow_can_not_hold_is_refused() -> None:
    for digits in ("9" * 5000, "12345678901", "-1", "1.5"):
        with pytest.raises(BadRequest, match="not a number of runs"):
            request_of(
                PlanValues(from_text="2024-01", to_text="", max_active_runs=digits),
                a_dag("sales").summary,
                NOW,
            )


def test_sizes_are_told_in_kilobytes_and_megabytes() -> None:
    assert [size_words("x" * size) for size in (501, 12_000, 1_000_000, 1_250_000)] == [
        "1 kB", "12 kB", "1.0 MB", "1.2 MB",
    ]  # fmt: skip


@on_screen
async def test_keys_that_come_in_one_burst_are_done_in_their_order() -> None:
    async with looking_at(an_app(a_february())) as eyes:
        screen = await planning(eyes)
        await eyes.sees("122 create")
        screen.form.max_field.focus()
        await eyes.pilot.pause()
        for key, letter in (("backspace", None), ("backspace", None), ("1", "1"), ("2", "2"), ("left", None)):
            eyes.app.post_message(events.Key(key, letter))
        await eyes.write("3")
        await eyes.until(lambda: screen.form.max_field.value == "132", "132")
