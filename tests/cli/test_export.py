from __future__ import annotations

import csv
import io
import json
import os
import stat
from pathlib import Path

import pytest
from tests.cli.conftest import CommandLine, Ended
from tests.support.pages import read_page

from backfill_tui import __version__
from backfill_tui.domain.outcomes import Verdict
from backfill_tui.domain.problems import Unreachable
from backfill_tui.domain.states import RunState, TaskState
from backfill_tui.forms import outcome, outcome_page
from backfill_tui.forms.outcome_rows import DATE_HEADER, TASK_HEADER

EVIL = '</script><b id="x">]]>\u202e\x1b[31m'
RUN = "backfill__2024-01-{:02}T00:00:00+00:00"


def a_backfill(run: CommandLine, *more: str, last: str = "2024-01-06") -> None:
    """Six dates of which one was there, two fail in `load` and one in `extract`."""
    run.world.add_run("sales_daily", "2024-01-06", RunState.SUCCESS)
    run.world.fail("sales_daily", "load", "2024-01-02", "2024-01-03")
    run.world.fail("sales_daily", "extract", "2024-01-04")
    words = ("--from", "2024-01-01", "--to", last, "--yes", *more)
    assert run("launch", "sales_daily", *words).code == 0
    for day in (2, 3):
        run.world.add_log(RUN.format(day), "load", f"ValueError: {EVIL} row {day}")
    run.world.advance_to_end()


def rows_of(ended: Ended) -> list[dict[str, str]]:
    assert ended.code == 0, ended.talk
    return list(csv.DictReader(io.StringIO(ended.out, newline="")))


def test_csv_has_a_row_for_each_task_instance_and_one_for_a_date_without_a_run(run: CommandLine) -> None:
    a_backfill(run)
    rows = rows_of(run("export", "sales_daily"))
    assert list(rows[0]) == list(TASK_HEADER)
    assert len(rows) == 5 * 2 + 1
    assert [row["task_id"] for row in rows[:2]] == ["extract", "load"]
    assert [(row["outcome"], row["state"]) for row in rows[:4]] == [
        *[("success", "success")] * 2,
        ("failed", "success"),
        ("failed", "failed"),
    ]
    assert (rows[3]["try_number"], rows[3]["map_index"]) == ("1", "-1")
    assert float(rows[3]["duration_seconds"]) > 0
    assert rows[3]["error"].startswith("ValueError: </script>")
    last = rows[-1]
    assert (last["outcome"], last["membership"], last["run_id"], last["task_id"]) == (
        *("skipped", "already_exists"),
        *("", ""),
    )


def test_csv_of_dates_counts_their_task_instances(run: CommandLine) -> None:
    a_backfill(run)
    rows = rows_of(run("export", "sales_daily", "--dates"))
    assert list(rows[0]) == list(DATE_HEADER)
    assert [row["outcome"] for row in rows] == ["success", "failed", "failed", "failed", "success", "skipped"]
    assert [row["tasks_success"] for row in rows] == ["2", "1", "1", "0", "2", ""]
    assert [row["tasks_upstream_failed"] for row in rows] == ["0", "0", "0", "1", "0", ""]
    assert [row["tries"] for row in rows] == ["2", "2", "2", "1", "2", ""]
    assert "ValueError" in rows[1]["error"]
    assert rows[3]["error"] == "failed, but its log can not be found"


def test_no_cell_of_an_export_is_a_formula(run: CommandLine) -> None:
    a_backfill(run, "--note", "=HYPERLINK(1)")
    rows = rows_of(run("export", "sales_daily"))
    assert rows[0]["note"] in {"", "'=HYPERLINK(1)"}
    run.world.add_log(RUN.format(2), "load", "=1+1Error: bad")
    for row in rows_of(run("export", "sales_daily")):
        assert not any(cell.startswith(("=", "+", "@", "\t")) for cell in row.values())


def test_json_has_the_backfill_its_runs_and_what_failed(run: CommandLine) -> None:
    a_backfill(run, "--conf", '{"a": "</script>"}')
    found = run("export", "sales_daily", "--backfill", "1", "--json").json
    assert (found["backfill_tui"], found["airflow"]["version"]) == (__version__, "3.3.2")
    listed = run("list", "sales_daily", "--json").json["backfills"][0]
    assert found["about"] == {key: listed[key] for key in found["about"]}
    assert found["conf"] == {"a": "</script>"}
    assert (found["failures"]["total"], found["failures"]["read"]) == (3, 3)
    assert found["failures"]["groups"] == run("failures", "--backfill", "1", "--json").json["groups"]
    assert [one["outcome"] for one in found["runs"]] == [
        *["success", "failed", "failed", "failed", "success", "skipped"]
    ]
    assert [len(one["task_instances"]) for one in found["runs"]] == [2, 2, 2, 2, 2, 0]
    assert found["task_counts"] == {"success": 6, "failed": 3, "upstream_failed": 1}


