"""The servers and the browser that tests use for real, and what becomes of a test where there is none."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest
from scripts.chromium import CHROMIUM, Tool
from scripts.installing import MissingError
from scripts.services import POSTGRESQL, REDIS, REQUIRED, Service

from backfill_tui.domain.text import one_line

POSTGRES_URL = POSTGRESQL.url(os.environ)
REDIS_URL = REDIS.url(os.environ)


def chromium() -> str:
    """The program of the browser."""
    try:
        found = CHROMIUM.path(os.environ)
    except MissingError as cause:
        missing(CHROMIUM, cause)
    return found or missing(CHROMIUM, MissingError("none of its usual names is on the PATH"))


def missing(service: Service | Tool, cause: Exception) -> NoReturn:
    """Skip the test, and say what it wants; fail it where the servers are required."""
    sentence = f"no {service.title}, name one with {service.variable}: {one_line(str(cause))}"
    if os.environ.get(REQUIRED):
        pytest.fail(sentence)
    pytest.skip(sentence)
