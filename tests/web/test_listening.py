"""Where the server may listen."""

from __future__ import annotations

import socket

import pytest

from backfill_tui.domain.problems import BadRequest, Refused
from backfill_tui.web.listening import listening_socket, shown_address

EVERYWHERE = ".".join("0000")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.3.2.1"])
def test_loopback_is_listened_on_at_a_free_port(host: str) -> None:
    with listening_socket(host, 0, allow_remote=False) as listener:
        name, port = shown_address(listener).rsplit(":", 1)
        assert name in {"127.0.0.1", "127.3.2.1", "[::1]"}
        with socket.create_connection((name.strip("[]"), int(port)), 10):
            pass


@pytest.mark.parametrize("host", [EVERYWHERE, "0", "::", "192.0.2.1"])
def test_what_other_machines_reach_is_refused_with_the_reason_and_the_way_round(host: str) -> None:
    with pytest.raises(Refused) as refused:
        listening_socket(host, 0, allow_remote=False)
    assert f"Not served on {host}: other machines reach it" in str(refused.value)
    assert "can launch and clear in your name" in str(refused.value)
    assert "ssh -L 8000:127.0.0.1:8000 HOST" in str(refused.value)
    assert "--allow-remote" in str(refused.value)


def test_other_machines_are_let_in_when_that_is_said() -> None:
    with listening_socket(EVERYWHERE, 0, allow_remote=True) as listener:
        assert listener.getsockname()[0] == EVERYWHERE
        assert shown_address(listener).startswith(f"{socket.gethostname()}:")


def test_a_port_that_is_taken_is_a_sentence_with_the_next_step() -> None:
    with listening_socket("127.0.0.1", 0, allow_remote=False) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(BadRequest) as refused:
            listening_socket("127.0.0.1", port, allow_remote=False)
    assert str(refused.value).startswith(
        f"Port {port} of 127.0.0.1 can not be served: Address already in use: "
    )
    assert "--port 0" in str(refused.value)


def test_a_name_that_no_machine_has_is_a_sentence() -> None:
    with pytest.raises(BadRequest) as refused:
        listening_socket("no such host", 0, allow_remote=True)
    assert str(refused.value) == "no such host is no address of this machine: leave --host out for 127.0.0.1"
