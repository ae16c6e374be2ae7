"""What `.ci/run` starts or installs for itself where there is none: servers and a browser."""

from __future__ import annotations

import sys
from contextlib import suppress
from dataclasses import replace

import psutil
import pytest
from scripts import services
from scripts.chromium import CHROMIUM
from scripts.installing import MissingError
from tests.support.databases import postgresql_database
from tests.support.services import missing


def servers() -> list[int]:
    """The servers that were started below this process or are left of it."""
    found = []
    for one in psutil.Process().children(recursive=True):
        # One that ends while it is looked at is no server.
        with suppress(psutil.NoSuchProcess):
            found += [one.pid] if one.name() in {"postgres", "redis-server"} else []
    return found


def test_what_is_missing_is_started_and_ended_and_nothing_is_left() -> None:
    for service in (services.POSTGRESQL, services.REDIS):
        nowhere = replace(service, usual="postgresql://postgres@127.0.0.1:1")
        try:
            with nowhere.there({}) as url:
                assert service.answers(url)
                assert servers()
                if service is services.POSTGRESQL:
                    with postgresql_database(url) as database:
                        assert database.ask("SHOW fsync") == "off"
        except MissingError as cause:
            missing(service, cause)
        assert not service.answers(url)
    assert servers() == []


def test_a_server_that_is_named_and_does_not_answer_is_no_reason_to_take_another() -> None:
    named = {services.POSTGRESQL.variable: "postgresql://someone:hidden@127.0.0.1:1"}
    with pytest.raises(MissingError) as refused, services.POSTGRESQL.there(named):
        pass
    assert "someone@127.0.0.1:1, where no PostgreSQL answers" in str(refused.value)


def test_what_can_not_be_had_is_one_sentence_that_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(services, "_FOLDERS", ())
    nowhere = replace(services.REDIS, usual="redis://127.0.0.1:1")
    with pytest.raises(MissingError) as refused, nowhere.there({}):
        pass
    assert "redis-server are not on this machine" in str(refused.value)
    assert "name a server with BACKFILL_TUI_TEST_REDIS" in str(refused.value)


@pytest.mark.parametrize("required", [False, True])
def test_without_a_server_a_test_is_skipped_with_its_reason_or_fails_where_it_must_run(
    required: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(services.REQUIRED, raising=False)
    if required:
        monkeypatch.setenv(services.REQUIRED, "1")
    outcome = pytest.fail.Exception if required else pytest.skip.Exception
    with pytest.raises(outcome) as told, postgresql_database("postgresql://nobody@127.0.0.1:1"):
        pass
    assert str(told.value).startswith("no PostgreSQL, name one with BACKFILL_TUI_TEST_POSTGRES: ")
    assert len(str(told.value).splitlines()) == 1


def test_a_browser_that_can_not_be_had_is_one_sentence_that_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "")
    nowhere = replace(CHROMIUM, names=("chromium",))
    with pytest.raises(MissingError) as refused:
        nowhere.had({})
    assert "name its program with BACKFILL_TUI_TEST_CHROMIUM" in str(refused.value)
    with pytest.raises(MissingError) as wrong:
        nowhere.had({CHROMIUM.variable: "/no/such/program"})
    assert str(wrong.value) == "BACKFILL_TUI_TEST_CHROMIUM names /no/such/program, which can not be run"


def test_a_browser_that_is_named_is_the_one_that_is_taken() -> None:
    assert CHROMIUM.had({CHROMIUM.variable: sys.executable}) == sys.executable
