"""What the plan screen says in little room: reasons to their end, clocks, zones and the top line."""

from __future__ import annotations

from tests.support.plan_screens import a_february, fill, planning
from tests.support.screen import an_app, looking_at, on_screen
from tests.support.world import HOUR, World, a_dag

BUENOS_AIRES = "America/Argentina/Buenos_Aires"


@on_screen
async def test_a_reason_that_its_row_cuts_is_read_to_its_end_below_the_list() -> None:
    async with looking_at(an_app(a_february())) as eyes:
        screen = await planning(eyes)
        await fill(eyes, "2024-02-05", "2024-02-16")
        await eyes.press("tab", "tab", "right")
        await eyes.sees("2 reprocess")
        screen.table.focus()
        whole = "failed, 1 of 3 tasks succeeded: all 3 run again"
        lines = screen.table.size.height
        assert whole not in eyes.text()
        await eyes.press("down")
        await eyes.sees(whole)
        assert screen.table.size.height == lines - 1
        await eyes.press("down", "down")
        await eyes.no_longer_sees(whole)
        assert screen.table.size.height == lines, "no line is kept for nothing"
    async with looking_at(an_app(a_february()), (120, 36)) as eyes:
        screen = await planning(eyes)
        await fill(eyes, "2024-02-06", "2024-02-16")
        await eyes.press("tab", "tab", "right")
        await eyes.until(lambda: whole in eyes.line_with("1  Tue 2024-02-06 00:00"), "the whole row")
        assert eyes.text().count(whole) == 2, "one for each failed date and none below"


@on_screen
async def test_two_dates_that_the_clock_says_alike_are_told_apart() -> None:
    world = World([a_dag("hourly", period=HOUR, timezone="America/New_York")])
    async with looking_at(an_app(world)) as eyes:
        screen = await planning(eyes)
        await fill(eyes, "2024-11-02T22:00", "2024-11-03T06:00")
        await eyes.press("tab")
        screen.strip.focus()
        await eyes.sees("10 dates")
        assert "Sun 2024-11-03 00:00  " in eyes.text()
        assert "2024-11-03 01:00 EDT  " in eyes.text()
        assert "2024-11-03 01:00 EST  " in eyes.text()
        await eyes.press("right", "right", "right")
        await eyes.sees("─ 2024-11-03 01:00 EDT  ")


@on_screen
async def test_where_a_clock_has_no_letters_the_offset_tells_two_dates_apart() -> None:
    world = World([a_dag("hourly", period=HOUR, timezone="Australia/Lord_Howe")])
    async with looking_at(an_app(world)) as eyes:
        await planning(eyes)
        await fill(eyes, "2024-04-07T00:00", "2024-04-07T03:00")
        await eyes.sees("2024-04-07 01:30 +10:30  ", "Sun 2024-04-07 00:00     ")


@on_screen
async def test_a_partitioned_dag_is_planned_on_the_clock_of_its_partitions() -> None:
    zoned = a_february(partitioned=True, partition_zone="America/New_York")
    async with looking_at(an_app(zoned)) as eyes:
        screen = await planning(eyes)
        await fill(eyes, "2024-03", "")
        await eyes.sees("Fri 2024-03-01 00:00 to Sun 2024-03-31 24:00  America/New_York   31 days")
        assert screen.form.values.from_text == "2024-03"
        await eyes.press("f2")
        await eyes.sees("Means now, in America/New_York")


@on_screen
async def test_the_name_of_a_zone_is_never_broken_on_a_narrow_terminal() -> None:
    for zone, shown in (("America/New_York", "America/New_York"), (BUENOS_AIRES, "Buenos_Aires")):
        async with looking_at(an_app(a_february(timezone=zone)), (60, 24)) as eyes:
            await planning(eyes)
            await fill(eyes, "2024-03-08", "2024-03-12")
            await eyes.sees(f"2024-03-08 00:00 to 2024-03-12 24:00  {shown}", "2024-03-08 0")


@on_screen
async def test_the_top_line_keeps_what_airflow_it_is_when_the_schedule_is_long() -> None:
    schedule = "at 06:00 and 18:00 on the first Monday of every month, New York"
    app = an_app(a_february(schedule=schedule), read_only=True)
    async with looking_at(app) as eyes:
        await planning(eyes)
        await eyes.sees("Plan  sales_daily  at 06:00 ", "…  read-only  embedded dags/  ")
    async with looking_at(an_app(a_february(schedule=schedule)), (160, 24)) as eyes:
        await planning(eyes)
        await eyes.sees(f"Plan  sales_daily  {schedule}  embedded dags/  Airflow 3.3.2  LocalExecutor")
