"""Who is let in, decided from the headers of a request alone."""

from __future__ import annotations

import pytest

from backfill_tui.web.door import Door

DOOR = Door(names=frozenset({"tui.example"}))
OURS = (
    "127.0.0.1:8000",
    "localhost:9000",
    "LOCALHOST",
    "[::1]:8000",
    "127.8.8.8",
    "tui.example:80",
    "TUI.example",
)
STRANGE = (
    "evil.example:8000",
    "evil.example",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "192.168.1.20:8000",
    "0.0.0.0:8000",
    "evil.example@127.0.0.1",
    "127.0.0.1/evil",
    "127.0.0.1:port",
    "2130706433",
    "",
)


@pytest.mark.parametrize("host", OURS)
def test_the_servers_own_names_and_addresses_of_this_machine_are_let_in(host: str) -> None:
    assert DOOR.refusal({"Host": host}, socket=False) is None
    assert DOOR.refusal({"Host": host, "Origin": f"http://{host}"}, socket=True) is None
    assert DOOR.refusal({"Host": host, "Origin": f"https://{host}".lower()}, socket=True) is None


@pytest.mark.parametrize("host", STRANGE)
def test_a_name_turned_to_this_machine_is_refused_even_from_its_own_page(host: str) -> None:
    for headers in ({"Host": host}, {"Host": host, "Origin": f"http://{host}"}):
        assert DOOR.refusal(headers, socket=True) == "this server is not known by that name"


def test_a_request_without_a_name_is_refused() -> None:
    assert DOOR.refusal({}, socket=False) == "this server is not known by that name"


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "https://evil.example:8000",
        "http://127.0.0.1:3000",
        "http://127.0.0.1",
        "http://localhost:8000",
        "http://127.0.0.1:8000.evil.example",
        "file://127.0.0.1:8000",
        "null",
        "",
    ],
)
def test_a_page_of_another_server_is_refused_also_of_another_port_of_this_machine(origin: str) -> None:
    for socket in (False, True):
        told = DOOR.refusal({"Host": "127.0.0.1:8000", "Origin": origin}, socket=socket)
        assert told == "it comes from a page of another server"


def test_a_session_is_driven_only_by_what_says_which_page_it_is() -> None:
    assert DOOR.refusal({"Host": "127.0.0.1:8000"}, socket=True) == "it does not say from which page it comes"


def test_a_server_for_other_machines_is_known_by_any_address_and_still_by_no_strange_name() -> None:
    door = Door(names=frozenset({"tui.example"}), remote=True)
    assert door.refusal({"Host": "192.168.1.20:8000"}, socket=False) is None
    assert door.refusal({"Host": "[fe80::1]:8000"}, socket=False) is None
    assert door.refusal({"Host": "evil.example:8000"}, socket=False) is not None


def test_each_server_has_a_key_of_its_own_and_knows_no_other() -> None:
    door, other = Door(), Door()
    assert door.key != other.key
    assert door.cookie != other.cookie
    assert len(door.key) >= 32
    assert door.key not in door.cookie
    assert door.knows(door.key)
    for wrong in (None, "", other.key, door.key[:-1], f"{door.key}x", "schlüssel", "\udc80"):
        assert not door.knows(wrong)
