"""Above the list of Dags: the filter, how many there are, and what asks for attention."""

from __future__ import annotations

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from backfill_tui.domain.environment import StartupPhase, StartupStep
from backfill_tui.domain.text import one_line
from backfill_tui.ui.glyphs import STATUS_MARKS
from backfill_tui.ui.keymap import shown_key
from backfill_tui.ui.listing import Row, percent_done, standing_of
from backfill_tui.ui.text import count
from backfill_tui.ui.widgets.filter_line import FilterLine


class NoticeLine(Widget):
    """Says which backfills are running, so that one found again after a start is not overlooked."""

    DEFAULT_CSS = """
    NoticeLine { height: 1; padding: 0 2; background: $panel; color: $foreground; display: none; }
    NoticeLine.-shown { display: block; }
    """

    content: reactive[Content] = reactive(Content(""))
    short: reactive[Content] = reactive(Content(""))

    def show(self, rows: list[Row]) -> None:
        """Take the active backfills from the rows."""
        active = [row for row in rows if row.active is not None]
        self.set_class(bool(active), "-shown")
        self.content = _notice(active)
        self.short = _several(active) if len(active) > 1 else self.content

    def render(self) -> Content:
        """The line, without the names where they do not fit."""
        return self.content if self.content.cell_length <= self.content_size.width else self.short


class DagHead(FilterLine):
    """The line with the filter and the counts, which is always there."""

    PLACEHOLDER = "some letters of a name, a tag or an owner"
    DEFAULT_CSS = """
    DagHead { display: block; }
    """

    step: reactive[StartupStep | None] = reactive[StartupStep | None](None)

    def __init__(self) -> None:
        super().__init__()
        self._counted = Content("")

    def count(self, rows: list[Row], shown: list[Row]) -> None:
        """Say how many rows there are, and how many of them are shown."""
        dags = sum(row.dag is not None for row in rows)
        broken = len(rows) - dags
        parts: list[Content] = []
        if len(shown) < len(rows):
            parts.append(Content.styled(f"{len(shown):,} of {len(rows):,} shown", "$foreground"))
        parts.append(Content.styled(count(dags, "Dag"), "$muted"))
        if broken:
            words = f"{count(broken, 'file')} {'does' if broken == 1 else 'do'} not import"
            parts.append(Content.styled(words, "$error"))
        self._counted = Content("   ").join(parts)
        self._say()

    def watch_step(self) -> None:
        """Parsing again is told here."""
        self._say()

    def _say(self) -> None:
        step = self.step
        if step is None or step.phase is StartupPhase.READY or not self.is_mounted:
            words = self._counted
        else:
            done = f" {step.done:,} of {step.total:,}" if step.total else ""
            words = Content.styled(f"{one_line(step.sentence)}{done}", "$accent")
        self.say(words)


def _several(active: list[Row]) -> Content:
    return Content.assemble(
        ("▶ ", "$state-running"), f"{len(active)} backfills are active: press ",
        (shown_key("dags.backfills"), "$accent"), " to list them",
    )  # fmt: skip


def _notice(active: list[Row]) -> Content:
    if not active:
        return Content("")
    if len(active) > 1:
        names = ", ".join(one_line(row.name) for row in active)
        return Content.assemble(_several(active), f" ({names})")
    (row,) = active
    assert row.active is not None  # noqa: S101  # they were chosen by it
    status = standing_of(row.active).status
    mark = STATUS_MARKS[status]
    return Content.assemble(
        (f"{mark.sign} ", f"${mark.variable}"),
        f"{one_line(row.name)}: backfill {row.active.facts.backfill_id} is {str(status).replace('_', ' ')}, "
        f"{percent_done(row.active)} % done: press ",
        (shown_key("dags.watch"), "$accent"),
        " to watch it",
    )
