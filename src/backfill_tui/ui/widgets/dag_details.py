"""The Dag under the cursor in a few lines: what it is, whether it runs, why it can not be backfilled."""

from __future__ import annotations

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from backfill_tui.domain.dags import DagSummary
from backfill_tui.domain.instants import minute, zone_named
from backfill_tui.domain.states import RunState
from backfill_tui.domain.text import one_line
from backfill_tui.ui.keymap import shown_key
from backfill_tui.ui.listing import Row, percent_done, standing_of
from backfill_tui.ui.text import count, wrapped

_FEW_TASKS = 4
_MANY_TASKS = 40
_ROOMY = 10
"""From this height on every fact has a line."""


class DagDetails(Widget):
    """Draws one `Row`."""

    DEFAULT_CSS = """
    DagDetails {
        height: 5; padding: 0 2; border-top: solid $hairline; color: $foreground; background: $background;
    }
    """

    row: reactive[Row | None] = reactive[Row | None](None)

    def render(self) -> Content:
        """Its lines; every text from outside is plain."""
        if self.row is None:
            return Content("")
        if self.row.dag is None:
            return Content("\n").join(_of_problem(self.row))
        width, height = self.content_size
        return Content("\n").join(_of_dag(self.row, self.row.dag, width, height))


def _of_problem(row: Row) -> list[Content]:
    problem = row.problem
    if problem is None:
        return []
    return [
        Content.assemble((one_line(problem.dag_file.words), "bold"), "  ", ("does not import", "$error")),
        Content.styled(one_line(problem.sentence), "$foreground"),
        Content.styled(one_line(problem.advice), "$muted"),
        Content.styled(f"{shown_key('dags.plan')} shows the traceback", "$muted"),
    ]


def _of_dag(row: Row, dag: DagSummary, width: int, height: int) -> list[Content]:
    name = Content.styled(one_line(dag.dag_id), "bold")
    if not dag.detailed:
        head = Content.assemble(name, ("   reading its tasks and dates", "$muted"))
        return [head, _standing(row, dag), Content.styled(one_line(dag.description), "$muted")]
    tasks = count(len(dag.task_ids), "task")
    if height < _ROOMY:
        head = Content.assemble(name, "   ", tasks, ("  " + _tasks(dag, _FEW_TASKS), "$muted"))
        lines = [head, _standing(row, dag)]
        # What it is for says more than its tags and its file, which come last and are cut.
        more = wrapped(dag.description, width, 1) if dag.description else []
        more += wrapped(", ".join(_facts(dag)), width, height - len(lines) - len(more))
        return [*lines, *(Content.styled(line, "$muted") for line in more)]
    said = Content.styled(one_line(dag.description), "$muted")
    facts = [Content.styled(one_line(fact), "$muted") for fact in _facts(dag)]
    gap = Content("")
    last = [gap, Content(tasks), Content.styled(_tasks(dag, _MANY_TASKS), "$muted")]
    return [name, said, gap, _standing(row, dag), gap, *facts, *last]


def _tasks(dag: DagSummary, limit: int) -> str:
    shown = [one_line(task) for task in dag.task_ids[:limit]]
    more = len(dag.task_ids) - len(shown)
    return " > ".join([*shown, f"{more:,} more"] if more > 0 else shown)


def _standing(row: Row, dag: DagSummary) -> Content:
    if not dag.backfillable:
        return Content.styled(f"Not backfillable: {one_line(dag.not_backfillable_because)}", "$warning")
    if row.active is not None:
        where = standing_of(row.active)
        words = f"Backfill {row.active.facts.backfill_id}: {where.status}, {percent_done(row.active)} %"
        return Content.assemble((words, "$accent"), f", {one_line(where.sentence)}")
    failed = sum(run.state is RunState.FAILED for run in dag.recent_runs)
    if not dag.recent_runs:
        return Content.styled("No run yet", "$muted")
    if len(dag.recent_runs) == 1:
        words = "Its only run failed" if failed else "Its only run did not fail"
    else:
        words = f"{failed or 'None'} of its last {count(len(dag.recent_runs), 'run')} failed"
    return Content.styled(words, "$error" if failed else "$muted")


def _facts(dag: DagSummary) -> list[str]:
    zone = zone_named(dag.clock)
    facts = ["paused" if dag.is_paused else "not paused"]
    if dag.start_date is not None:
        facts.append(f"since {minute(dag.start_date, zone)[:10]}")
    facts.append(dag.clock)
    if dag.catchup:
        facts.append("catchup")
    if dag.depends_on_past:
        facts.append("depends on past")
    if dag.is_stale:
        facts.append("stale")
    if dag.owners:
        facts.append("owner " + ", ".join(dag.owners))
    if dag.tags:
        facts.append("tags " + ", ".join(dag.tags))
    return [*facts, dag.dag_file.words]
