"""Answers reach the screen only while somebody waits for them."""

from __future__ import annotations

import threading
from functools import partial

from tests.support.screen import looking_at, on_screen
from textual.app import App
from textual.message import Message

from backfill_tui.domain.problems import BadRequest, Problem
from backfill_tui.ui.messages import ProblemArose
from backfill_tui.ui.workers import Asking, ask, is_busy


def said(words: str, _: Asking) -> str:
    return words


class Answered(Message):
    def __init__(self, words: str) -> None:
        super().__init__()
        self.words = words


class Listener(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.heard: list[str] = []
        self.problems: list[Problem] = []

    def on_answered(self, message: Answered) -> None:
        self.heard.append(message.words)

    def on_problem_arose(self, message: ProblemArose) -> None:
        self.problems.append(message.problem)


@on_screen
async def test_an_older_slower_answer_never_overtakes_the_newer_one() -> None:
    app = Listener()
    begun, slow, slow_is_through = threading.Event(), threading.Event(), threading.Event()

    def old(asking: Asking) -> str:
        begun.set()
        slow.wait(20)
        asking.post(Answered("progress of the old one"))
        slow_is_through.set()
        return "old"

    async with looking_at(app) as eyes:
        ask(app, "plan", old, Answered)
        await eyes.until(begun.is_set)
        ask(app, "plan", lambda _: "new", Answered)
        await eyes.until(lambda: app.heard == ["new"])
        slow.set()
        await eyes.until(slow_is_through.is_set)
        await eyes.until(lambda: not is_busy(app, "plan"))
    assert app.heard == ["new"]


@on_screen
async def test_what_is_no_longer_wanted_knows_it() -> None:
    app = Listener()
    seen = threading.Event()

    def patient(asking: Asking) -> str:
        while not asking.unwanted():
            seen.wait(0.01)
        seen.set()
        return "late"

    async with looking_at(app) as eyes:
        ask(app, "plan", patient, Answered)
        await eyes.until(lambda: is_busy(app, "plan"))
        app.workers.cancel_group(app, "plan")
        await eyes.until(seen.is_set)
    assert app.heard == []


@on_screen
async def test_groups_do_not_disturb_each_other() -> None:
    app = Listener()
    async with looking_at(app) as eyes:
        for group in ("a", "b", "c"):
            ask(app, group, partial(said, group), Answered)
        await eyes.until(lambda: sorted(app.heard) == ["a", "b", "c"])


@on_screen
async def test_a_problem_arrives_as_a_message() -> None:
    app = Listener()

    def refuse(_: Asking) -> str:
        raise BadRequest("no")

    async with looking_at(app) as eyes:
        ask(app, "plan", refuse, Answered)
        await eyes.until(lambda: [str(problem) for problem in app.problems] == ["no"])