def test_of_a_mapped_task_every_map_index_is_written(run: CommandLine) -> None:
    a_backfill(run)
    run.world.expand(RUN.format(1), "load", [TaskState.SUCCESS, TaskState.FAILED, TaskState.SKIPPED])
    rows = rows_of(run("export", "sales_daily"))
    assert [(row["task_id"], row["map_index"], row["state"]) for row in rows[:4]] == [
        ("extract", "-1", "success"),
        ("load", "0", "success"),
        ("load", "1", "failed"),
        ("load", "2", "skipped"),
    ]


def test_the_dates_of_a_range_are_written_whatever_made_their_runs(run: CommandLine) -> None:
    a_backfill(run)
    found = run("export", "sales_daily", "--from", "2024-01-05", "--to", "2024-01-06", "--json").json
    assert found["conf"] is None
    assert found["about"]["status"] == "done"
    assert "backfill_id" not in found["about"]
    assert [one["run_type"] for one in found["runs"]] == ["backfill", "scheduled"]


def test_a_page_says_what_became_of_the_backfill(run: CommandLine) -> None:
    a_backfill(run, "--conf", '{"day": "one"}', "--note", "for the audit")
    found = read_page(run("export", "sales_daily", "--format", "html").out)
    words = found.words
    for sentence in (
        "Backfill 1 of sales_daily",
        "done with failures: 2 succeeded, 3 failed, 1 skipped",
        "for the audit",
        '{"day": "one"}',
        "3 failures in 2 groups",
        "failed, but its log can not be found",
        f"Written by backfill-tui {__version__}",
        "3.3.2, LocalExecutor, sqlite",
    ):
        assert sentence in words
    titles = found.text("title")
    assert "2024-01-02 00:00, load: failed" in titles
    assert "2024-01-06 00:00: skipped: no run of this backfill" in titles
    assert "upstream failed" in found.text("bdi")


def test_a_page_of_hostile_text_is_the_page_of_plain_text(run: CommandLine) -> None:
    from tests.support.world import a_dag

    run.world.dags.update({each.summary.dag_id: each for each in [a_dag(EVIL)]})
    run.world.fail(EVIL, "load", "2024-01-02")
    words = ("--from", "2024-01-01", "--to", "2024-01-03", "--yes", "--note", EVIL)
    assert run("launch", EVIL, *words, "--conf", json.dumps({EVIL: EVIL})).code == 0
    run.world.add_log(RUN.format(2), "load", f"Error{EVIL}: {EVIL}")
    run.world.advance_to_end()
    found = read_page(run("export", EVIL, "--format", "html").out)
    assert '</script><b id="x">]]>' in found.words
    assert "\x1b" not in found.words
    planned = run("plan", EVIL, "--range", "2024-01", "--reprocess-behavior", "failed", "--output", "html")
    assert '</script><b id="x">]]>' in read_page(planned.out).words


