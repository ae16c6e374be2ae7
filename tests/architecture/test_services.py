"""The servers that `.ci/run` starts for itself where none is."""

from __future__ import annotations

from dataclasses import replace

import psutil
import pytest
from scripts import services
from scripts.services import MissingError
from tests.support.databases import postgresql_database
from tests.support.services import missing


def servers() -> list[int]:
    """The servers that were started below this process or are left of it."""
    names = ("postgres", "redis-server")
    return [one.pid for one in psutil.Process().children(recursive=True) if one.name() in names]


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