def test_a_grid_that_is_too_large_is_folded_and_the_page_says_so(
    run: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_backfill(run)
    monkeypatch.setattr(outcome_page, "MOST_GRID_CELLS", 17)
    found = read_page(run("export", "sales_daily", "--format", "html").out)
    assert "6 dates of 2 tasks are more than a grid can show: one cell a date" in found.words
    cells = [text for text in found.text("title") if text.startswith("2024-")]
    assert len(cells) == 6
    assert cells[1] == "2024-01-02 00:00: failed"


def test_errors_of_very_many_failures_are_read_up_to_a_number_and_the_rest_is_counted(
    run: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_backfill(run)
    monkeypatch.setattr(outcome, "MOST_FAILURES", 2)
    found = run("export", "sales_daily", "--json").json
    assert (found["failures"]["total"], found["failures"]["read"]) == (3, 2)
    page = read_page(run("export", "sales_daily", "--format", "html").out)
    assert "3 failed in all; the logs of 2 were read" in page.words


def test_a_file_is_written_in_the_form_that_its_name_asks_for(run: CommandLine, tmp_path: Path) -> None:
    a_backfill(run)
    for name in ("a.csv", "a.json", "a.html"):
        path = tmp_path / name
        ended = run("export", "sales_daily", "--out", str(path))
        assert (ended.code, ended.out) == (0, "")
        assert f"Written to {path}, " in ended.talk
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads((tmp_path / "a.json").read_text())["about"]["dag_id"] == "sales_daily"
    lines = (tmp_path / "a.csv").read_text().splitlines()
    assert lines == run("export", "sales_daily", "--out", "-").out.splitlines()
    read_page((tmp_path / "a.html").read_text())
    plan = tmp_path / "plan.html"
    assert run("plan", "sales_daily", "--range", "2024-01", "--out", str(plan)).code == 0
    assert "Plan of a backfill of sales_daily" in read_page(plan.read_text()).words


def test_a_file_that_is_there_is_refused_before_anything_is_read(run: CommandLine, tmp_path: Path) -> None:
    a_backfill(run)
    path = tmp_path / "a.csv"
    path.write_text("mine")
    for words in (("export", "sales_daily"), ("plan", "sales_daily", "--range", "2024-01")):
        ended = run(*words, "--out", str(path))
        assert (ended.code, path.read_text()) == (4, "mine")
        assert f"{path} is there already: add --force to write over it" in ended.talk
        assert "Starting Airflow" not in ended.talk
    assert run("export", "sales_daily", "--out", str(path), "--force").code == 0
    assert path.read_text().startswith("ordinal,")
    assert os.listdir(tmp_path) == ["a.csv"]  # noqa: PTH208


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--out", "a.txt"), "The name of the file does not tell the form: add --format"),
        (("--force",), "--force is of a file"),
        (("--dates", "--json"), "--dates is of CSV, and this is json"),
        (("--json", "--format", "csv"), "--json and --format csv contradict"),
        (("--out", "no/such/folder/a.csv"), "There is no folder no/such/folder"),
        (("--out", "~no-such-user/a.csv"), "There is no home of no-such-user"),
        (("--from", "2024-01", "--backfill", "1"), "exclude each other"),
        (("--backfill", "9"), "There is no backfill 9"),
    ],
)
def test_what_can_not_be_meant_is_refused(run: CommandLine, words: tuple[str, ...], says: str) -> None:
    a_backfill(run)
    ended = run("export", "sales_daily", *words)
    assert (ended.code, ended.out) == (2, "")
    assert says in ended.talk


def test_a_backfill_of_another_dag_is_refused(run: CommandLine) -> None:
    a_backfill(run)
    ended = run("export", "new_york", "--backfill", "1", "--json")
    assert (ended.code, ended.out) == (2, "")
    assert "Backfill 1 is of sales_daily, not of new_york: export it with" in ended.talk


def test_an_airflow_that_goes_away_leaves_no_file(run: CommandLine, tmp_path: Path) -> None:
    a_backfill(run)
    path = tmp_path / "a.html"
    run.composition.prepare = lambda gateway: gateway.fail("instances", Unreachable("It is gone"))
    ended = run("export", "sales_daily", "--out", str(path))
    assert (ended.code, ended.out) == (3, "")
    assert "It is gone" in ended.talk
    assert list(tmp_path.iterdir()) == []


def test_a_plan_is_a_page_with_a_sign_for_each_date(run: CommandLine) -> None:
    run.world.add_run("sales_daily", "2024-01-02", RunState.FAILED)
    run.world.add_run("sales_daily", "2024-01-03", RunState.SUCCESS)
    words = ("--range", "2024-01-01..2024-01-04", "--reprocess-behavior", "failed", "--conf", '{"a": 1}')
    ended = run("plan", "sales_daily", *words, "--output", "html")
    assert ended.code == 0
    found = read_page(ended.out)
    cells = [text for text in found.text("title") if text.startswith("2024-")]
    assert cells == [
        "2024-01-01 00:00: create",
        "2024-01-02 00:00: reprocess",
        "2024-01-03 00:00: skip: already exists",
        "2024-01-04 00:00: create",
    ]
    assert "airflow backfill create --dag-id sales_daily" in found.words
    assert '{"a": 1}' in found.words
    assert "4 dates: 2 create, 1 reprocess, 1 skip" in ended.talk
    some = read_page(run("plan", "sales_daily", *words, "--output", "html", "--only", "reprocess").out)
    # Headings, then the one row.
    assert some.count("tr") == 2
    assert Verdict.REPROCESS.label in some.text("bdi")
